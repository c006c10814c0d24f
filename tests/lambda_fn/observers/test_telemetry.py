"""A request's record in, one log line and one blob of metrics out."""

import io
import json
from collections import Counter
from typing import Any

import pytest

from lambda_fn.errors import ModelRejected, OutOfTime
from lambda_fn.observers.telemetry import Record, Telemetry

MODEL = {"model_name": "digits", "model_version": "1"}
ANSWERED = MODEL | {
    "request_id": "r-1",
    "route": "/predict/batch",
    "method": "POST",
    "body_bytes": 7,
    "images": 3,
    "decode_time": 1.5,
    "inference_time": 2.5,
    "confidence": 0.75,
    "digits": [0, 2, 0, 0, 0, 0, 0, 1, 0, 0],
}


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def telemetry(stream: io.StringIO, request: pytest.FixtureRequest) -> Telemetry:
    """Loggers live as long as the process, by service: each test has its own."""
    return Telemetry(request.node.name, "7", "INFO", stream)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def values(blob: dict[str, Any]) -> dict[str, float]:
    return {metric["Name"]: blob[metric["Name"]][0] for metric in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_an_answered_request(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry.emit(Record(**ANSWERED, warnings=Counter(resized=2, low_confidence=1)), 200)  # type: ignore[arg-type]
    log, blob = lines(stream)
    assert log["level"] == "INFO"
    expected = {
        "model_name": "digits",
        "model_version": "1",
        "request_id": "r-1",
        "images": 3,
        "status": 200,
        "function_version": "7",
    }
    assert expected.items() <= log.items()
    assert log["warnings"] == {"resized": 2, "low_confidence": 1}
    metrics = values(blob)
    assert metrics.pop("TotalTime") > 0
    digits = {f"Digit{digit}": float(count) for digit, count in enumerate(ANSWERED["digits"])}  # type: ignore[arg-type]
    assert metrics == digits | {
        "Requests": 1,
        "RejectedRequests": 0,
        "FailedRequests": 0,
        "ColdStart": 1,
        "Images": 3,
        "DecodeTime": 1.5,
        "InferenceTime": 2.5,
        "Confidence": 0.75,
        "LowConfidence": 1,
        "WarningResized": 2,
    }


def test_namespace_dimensions_and_units(
    telemetry: Telemetry, stream: io.StringIO, request: pytest.FixtureRequest
) -> None:
    telemetry.emit(Record(**ANSWERED), 200)  # type: ignore[arg-type]
    _, blob = lines(stream)
    directive = blob["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "PostalDigits"
    assert directive["Dimensions"] == [["service", "model_version"]]
    assert (blob["service"], blob["model_version"]) == (request.node.name, "1")
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert {name for name, unit in units.items() if unit == "Milliseconds"} == {
        "DecodeTime",
        "InferenceTime",
        "TotalTime",
    }
    assert units["Images"] == "Count"


def test_a_rejected_request_is_a_warning_with_its_code(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry.emit(Record(**MODEL, rejection="not_json"), 400)
    log, blob = lines(stream)
    assert (log["level"], log["code"], log["status"]) == ("WARNING", "not_json", 400)
    metrics = values(blob)
    assert metrics.pop("TotalTime") > 0
    assert metrics == {"Requests": 1, "RejectedRequests": 1, "FailedRequests": 0, "RejectedNotJson": 1, "ColdStart": 1}


def test_a_failure_is_an_error_with_its_traceback(telemetry: Telemetry, stream: io.StringIO) -> None:
    try:
        raise RuntimeError("broken")
    except RuntimeError as error:
        telemetry.emit(Record(**MODEL, error=error), 500)
    log, blob = lines(stream)
    assert values(blob)["FailedRequests"] == 1
    assert (log["level"], log["exception_name"]) == ("ERROR", "RuntimeError")
    assert 'raise RuntimeError("broken")' in log["exception"]
    assert "DeadlineExceeded" not in values(blob)


def test_the_words_of_a_failure_are_kept_only_where_they_are_our_own(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry.emit(Record(**MODEL, error=KeyError("what was sent")), 500)
    telemetry.emit(Record(**MODEL, error=ModelRejected("model.onnx: missing")), 500)
    theirs, _, ours, _ = lines(stream)
    assert "what was sent" not in json.dumps(theirs)
    assert ours["exception_text"] == "model.onnx: missing"


def test_a_request_that_ran_out_of_time_is_counted(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry.emit(Record(**MODEL, error=OutOfTime()), 503)
    log, blob = lines(stream)
    assert (log["exception_name"], log["status"]) == ("OutOfTime", 503)
    assert (values(blob)["DeadlineExceeded"], values(blob)["FailedRequests"]) == (1, 1)


def test_only_the_first_request_is_cold_and_nothing_stays_behind(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry.emit(Record(**ANSWERED, warnings=Counter(resized=2)), 200)  # type: ignore[arg-type]
    telemetry.emit(Record(**MODEL, rejection="empty"), 400)
    _, first, log, second = lines(stream)
    assert (values(first)["ColdStart"], values(second)["ColdStart"]) == (1, 0)
    assert "warnings" not in log
    assert "Images" not in values(second)
