"""The Open Inference Protocol on the real handler, statement by statement.

Docstrings quote KServe's inference_rest.md and required_api.md, and Triton's extension_binary_data.md.
"""

import base64
import gzip
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from lambda_fn.v2.endpoints import ROUTES
from tests.conftest import VERSION, VERSIONS

MODEL = "/v2/models/digits"
EACH_FORM = [MODEL, *(f"{MODEL}/versions/{version}" for version in VERSIONS)]
PLATFORMS = {
    "tensorrt_plan",
    "tensorflow_graphdef",
    "tensorflow_savedmodel",
    "onnx_onnxv1",
    "pytorch_torchscript",
    "mxnet_mxnet",
    "caffe2_netdef",
}
SIZES = {"BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8}
SIZES |= {"FP16": 2, "FP32": 4, "FP64": 8}
LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Answer:
    """The function's response, with its body as bytes."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body's JSON, without the raw bytes after it."""
        return json.loads(self.content[: int(self.headers.get(LENGTH, len(self.content)))])

    @property
    def raw(self) -> bytes:
        return self.content[int(self.headers[LENGTH]) :]

    def output(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.json["outputs"] if each["name"] == name)
        return found


Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def ask(event: Callable[..., dict[str, Any]]) -> Ask:
    from lambda_fn.handler import handler

    def send(
        path: str, body: object = None, *, method: str = "", query: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        verb = method or ("GET" if body is None else "POST")
        members = {"method": verb, "path": path, "headers": names, "queryStringParameters": query}
        response = handler(event(body, **members), None)  # type: ignore[arg-type]
        content = response["body"]
        found = {name: values[0] for name, values in response["multiValueHeaders"].items()}
        decoded = base64.b64decode(content) if response["isBase64Encoded"] else content.encode()
        return Answer(response["statusCode"], found, decoded)

    return send


@pytest.fixture(scope="session")
def images(mnist: Any) -> NDArray[np.uint8]:
    digits: NDArray[np.uint8] = mnist[0][:20]
    return digits


def as_json(images: NDArray[Any], datatype: str = "UINT8", **members: object) -> dict[str, Any]:
    tensor = {"name": "images", "shape": list(images.shape), "datatype": datatype, "data": images.tolist()}
    return {"inputs": [tensor]} | members


def as_binary(images: NDArray[Any], datatype: str = "UINT8", **members: object) -> tuple[bytes, dict[str, str]]:
    """Body and header."""
    content = images.tobytes()
    tensor = {"name": "images", "shape": list(images.shape), "datatype": datatype}
    tensor["parameters"] = {"binary_data_size": len(content)}
    text = json.dumps({"inputs": [tensor]} | members).encode()
    return text + content, {LENGTH: str(len(text))}


def is_parameters(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str | int | float | bool) for each in value.values())


def test_all_paths_of_the_document_are_there() -> None:
    """The table at the beginning of inference_rest.md."""
    assert {
        "/v2": "GET",
        "/v2/health/live": "GET",
        "/v2/health/ready": "GET",
        "/v2/models/{model}": "GET",
        "/v2/models/{model}/versions/{version}": "GET",
        "/v2/models/{model}/ready": "GET",
        "/v2/models/{model}/versions/{version}/ready": "GET",
        "/v2/models/{model}/infer": "POST",
        "/v2/models/{model}/versions/{version}/infer": "POST",
    }.items() <= ROUTES.items()


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready"])
def test_health_is_a_status_code_and_live(ask: Ask, path: str) -> None:
    """'$ready_server_response = {"live": $bool}', '$live_server_response = {"live": $bool}'"""
    answer = ask(path)
    assert answer.status == 200
    assert answer.json["live"] is True


@pytest.mark.parametrize("path", EACH_FORM)
def test_a_ready_model_answers_with_its_name(ask: Ask, path: str) -> None:
    """'{"name": $string, "ready": $bool}'"""
    answer = ask(f"{path}/ready")
    assert (answer.status, answer.json) == (200, {"name": "digits", "ready": True})


@pytest.mark.parametrize("path", ["/v2/models/letters/ready", f"{MODEL}/versions/99/ready"])
def test_an_unknown_model_or_version_is_not_ready(ask: Ask, path: str) -> None:
    """'a 4xx status code indicates false'"""
    assert ask(path).status == 404


def test_the_server_metadata(ask: Ask) -> None:
    """'{"name": $string, "version": $string, "extensions": [$string, ...]}'; binary data is 'reported' there."""
    answer = ask("/v2")
    assert answer.status == 200
    assert answer.json.keys() == {"name", "version", "extensions"}
    assert isinstance(answer.json["name"], str)
    assert isinstance(answer.json["version"], str)
    assert answer.json["extensions"] == ["binary_tensor_data"]


@pytest.mark.parametrize("path", EACH_FORM)
def test_the_model_metadata(ask: Ask, path: str) -> None:
    """'"name", "versions" #optional, "platform", "inputs", "outputs"', each tensor with 'name', 'datatype', 'shape'"""
    answer = ask(path)
    assert answer.status == 200
    assert answer.json.keys() == {"name", "versions", "platform", "inputs", "outputs"}
    assert (answer.json["name"], answer.json["versions"]) == ("digits", VERSIONS)
    assert answer.json["platform"] in PLATFORMS
    for tensor in answer.json["inputs"] + answer.json["outputs"]:
        assert tensor["datatype"] in SIZES
        assert tensor["shape"][0] == -1, "'Variable-size dimensions are specified as -1'"
        assert all(type(size) is int for size in tensor["shape"])
        assert is_parameters(tensor.get("parameters", {}))


def test_every_listed_version_can_be_requested(ask: Ask, images: NDArray[np.uint8]) -> None:
    """'The model versions that may be explicitly requested via the appropriate endpoint.'"""
    for version in ask(MODEL).json["versions"]:
        answer = ask(f"{MODEL}/versions/{version}/infer", as_json(images))
        assert (answer.status, answer.json["model_version"]) == (200, version)


def test_without_a_version_the_server_chooses(ask: Ask, images: NDArray[np.uint8]) -> None:
    """'in which case the server will choose a version based on its own policies'"""
    assert ask(f"{MODEL}/infer", as_json(images)).json["model_version"] == VERSION


@pytest.mark.parametrize("path", ["/v2/models/Digits", "/V2", "/v2/Models/digits", f"{MODEL}/Ready"])
def test_names_are_case_sensitive(ask: Ask, path: str) -> None:
    """'All strings in all contexts are case-sensitive.'"""
    assert ask(path).status == 404


@pytest.mark.parametrize("changes", [{"datatype": "uint8"}, {"name": "Images"}])
def test_members_are_case_sensitive(ask: Ask, images: NDArray[np.uint8], changes: dict[str, str]) -> None:
    request = as_json(images)
    request["inputs"][0] |= changes
    assert ask(f"{MODEL}/infer", request).status == 400


def test_the_response_has_the_documents_members(ask: Ask, images: NDArray[np.uint8]) -> None:
    """'"model_name", "model_version" #optional, "id", "parameters" #optional, "outputs"'"""
    answer = ask(f"{MODEL}/infer", as_json(images, id="42"))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json.keys() == {"model_name", "model_version", "id", "outputs"}
    assert (answer.json["model_name"], answer.json["model_version"], answer.json["id"]) == ("digits", VERSION, "42")


def test_each_output_has_its_shape_type_and_data(ask: Ask, images: NDArray[np.uint8]) -> None:
    """'if not specified all outputs produced by the model will be returned'"""
    declared = {output["name"]: output for output in ask(MODEL).json["outputs"]}
    outputs = ask(f"{MODEL}/infer", as_json(images)).json["outputs"]
    assert [output["name"] for output in outputs] == list(declared)
    for output in outputs:
        promised = declared[output["name"]]
        assert output.keys() == {"name", "shape", "datatype", "data"}
        assert output["datatype"] == promised["datatype"]
        assert output["shape"] == [len(images), *promised["shape"][1:]]
        assert len(output["data"]) == math.prod(output["shape"])
        number = int if output["datatype"] == "INT64" else float
        assert all(type(value) is number for value in output["data"])


@pytest.mark.parametrize("names", [["digit"], ["probabilities"], ["digit", "probabilities"]])
def test_only_the_requested_outputs_are_sent(ask: Ask, images: NDArray[np.uint8], names: list[str]) -> None:
    """'used to request which output tensors should be returned from the model'"""
    outputs = ask(f"{MODEL}/infer", as_json(images, outputs=[{"name": name} for name in names])).json["outputs"]
    assert [output["name"] for output in outputs] == names


@pytest.mark.parametrize("identifier", ["42", "", "é ✓", "x" * 1024])
def test_an_identifier_is_returned(ask: Ask, images: NDArray[np.uint8], identifier: str) -> None:
    """'if specified this identifier must be returned in the response'"""
    assert ask(f"{MODEL}/infer", as_json(images, id=identifier)).json["id"] == identifier


def test_unknown_parameters_are_ignored(ask: Ask, images: NDArray[np.uint8]) -> None:
    """'$parameter = $string : $string | $number | $boolean', and 'currently no parameters are defined'"""
    request = as_json(images, parameters={"a": "b", "priority": 1, "c": True})
    request["inputs"][0]["parameters"] = {"d": 1.5}
    assert ask(f"{MODEL}/infer", request).status == 200


def test_data_may_be_nested_or_flat(ask: Ask, images: NDArray[np.uint8]) -> None:
    """'in their nature multi-dimensional representation, or as a flattened one-dimensional representation'"""
    request = as_json(images)
    nested = ask(f"{MODEL}/infer", request)
    request["inputs"][0]["data"] = images.reshape(-1).tolist()
    assert ask(f"{MODEL}/infer", request) == nested


BAD: list[object] = [
    b"",
    b"{",
    b"[]",
    {},
    {"inputs": []},
    # The document's own example, which another model would take.
    {
        "id": "42",
        "inputs": [
            {"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]},
            {"name": "input1", "shape": [3], "datatype": "BOOL", "data": [True]},
        ],
        "outputs": [{"name": "output0"}],
    },
]


@pytest.mark.parametrize("body", BAD)
def test_a_failed_inference_gives_the_reason(ask: Ask, body: object) -> None:
    """'must be indicated by an HTTP error status (typically 400)' with '{"error": <error message string>}'"""
    answer = ask(f"{MODEL}/infer", body, method="POST")
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json.keys() == {"error", "code", "request_id"}
    assert isinstance(answer.json["error"], str)


@pytest.mark.parametrize("path", ["/v2/models/letters", f"{MODEL}/versions/99", "/v2/models"])
def test_failed_metadata_gives_the_reason(ask: Ask, path: str) -> None:
    """'A failed model metadata request must be indicated by an HTTP error status (typically 400).'"""
    answer = ask(path)
    assert answer.status == 404
    assert isinstance(answer.json["error"], str)


@pytest.mark.parametrize(("route", "method"), ROUTES.items())
def test_another_method_is_refused_with_the_right_one(ask: Ask, route: str, method: str) -> None:
    for other in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - {method}:
        answer = ask(route.format(model="digits", version=VERSION), method=other)
        assert (answer.status, answer.headers["Allow"], answer.json["code"]) == (405, method, "method_not_allowed")


@pytest.mark.parametrize("name", [LENGTH, LENGTH.lower(), LENGTH.upper()])
def test_binary_tensors_both_ways(ask: Ask, images: NDArray[np.uint8], name: str) -> None:
    """'the HTTP body ... will contain the JSON ... followed by the binary tensor data in the same order'"""
    expected = ask(f"{MODEL}/infer", as_json(images))
    body, headers = as_binary(images, parameters={"binary_data_output": True})
    answer = ask(f"{MODEL}/infer", body, **{name: headers[LENGTH], "Accept": "*/*"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    rest = answer.raw
    for output in answer.json["outputs"]:
        assert output.keys() == {"name", "shape", "datatype", "parameters"}
        size = output["parameters"]["binary_data_size"]
        assert size == math.prod(output["shape"]) * SIZES[output["datatype"]]
        tensor = np.frombuffer(rest[:size], {"FP32": "<f4", "INT64": "<i8"}[output["datatype"]])
        assert tensor.astype(float).round(6).tolist() == expected.output(output["name"])["data"]
        rest = rest[size:]
    assert rest == b""


@pytest.mark.parametrize(
    ("all_of_them", "this_one", "raw"),
    [(None, None, False), (True, None, True), (True, False, False), (False, True, True), (None, True, True)],
)
def test_an_outputs_own_parameter_overrides_that_for_all(
    ask: Ask, images: NDArray[np.uint8], all_of_them: bool | None, this_one: bool | None, raw: bool
) -> None:
    """'If "binary_data" is specified on an output it overrides this setting.'"""
    output = {"name": "digit"} | ({} if this_one is None else {"parameters": {"binary_data": this_one}})
    parameters = {} if all_of_them is None else {"parameters": {"binary_data_output": all_of_them}}
    answer = ask(f"{MODEL}/infer", as_json(images, outputs=[output], **parameters), Accept="*/*")
    assert ("data" not in answer.output("digit")) is raw
    assert (LENGTH in answer.headers) is raw


def test_binary_data_without_the_header_is_refused(ask: Ask, images: NDArray[np.uint8]) -> None:
    """'the Inference-Header-Content-Length header must be provided'"""
    answer = ask(f"{MODEL}/infer", as_binary(images)[0])
    assert (answer.status, answer.json["code"]) == (400, "invalid_header")


@pytest.mark.parametrize("path", ["/predict/batch", "/predict/img", f"{MODEL}/infer"])
def test_every_post_takes_gzip(ask: Ask, images: NDArray[np.uint8], path: str) -> None:
    body: bytes = {
        "/predict/batch": json.dumps({"x": images.tolist()}).encode(),
        "/predict/img": png(images[0]),
        f"{MODEL}/infer": json.dumps(as_json(images)).encode(),
    }[path]
    plain = ask(path, body)
    assert plain.status == 200
    assert ask(path, gzip.compress(body), **{"content-Encoding": "gzip"}) == plain
    bad = ask(path, gzip.compress(body)[:-3], Content_Encoding="gzip")
    assert (bad.status, bad.json["code"]) == (400, "invalid_gzip")


def png(digit: NDArray[np.uint8]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(digit).save(buffer, "PNG")
    return buffer.getvalue()


def test_mnist_is_answered_as_by_predict_batch_bit_for_bit(ask: Ask, mnist: Any) -> None:
    """All 10,000, by both versions: whole numbers and floats, in binary and as JSON."""
    for version in VERSIONS:
        expected: dict[str, list[Any]] = {"digit": [], "probabilities": []}
        for start in range(0, 10_000, 1000):
            body = {"x": mnist[0][start : start + 1000].tolist()}
            answer = ask("/predict/batch", body, query={"version": version, "probabilities": "true"}).json
            expected["digit"] += answer["y"]
            expected["probabilities"] += [value for row in answer["probabilities"] for value in row]
        for images, datatype, size in (
            (mnist[0], "UINT8", 5000),
            ((mnist[0] / np.float32(255)).astype("<f4"), "FP32", 1250),
        ):
            plain: dict[str, list[Any]] = {"digit": [], "probabilities": []}
            raw = b""
            for start in range(0, 10_000, size):
                outputs = [{"name": "digit"}, {"name": "probabilities"}]
                body, headers = as_binary(images[start : start + size], datatype, outputs=outputs)
                found = ask(f"{MODEL}/versions/{version}/infer", body, **headers)
                for name, values in plain.items():
                    values += found.output(name)["data"]
                outputs = [{"name": "probabilities", "parameters": {"binary_data": True}}]
                body, headers = as_binary(images[start : start + size], datatype, outputs=outputs)
                raw += ask(f"{MODEL}/versions/{version}/infer", body, Accept="*/*", **headers).raw
            assert plain == expected
            assert np.frombuffer(raw, "<f4").astype(float).round(6).tolist() == expected["probabilities"]


@pytest.mark.parametrize(
    ("path", "route", "version"),
    [
        (f"{MODEL}/infer", "/v2/models/{model}/infer", VERSION),
        (f"{MODEL}/versions/1/infer", "/v2/models/{model}/versions/{version}/infer", "1"),
    ],
)
def test_a_request_is_logged_like_those_of_the_other_routes(
    event: Callable[..., dict[str, Any]], images: NDArray[np.uint8], path: str, route: str, version: str
) -> None:
    from lambda_fn.handler import routes

    batch = np.concatenate([images[:2], np.zeros_like(images[:1])])
    _, log = routes.respond(event(as_json(batch), path=path), None)
    assert (log.route, log.contract.version, log.status) == (route, version, 200)
    assert log.prediction is not None
    assert log.prediction.count == 3
    assert sum(log.prediction.answers.class_counts) == 3
    assert log.prediction.answers.warnings == [[], [], ["blank", "low_confidence"]]
    assert 0 < log.decode_ms() < log.total_ms()
    _, refused = routes.respond(event({}, path=path), None)
    assert (refused.route, refused.rejection, refused.error) == (route, "invalid_inputs", None)
    assert (refused.contract.version, refused.prediction) == (version, None)


PATHS = st.lists(
    st.sampled_from(["models", "digits", "versions", "1", "ready", "infer", "health", "é", ""]), max_size=6
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    parts=PATHS,
    method=st.sampled_from(["GET", "POST", "PUT"]),
    body=st.none() | st.binary(min_size=1, max_size=200) | JSON,
    length=st.text(max_size=6),
    encoding=st.sampled_from(["", "gzip", "br"]),
)
def test_no_request_is_a_5xx(ask: Ask, parts: list[str], method: str, body: object, length: str, encoding: str) -> None:
    path = "/".join(["/v2", *parts])
    answer = ask(path, body, method=method, **{LENGTH: length, "Content-Encoding": encoding})
    assert answer.status in (200, 400, 404, 405, 413, 415)
