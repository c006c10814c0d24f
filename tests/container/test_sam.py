"""`sam local` with the repository's template and events, as the README shows it."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
ENVIRONMENT = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("root", {"message": "Hello World"}), ("health", {"status": "ok"}), ("predict_batch", {"y": [7]})],
)
def test_sam_local_invoke_with_each_sample_event(name: str, expected: dict[str, Any], template: Path) -> None:
    command = ["sam", "local", "invoke", "--skip-pull-image", "--template", str(template)]
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
    command = ["sam", "local", "start-api", "--skip-pull-image", "--template", str(template)]
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
    """Zipped for a browser, which says what it accepts, and whole for a client that does not."""
    zipped = api.get(f"/{page}", headers={"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip"})
    assert (zipped.status_code, zipped.headers["content-encoding"]) == (200, "gzip")
    assert "Postal Digits" in zipped.text
    assert api.get(f"/{page}", headers={"Accept-Encoding": "identity"}).text == zipped.text
