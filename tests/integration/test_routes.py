"""The API's contract: every route, every refusal, on the real handler."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambda_fn.settings import Settings

Call = Callable[..., tuple[int, dict[str, Any]]]
REQUEST_ID = "11111111-2222-4333-8444-555555555555"
ZEROS = [[0] * 28] * 28


def test_root_says_hello(call: Call) -> None:
    assert call(method="GET", path="/") == (200, {"message": "Hello World"})


def test_health_names_the_model(call: Call) -> None:
    contract = json.loads((Settings().model_directory / "contract.json").read_bytes())
    model = {"name": "digits", "version": contract["version"], "sha256": contract["sha256"], "default": True}
    assert call(method="GET", path="/health") == (200, {"status": "ok", "models": [model]})


def test_an_image_is_read(call: Call, mnist: Any) -> None:
    for index in range(10):
        status, answer = call({"x": mnist[0][index].tolist()})
        assert status == 200
        assert answer.keys() == {"y", "confidence", "warnings", "model"}
        assert answer["y"] == [mnist[1][index]]
        assert answer["model"] == {"name": "digits", "version": Settings().model_version}


def test_probabilities_come_when_asked_for(call: Call, mnist: Any) -> None:
    _, answer = call({"x": mnist[0][:3].tolist()}, queryStringParameters={"probabilities": "true"})
    assert [len(row) for row in answer["probabilities"]] == [10] * 3
    assert [max(row) for row in answer["probabilities"]] == answer["confidence"]
    assert "probabilities" not in call({"x": ZEROS}, queryStringParameters={"probabilities": "false"})[1]


def test_a_colour_picture_is_one_picture_with_warnings(call: Call) -> None:
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


def test_a_wrong_method_says_which_is_right(event: Callable[..., Any]) -> None:
    from lambda_fn.handler import handler

    response = handler(event(method="GET", path="/predict/batch"), None)  # type: ignore[arg-type]
    assert response["multiValueHeaders"]["Allow"] == ["POST"]


def test_a_refusal_changes_no_later_answer(call: Call, mnist: Any) -> None:
    image = {"x": mnist[0][0].tolist()}
    before = call(image)
    for members, _, _ in REFUSALS:
        call(**members)
        assert call(image) == before


def test_a_failure_is_500_and_tells_nothing(event: Callable[..., Any]) -> None:
    """A model that raises: the client gets our body, without the reason."""
    from lambda_fn import routes
    from lambda_fn.handler import model
    from lambda_fn.telemetry import Record

    class Broken:
        contract = model.contract

        def run(self, _tensor: object) -> None:
            raise RuntimeError("secret")

    app = routes.build(Broken(), 8192)  # type: ignore[arg-type]
    app.context["record"] = record = Record(request_id="r-1")
    response = app.resolve(event({"x": ZEROS}), None)  # type: ignore[arg-type]
    assert response["statusCode"] == 500
    assert json.loads(response["body"]) == {
        "error": "the service failed; try again",
        "code": "internal",
        "request_id": "r-1",
    }
    assert isinstance(record.error, RuntimeError)
