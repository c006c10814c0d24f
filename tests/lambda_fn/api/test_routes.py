"""The API on the real handler: every route, every refusal."""

import base64
import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lambda_fn.api.routes import Routes
from lambda_fn.errors import ModelRejected
from lambda_fn.handler import handler, repository
from lambda_fn.inference.model import Model
from lambda_fn.inference.repository import Repository
from lambda_fn.tasks import TASKS
from tests.conftest import CONTRACT, EVENTS, VERSION, VERSIONS, change_contract
from tests.server import ROOT

Call = Callable[..., tuple[int, dict[str, Any]]]
REQUEST_ID = "11111111-2222-4333-8444-555555555555"
ZEROS = [[0] * 28] * 28


def test_root_says_hello(call: Call) -> None:
    assert call(method="GET", path="/") == (200, {"message": "Hello World"})


def test_health_names_all_versions(call: Call) -> None:
    status, health = call(method="GET", path="/health")
    assert (status, health["status"]) == (200, "ok")
    assert [model["version"] for model in health["models"]] == VERSIONS
    (default,) = (model for model in health["models"] if model["default"])
    assert default == {"name": "digits", "version": VERSION, "sha256": CONTRACT.sha256, "default": True}


def test_an_image_is_read(call: Call, mnist: Any) -> None:
    for index in range(10):
        status, answer = call({"x": mnist[0][index].tolist()})
        assert status == 200
        assert answer.keys() == {"y", "confidence", "warnings", "model"}
        assert answer["y"] == [mnist[1][index]]
        assert answer["model"] == {"name": "digits", "version": VERSION}


def test_probabilities_are_sent_when_asked_for(call: Call, mnist: Any) -> None:
    _, answer = call({"x": mnist[0][:3].tolist()}, queryStringParameters={"probabilities": "true"})
    assert [len(row) for row in answer["probabilities"]] == [10] * 3
    assert [max(row) for row in answer["probabilities"]] == answer["confidence"]
    assert "probabilities" not in call({"x": ZEROS}, queryStringParameters={"probabilities": "false"})[1]


def test_what_the_network_saw_is_sent_when_asked_for(call: Call, mnist: Any) -> None:
    """An image in MNIST's own form is not changed, so the network saw the image itself."""
    _, answer = call({"x": mnist[0][:3].tolist()}, queryStringParameters={"seen": "true"})
    assert [base64.b64decode(seen) for seen in answer["seen"]] == [image.tobytes() for image in mnist[0][:3]]
    assert "seen" not in call({"x": ZEROS}, queryStringParameters={"seen": "false"})[1]


def test_the_largest_answer_with_all_extras_fits_lambdas_limit(call: Call) -> None:
    query = {"seen": "true", "probabilities": "true"}
    image = json.loads((EVENTS / "seven.json").read_bytes())["x"]
    grey = [[200 - value // 8 for value in row] for row in image]  # as many warnings as 28×28 pixels can have
    body = gzip.compress(json.dumps({"x": [grey] * 4000}).encode(), 1)
    status, answer = call(body, queryStringParameters=query, headers={"Content-Encoding": "gzip"})
    assert (status, len(answer["seen"])) == (200, 4000)
    assert len(json.dumps(answer)) < 6e6
    assert call({"x": [[[0, 0], [0, 0]]] * 4001}, queryStringParameters=query)[1]["code"] == "too_many_images"


def test_a_colour_image_is_one_image_with_warnings(call: Call) -> None:
    status, answer = call({"x": [[[10, 200, 30]] * 32] * 32})
    assert status == 200
    assert len(answer["y"]) == 1
    assert {"colour", "resized"} <= set(answer["warnings"][0])


REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"body": {"z": ZEROS}}, 400, "missing_x"),
    ({"body": {"x": [[0, 1, 2], [3, 4]]}}, 400, "ragged"),
    ({"body": {"x": []}}, 400, "empty"),
    ({"body": None}, 400, "no_body"),
    ({"body": b"{"}, 400, "not_json"),
    ({"body": {"x": [ZEROS, None]}}, 400, "not_an_image"),
    ({"body": {"x": [[[0, 1], [2, 3]]] * 8193}}, 413, "too_many_images"),
    ({"body": {"x": ZEROS}, "queryStringParameters": {"probabilities": "yes"}}, 400, "invalid_parameter"),
    ({"body": {"x": ZEROS}, "queryStringParameters": {"version": "99"}}, 404, "unknown_version"),
    ({"body": b"text", "path": "/predict/img"}, 415, "unsupported_format"),
    ({"body": {"images": ["e30="]}}, 415, "unsupported_format"),
    ({"path": "/predict/img", "method": "GET"}, 405, "method_not_allowed"),
    ({"path": "/nowhere"}, 404, "not_found"),
    ({"path": "/predict"}, 404, "not_found"),
    ({"path": "/predict/batch/more"}, 404, "not_found"),
    ({"path": "/predict/batch", "method": "GET"}, 405, "method_not_allowed"),
    ({"path": "/predict/batch", "method": "DELETE"}, 405, "method_not_allowed"),
    ({"path": "/health", "method": "POST"}, 405, "method_not_allowed"),
    ({"path": "/", "method": "PUT"}, 405, "method_not_allowed"),
]


@pytest.mark.parametrize(("members", "status", "code"), REFUSALS)
def test_a_refusal_has_the_error_body(call: Call, members: dict[str, Any], status: int, code: str) -> None:
    found, body = call(**members)
    assert (found, body["code"]) == (status, code)
    assert body.keys() == {"error", "code", "request_id"}
    assert body["request_id"] == REQUEST_ID
    assert body["error"]


def test_one_bad_image_fails_the_batch_and_is_named(call: Call, mnist: Any) -> None:
    batch = mnist[0][:100].tolist()
    batch[63][5][7] = "dark"
    status, body = call({"x": batch})
    assert status == 400
    assert body["error"] == "image 63: row 5, column 7 is a string, not a number"


def test_a_405_names_the_right_method(event: Callable[..., Any]) -> None:
    response = handler(event(method="GET", path="/predict/batch"), None)  # type: ignore[arg-type]
    assert response["multiValueHeaders"]["Allow"] == ["POST"]


def test_a_refusal_does_not_change_the_next_answer(call: Call, mnist: Any) -> None:
    image = {"x": mnist[0][0].tolist()}
    before = call(image)
    for members, _, _ in REFUSALS:
        call(**members)
        assert call(image) == before


def test_a_failure_is_500_without_its_reason(event: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Model, "run", fail)
    routes = Routes(repository, TASKS, max_inputs=8192)
    response, log = routes.respond(event({"x": ZEROS}), None)
    assert (response["statusCode"], log.status) == (500, 500)
    assert json.loads(response["body"]) == {
        "error": "the service failed; try again",
        "code": "internal",
        "request_id": REQUEST_ID,
    }
    assert isinstance(log.error, RuntimeError)


def test_a_contract_of_an_unknown_task_stops_the_start() -> None:
    with pytest.raises(ModelRejected, match="digits: there is no task digit_images; there is letters"):
        Routes(repository, {"letters": TASKS["digit_images"]}, max_inputs=1)


def test_two_models_can_not_have_the_same_routes(folder: Path) -> None:
    change_contract(shutil.copytree(folder, folder.parents[1] / "figures" / VERSION), name="figures")
    both = Repository(folder.parents[1], {"digits": VERSION, "figures": VERSION})
    with pytest.raises(ModelRejected, match="figures: /predict/batch is already a route of digits"):
        Routes(both, TASKS, max_inputs=1)


def png(digit: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(digit).save(buffer, "PNG")
    return buffer.getvalue()


def test_files_give_the_same_answers_as_arrays(call: Call, mnist: Any) -> None:
    """PNG files in JSON, in a form, and alone."""
    digits = [png(digit) for digit in mnist[0][:50]]
    expected = call({"x": mnist[0][:50].tolist()})
    assert call({"images": [base64.b64encode(digit).decode() for digit in digits]}) == expected
    parts = [b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + digit for digit in digits]
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = b"\r\n".join([*parts, b"--b--\r\n"])
    assert call(body, path="/predict/img", headers=headers) == expected
    for index, digit in enumerate(digits[:5]):
        assert call(digit, path="/predict/img", headers={})[1]["y"] == [expected[1]["y"][index]]


def test_a_blank_image_is_never_a_confident_digit(call: Call) -> None:
    _, answer = call({"x": [ZEROS, [[255] * 28] * 28]})
    assert answer["confidence"] == [0.1, 0.1]
    assert all({"blank", "low_confidence"} <= set(codes) for codes in answer["warnings"])


def test_a_version_can_be_chosen_and_an_unknown_one_names_the_known(call: Call, mnist: Any) -> None:
    image = {"x": mnist[0][0].tolist()}
    for version in VERSIONS:
        status, answer = call(image, queryStringParameters={"version": version})
        assert (status, answer["y"], answer["model"]["version"]) == (200, [7], version)
    _, body = call(image, queryStringParameters={"version": "99"})
    assert body["error"] == f"no such version; there is {', '.join(VERSIONS)}"


def test_a_request_leaves_one_log_line_and_one_line_of_metrics(mnist: Any, tmp_path: Path) -> None:
    """In a process of its own, whose standard output holds nothing else."""
    events = [
        json.loads((EVENTS / "predict_batch.json").read_bytes()),
        json.loads((EVENTS / "predict_batch.json").read_bytes()) | {"body": "e30="},
    ]
    body = json.dumps({"x": [*mnist[0][:3].tolist(), [[0] * 40] * 40]}).encode()
    events[0]["body"] = base64.b64encode(body).decode()
    (tmp_path / "events.json").write_text(json.dumps(events))
    call_each = "for event in json.load(open(sys.argv[1])):\n    handler(event, None)"
    program = f"import json, sys\nfrom lambda_fn.handler import handler\n{call_each}"
    command = [sys.executable, "-c", program, str(tmp_path / "events.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answered, metrics, rejected, refusal = (json.loads(line) for line in done.stdout.splitlines())
    assert done.stderr == ""
    assert answered["request_id"] == rejected["request_id"] == REQUEST_ID
    assert (answered["status"], answered["images"], answered["body_bytes"]) == (200, 4, len(body))
    assert answered["warnings"] == {"resized": 1, "blank": 1, "low_confidence": 1}
    assert (rejected["level"], rejected["code"]) == ("WARNING", "missing_x")
    assert (metrics["Images"], metrics["LowConfidence"], metrics["WarningBlank"]) == ([4], [1], [1])
    assert sum(metrics[f"Digit{digit}"][0] for digit in range(10)) == 4
    assert metrics["Digit7"] == metrics["Digit2"] == metrics["Digit1"] == [1]
    assert 0 < metrics["DecodeTime"][0] < metrics["TotalTime"][0]
    assert 0 < metrics["InferenceTime"][0] < metrics["TotalTime"][0]
    assert 0.5 < metrics["Confidence"][0] < 0.9  # three of nearly 1, and a blank one of 0.1
    assert (refusal["RejectedRequests"], refusal["RejectedMissingX"]) == ([1], [1])


def test_onnxruntimes_telemetry_is_off_without_any_environment() -> None:
    program = "import lambda_fn.inference.model, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize("origin", ["https://a.example", "https://b.example"])
def test_pages_of_named_origins_may_call(event: Callable[..., Any], origin: str) -> None:
    routes = Routes(repository, TASKS, max_inputs=8192, cors_origins=("https://a.example", "https://b.example"))

    def call(method: str, path: str, **headers: str) -> dict[str, Any]:
        multi = {name: [value] for name, value in headers.items()}
        sent = event({"x": ZEROS}, method=method, path=path, headers=headers, multiValueHeaders=multi)
        response, _ = routes.respond(sent, None)
        return response

    preflight = call("OPTIONS", "/predict/batch", Origin=origin)
    assert preflight["statusCode"] == 204
    assert preflight["multiValueHeaders"]["Access-Control-Allow-Origin"] == [origin]
    allowed = preflight["multiValueHeaders"]["Access-Control-Allow-Headers"][0]
    assert {"X-Api-Key", "Content-Encoding", "Inference-Header-Content-Length"} <= set(allowed.split(","))
    exposed = preflight["multiValueHeaders"]["Access-Control-Expose-Headers"]
    assert exposed == ["Inference-Header-Content-Length"]
    for path, status in (("/predict/batch", 200), ("/nowhere", 404)):
        answer = call("POST", path, Origin=origin)
        assert answer["statusCode"] == status
        assert answer["multiValueHeaders"]["Access-Control-Allow-Origin"] == [origin]
    stranger = call("POST", "/predict/batch", Origin="https://c.example")
    assert "Access-Control-Allow-Origin" not in stranger["multiValueHeaders"]


def test_without_named_origins_a_preflight_is_405(call: Call) -> None:
    assert call(method="OPTIONS", path="/predict/batch")[0] == 405


ANSWERS: list[dict[str, Any]] = [
    {"body": {"x": ZEROS}},
    {"body": {"x": 1}},
    {"method": "GET", "path": "/"},
    {"method": "GET", "path": "/health"},
    {"method": "GET", "path": "/nowhere"},
    {"method": "PUT", "path": "/"},
    {"method": "GET", "path": "/v2/models/digits"},
    {"path": "/v2/models/digits/infer", "body": {}},
]


@pytest.mark.parametrize("sent", ANSWERS, ids=str)
def test_no_browser_guesses_the_type_of_an_answer(sent: dict[str, Any], event: Callable[..., Any]) -> None:
    response = handler(event(**sent), None)  # type: ignore[arg-type]
    assert response["multiValueHeaders"]["Content-Type"] == ["application/json"]
    assert response["multiValueHeaders"]["X-Content-Type-Options"] == ["nosniff"]
