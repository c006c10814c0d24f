"""`sam local` with the repository's template and events."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as sync
import tritonclient.http.aio as aio
from tritonclient.utils import InferenceServerException

ROOT = Path(__file__).parents[2]
SAM = str(Path(sys.executable).with_name("sam"))
TEMPLATE = ROOT / "template.yaml"
ENVIRONMENT = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("root", {"message": "Hello World"}), ("health", {"status": "ok"}), ("predict_batch", {"y": [7]})],
)
def test_sam_local_invoke_with_each_sample_event(name: str, expected: dict[str, Any], template: Path) -> None:
    command = [SAM, "local", "invoke", "--skip-pull-image", "--template", str(template)]
    command += ["--event", f"tests/events/{name}.json"]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    response = json.loads(done.stdout)
    assert response["statusCode"] == 200
    assert expected.items() <= json.loads(response["body"]).items()


@pytest.fixture(scope="module")
def template(image: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's template, with the image under test."""
    text = TEMPLATE.read_text()
    assert "ImageUri: postal-digits:latest" in text
    path = tmp_path_factory.mktemp("sam") / "template.yaml"
    path.write_text(text.replace("postal-digits:latest", image))
    return path


@pytest.fixture(scope="module")
def api(template: Path) -> Iterator[httpx.Client]:
    """`sam local start-api` on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [SAM, "local", "start-api", "--skip-pull-image", "--template", str(template)]
    command += ["--warm-containers", "EAGER", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline:
                try:
                    client.get("/health").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.3)
            yield client
    finally:
        process.terminate()
        process.wait(60)


def test_start_api_answers_as_the_service_does(api: httpx.Client, mnist: Any) -> None:
    assert api.get("/").json() == {"message": "Hello World"}
    answer = api.post("/predict/batch", json={"x": mnist[0][:100].tolist()})
    assert answer.status_code == 200
    assert sum(digit == label for digit, label in zip(answer.json()["y"], mnist[1], strict=False)) > 95


def test_start_api_refuses_as_the_service_does(api: httpx.Client) -> None:
    for method, body, status, code in (
        ("POST", b'{"x": [[0, 1, 2], [3, 4]]}', 400, "ragged"),
        ("POST", b"", 400, "no_body"),
        ("DELETE", b"", 405, "method_not_allowed"),
    ):
        answer = api.request(method, "/predict/batch", content=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("page", ["console", "docs", "openapi.json"])
def test_start_api_serves_the_pages(api: httpx.Client, page: str) -> None:
    """Zipped for a browser, which accepts gzip, and plain for a client that does not."""
    zipped = api.get(f"/{page}", headers={"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip"})
    assert (zipped.status_code, zipped.headers["content-encoding"]) == (200, "gzip")
    assert "Postal Digits" in zipped.text
    assert api.get(f"/{page}", headers={"Accept-Encoding": "identity"}).text == zipped.text


def tensor(images: Any, binary: bool) -> Any:
    datatype = "UINT8" if images.dtype == np.uint8 else "FP32"
    return sync.InferInput("images", list(images.shape), datatype).set_data_from_numpy(images, binary_data=binary)


Triton = Callable[..., Any]


@pytest.fixture(params=["sync", "aio"])
def triton(api: httpx.Client, request: pytest.FixtureRequest) -> Triton:
    """Calls a method of an unmodified tritonclient."""
    url = str(api.base_url).removeprefix("http://").rstrip("/")

    def ask(method: str, *arguments: Any, **options: Any) -> Any:
        with sync.InferenceServerClient(url) as client:
            return getattr(client, method)(*arguments, **options)

    async def ask_aio(method: str, *arguments: Any, **options: Any) -> Any:
        async with aio.InferenceServerClient(url) as client:
            return await getattr(client, method)(*arguments, **options)

    if request.param == "sync":
        return ask
    return lambda *arguments, **options: asyncio.run(ask_aio(*arguments, **options))


def test_triton_finds_the_server_and_its_model(triton: Triton) -> None:
    for method, arguments in (("is_server_live", ()), ("is_server_ready", ()), ("is_model_ready", ("digits", "1"))):
        assert triton(method, *arguments) is True
    assert triton("get_server_metadata")["extensions"] == ["binary_tensor_data"]
    assert triton("get_model_metadata", "digits")["inputs"][0]["shape"] == [-1, 28, 28, 1]
    assert triton("get_model_repository_index")[0]["state"] == "READY"


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_triton_gets_the_answers_of_predict_batch(
    api: httpx.Client, triton: Triton, mnist: Any, binary: bool, compression: str | None
) -> None:
    expected = api.post("/predict/batch?probabilities=true", json={"x": mnist[0][:50].tolist()}).json()
    options: dict[str, Any] = {
        "request_compression_algorithm": compression,
        "response_compression_algorithm": compression,
        "outputs": [sync.InferRequestedOutput(name, binary) for name in ("probabilities", "digit")],
    }
    for images in (mnist[0][:50], mnist[0][:50] / np.float32(255)):
        answer = triton("infer", "digits", [tensor(images, binary)], **options)
        assert answer.as_numpy("digit").tolist() == expected["y"]
        scores = answer.as_numpy("probabilities").astype(float).round(6).astype(np.float32)
        assert np.array_equal(scores, np.array(expected["probabilities"], np.float32))


def test_triton_may_choose_a_version(triton: Triton, mnist: Any) -> None:
    answer = triton("infer", "digits", [tensor(mnist[0][:2], True)], model_version="1", request_id="42").get_response()
    assert (answer["model_version"], answer["id"]) == ("1", "42")


def test_triton_sends_6000_uint8_images_in_one_call(triton: Triton, mnist: Any) -> None:
    answer = triton("infer", "digits", [tensor(mnist[0][:6000], True)])
    assert (answer.as_numpy("digit") == mnist[1][:6000]).mean() > 0.98


def test_triton_gets_a_readable_refusal(triton: Triton, mnist: Any) -> None:
    with pytest.raises(InferenceServerException, match=r"\[400\] the shape of images must be \[n, 28, 28, 1\]"):
        triton("infer", "digits", [tensor(mnist[0][:2, 1:], True)])
    with pytest.raises(InferenceServerException, match=r"\[404\] no such model; there is digits"):
        triton("get_model_metadata", "letters")
