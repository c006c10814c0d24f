"""An unmodified tritonclient, sync and aio, against `make serve`: at the root, and as a deployed stage."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
import tritonclient.http as sync
import tritonclient.http.aio as aio
from numpy.typing import NDArray
from tritonclient.utils import InferenceServerException

from tests.conftest import VERSION, VERSIONS
from tests.server import running

KEY = "a-key"
DATATYPES = {"uint8": "UINT8", "float32": "FP32"}


@dataclass(frozen=True)
class Client:
    """Either client, called alike: `ask("infer", "digits", [tensor])`."""

    url: str
    asynchronous: bool

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        options["headers"] = {"x-api-key": KEY}
        if self.asynchronous:
            return asyncio.run(self._await(method, *arguments, **options))
        with sync.InferenceServerClient(self.url) as client:
            return getattr(client, method)(*arguments, **options)

    async def _await(self, method: str, *arguments: Any, **options: Any) -> Any:
        async with aio.InferenceServerClient(self.url) as client:
            return await getattr(client, method)(*arguments, **options)

    def infer(self, images: NDArray[Any], binary: bool = True, **options: Any) -> Any:
        return self.ask("infer", "digits", [tensor(images, binary)], **options)

    def refusal(self, method: str, *arguments: Any, **options: Any) -> tuple[str, str]:
        """Status and message, as the client's user reads them."""
        with pytest.raises(InferenceServerException) as caught:
            self.ask(method, *arguments, **options)
        return caught.value.status(), caught.value.message()


def tensor(images: NDArray[Any], binary: bool = True, name: str = "images", datatype: str = "") -> Any:
    found = sync.InferInput(name, list(images.shape), datatype or DATATYPES[images.dtype.name])
    return found.set_data_from_numpy(images, binary_data=binary)


def requested(name: str, binary: bool = True, classes: int = 0) -> Any:
    return sync.InferRequestedOutput(name, binary_data=binary, class_count=classes)


@pytest.fixture(scope="module")
def deployed() -> Iterator[httpx.Client]:
    with running(base="/v1", workers="1", API_KEY=KEY) as client:
        yield client


@pytest.fixture(params=["server", "deployed"])
def service(request: pytest.FixtureRequest) -> httpx.Client:
    """At the root without a key, and below a stage's path with one."""
    found: httpx.Client = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["sync", "aio"])
def client(request: pytest.FixtureRequest, service: httpx.Client) -> Client:
    return Client(str(service.base_url).removeprefix("http://").rstrip("/"), request.param == "aio")


@pytest.fixture(scope="session")
def images(mnist: Any) -> NDArray[np.uint8]:
    digits: NDArray[np.uint8] = mnist[0][:50]
    return digits


@pytest.fixture
def expected(service: httpx.Client, images: NDArray[np.uint8]) -> dict[str, Any]:
    """What /predict/batch answers to the same images."""
    answer = service.post(
        "predict/batch?probabilities=true", json={"x": images.tolist()}, headers={"x-api-key": KEY}
    ).json()
    return {"digit": np.array(answer["y"]), "probabilities": np.array(answer["probabilities"], np.float32)}


def check(answer: Any, expected: dict[str, Any]) -> None:
    assert np.array_equal(answer.as_numpy("digit"), expected["digit"])
    scores = answer.as_numpy("probabilities").astype(float).round(6)
    assert np.array_equal(scores.astype(np.float32), expected["probabilities"])


def test_the_server_is_live_and_ready(client: Client) -> None:
    assert client.ask("is_server_live") is True
    assert client.ask("is_server_ready") is True


def test_a_model_is_ready_by_name_and_version(client: Client) -> None:
    assert client.ask("is_model_ready", "digits") is True
    assert all(client.ask("is_model_ready", "digits", version) is True for version in VERSIONS)
    assert client.ask("is_model_ready", "digits", "99") is False
    assert client.ask("is_model_ready", "letters") is False


def test_the_metadata_names_what_infer_takes_and_gives(client: Client) -> None:
    assert "binary_tensor_data" in client.ask("get_server_metadata")["extensions"]
    for version in ("", *VERSIONS):
        metadata = client.ask("get_model_metadata", "digits", version)
        assert (metadata["name"], metadata["versions"]) == ("digits", VERSIONS)
        assert metadata["inputs"][0]["shape"] == [-1, 28, 28, 1]
        assert [output["name"] for output in metadata["outputs"]] == ["probabilities", "digit"]


def test_tritons_own_endpoints_are_answered(client: Client) -> None:
    config = client.ask("get_model_config", "digits", VERSION)
    assert (config["name"], config["max_batch_size"]) == ("digits", 8192)
    listed = [(model["name"], model["version"], model["state"]) for model in client.ask("get_model_repository_index")]
    assert listed == [("digits", version, "READY") for version in VERSIONS]
    for arguments in ((), ("digits",)):
        stats = client.ask("get_inference_statistics", *arguments)["model_stats"]
        assert [(model["name"], model["version"]) for model in stats] == [("digits", version) for version in VERSIONS]
    (only,) = client.ask("get_inference_statistics", "digits", VERSION)["model_stats"]
    assert only["version"] == VERSION


@pytest.mark.parametrize("shape", [(-1, 28, 28, 1), (-1, 28, 28), (-1, 784)], ids=str)
@pytest.mark.parametrize("datatype", ["uint8", "float32"])
@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_every_form_of_the_input_gives_the_same_answer(
    client: Client, images: NDArray[np.uint8], expected: dict[str, Any], shape: Any, datatype: str, binary: bool
) -> None:
    pixels = images if datatype == "uint8" else images / np.float32(255)
    outputs = [requested("probabilities", binary), requested("digit", binary)]
    check(client.infer(pixels.reshape(shape), binary, outputs=outputs), expected)


def test_without_outputs_all_are_sent(client: Client, images: NDArray[np.uint8], expected: dict[str, Any]) -> None:
    answer = client.infer(images)
    check(answer, expected)
    assert answer.get_response()["model_version"] == VERSION
    assert "id" not in answer.get_response()


def test_raw_bytes_are_sent_to_a_client_that_can_take_them(client: Client, images: NDArray[np.uint8]) -> None:
    """The sync client sends no Accept header, so no gateway would give it raw bytes. It gets JSON, and reads it."""
    output = client.infer(images, outputs=[requested("probabilities")]).get_output("probabilities")
    assert ("data" in output) is not client.asynchronous
    assert ("parameters" in output) is client.asynchronous


def test_one_output_may_be_raw_and_another_json(
    client: Client, images: NDArray[np.uint8], expected: dict[str, Any]
) -> None:
    answer = client.infer(images, outputs=[requested("digit", False), requested("probabilities", True)])
    check(answer, expected)
    assert "data" in answer.get_output("digit")
    assert [output["name"] for output in answer.get_response()["outputs"]] == ["digit", "probabilities"]


@pytest.mark.parametrize("binary", [True, False])
def test_warnings_are_sent_when_asked_for(client: Client, images: NDArray[np.uint8], binary: bool) -> None:
    batch = np.concatenate([images[:2], np.zeros_like(images[:1])])
    answer = client.infer(batch, outputs=[requested("warnings", binary)]).as_numpy("warnings")
    texts = [text.decode() if isinstance(text, bytes) else text for text in answer]
    assert texts == ["", "", "blank,low_confidence"]


def test_the_id_is_returned(client: Client, images: NDArray[np.uint8]) -> None:
    assert client.infer(images, request_id="réponse-42").get_response()["id"] == "réponse-42"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_may_be_chosen(client: Client, images: NDArray[np.uint8], version: str) -> None:
    response = client.infer(images, model_version=version).get_response()
    assert (response["model_name"], response["model_version"]) == ("digits", version)


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
@pytest.mark.parametrize(
    "compression",
    [
        {"request_compression_algorithm": "gzip"},
        {"response_compression_algorithm": "gzip"},
        {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"},
    ],
    ids=["request", "response", "both"],
)
def test_gzip_both_ways(
    client: Client, images: NDArray[np.uint8], expected: dict[str, Any], compression: dict[str, str], binary: bool
) -> None:
    outputs = [requested("probabilities", binary), requested("digit", binary)]
    check(client.infer(images, binary, outputs=outputs, **compression), expected)


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_6000_uint8_images_in_one_call(client: Client, mnist: Any, compression: str | None) -> None:
    answer = client.infer(mnist[0][:6000], request_compression_algorithm=compression)
    digits = answer.as_numpy("digit")
    assert digits.shape == (6000,)
    assert (digits == mnist[1][:6000]).mean() > 0.98


def test_with_gzip_the_limit_is_the_number_of_images(client: Client, mnist: Any) -> None:
    answer = client.infer(mnist[0][:8192], request_compression_algorithm="gzip")
    assert (answer.as_numpy("digit") == mnist[1][:8192]).mean() > 0.98
    images = [tensor(mnist[0][:8193])]
    status, message = client.refusal("infer", "digits", images, request_compression_algorithm="gzip")
    assert (status, message) == ("413", "8193 images in one request; at most 8192 are allowed")


def test_too_large_a_request_is_told_how_to_send_more(client: Client, mnist: Any) -> None:
    status, message = client.refusal("infer", "digits", [tensor(mnist[0][:6100])])
    assert status == "413"
    assert all(word in message for word in ("6 MB", "gzip", "UINT8"))


ZEROS = np.zeros((1, 28, 28), np.uint8)
REFUSALS: list[tuple[Any, dict[str, Any], str, str]] = [
    (tensor(ZEROS, name="x"), {}, "400", "the model has no such input; it takes images"),
    (tensor(ZEROS[:0]), {}, "400", "images is empty; it must hold at least one image"),
    (tensor(ZEROS[:, :27]), {}, "400", "the shape of images must be [n, 28, 28, 1] or [n, 28, 28] or [n, 784]"),
    (tensor(ZEROS.astype("i4"), datatype="INT32"), {}, "400", "images takes the datatypes FP32 and UINT8"),
    (tensor(ZEROS - np.float32(1)), {}, "400", "image 0 holds a negative value; pixels are 0 to 255, or 0 to 1"),
    (tensor(ZEROS * np.float32("nan")), {}, "400", "image 0 holds NaN; pixels are 0 to 255, or 0 to 1"),
    (tensor(ZEROS * np.float32("nan"), False), {}, "400", "data[0] is NaN, not a number"),
    (tensor(ZEROS), {"outputs": [requested("logits")]}, "400", "there is probabilities, digit, warnings"),
    (tensor(ZEROS), {"outputs": [requested("digit", classes=3)]}, "400", "classification is not served here"),
    (tensor(ZEROS), {"outputs": [requested("digit"), requested("digit")]}, "400", "digit is asked for twice"),
    (tensor(ZEROS), {"model_version": "99"}, "404", f"no such version; there is {', '.join(VERSIONS)}"),
    (tensor(ZEROS), {"request_compression_algorithm": "deflate"}, "415", "Content-Encoding may be gzip, or none"),
    (sync.InferInput("images", [1, 28, 28], "UINT8"), {}, "400", "data is null; it must be an array"),
]


@pytest.mark.parametrize(("images", "options", "status", "words"), REFUSALS)
def test_a_refusal_is_readable(client: Client, images: Any, options: dict[str, Any], status: str, words: str) -> None:
    found = client.refusal("infer", "digits", [images], **options)
    assert found[0] == status
    assert words in found[1]


def test_an_unknown_model_is_refused_with_the_known_ones(client: Client) -> None:
    for method in ("get_model_metadata", "get_model_config", "get_inference_statistics"):
        assert client.refusal(method, "letters") == ("404", "no such model; there is digits")
    assert client.refusal("infer", "letters", [tensor(ZEROS)]) == ("404", "no such model; there is digits")


@pytest.mark.parametrize("method", ["load_model", "unload_model", "get_trace_settings"])
def test_what_only_triton_has_is_not_found(client: Client, method: str) -> None:
    assert client.refusal(method, "digits") == ("404", "no such path")


def test_a_wrong_key_is_refused_with_the_headers_name(deployed: httpx.Client) -> None:
    url = str(deployed.base_url).removeprefix("http://").rstrip("/")
    with sync.InferenceServerClient(url) as client, pytest.raises(InferenceServerException, match="x-api-key"):
        client.get_server_metadata(headers={"x-api-key": "wrong"})
