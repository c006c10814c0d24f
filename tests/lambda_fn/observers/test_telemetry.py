"""Each request leaves one log line and one line of metrics."""

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lambda_fn.errors import ModelRejected, OutOfTime
from lambda_fn.inference.contract import Contract
from lambda_fn.observers.request_log import RequestLog
from lambda_fn.observers.telemetry import Telemetry
from lambda_fn.pipeline import Prediction
from lambda_fn.task import Answers, Prepared
from tests.conftest import CONTRACT, EVENTS, VERSION
from tests.server import ROOT

# Of a model that is not the digits.
MOODS = replace(
    CONTRACT,
    name="moods",
    version="7",
    unit="text",
    labels=("bad", "fair", "good"),
    class_metrics=("MoodBad", "MoodFair", "MoodGood"),
)


def prediction(contract: Contract, warnings: list[list[str]], class_counts: list[int]) -> Prediction:
    """Of as many inputs as there are lists of warnings, each with a confidence of 0.75."""
    count = len(warnings)
    confidence = np.full(count, 0.75, np.float32)
    return Prediction(
        contract=contract,
        inputs=["an input"] * count,
        prepared=Prepared({}, np.arange(count), warnings),
        outputs={},
        answers=Answers({}, confidence, warnings, class_counts, {}),
        prepare_ms=0.5,
        inference_ms=2.5,
    )


def answered(warnings: list[list[str]]) -> RequestLog:
    log = RequestLog(CONTRACT, request_id="r-1", method="POST", route="/predict/batch", status=200, body_bytes=7)
    log.decoded = log.started + 0.0015
    log.prediction = prediction(CONTRACT, warnings, [len(warnings) - 1, 0, 1, 0, 0, 0, 0, 0, 0, 0])
    return log


def refused(code: str) -> RequestLog:
    return RequestLog(CONTRACT, status=400, rejection=code)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def telemetry(stream: io.StringIO, request: pytest.FixtureRequest) -> Telemetry:
    """Loggers live as long as the process, one for each service: so each test has its own service."""
    return Telemetry(request.node.name, "7", "INFO", stream)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def values(line: dict[str, Any]) -> dict[str, float]:
    return {metric["Name"]: line[metric["Name"]][0] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_an_answered_request(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry(answered([["resized"], ["resized", "low_confidence"], []]))
    log, line = lines(stream)
    expected = {
        "level": "INFO",
        "message": "answered",
        "model_name": "digits",
        "model_version": VERSION,
        "request_id": "r-1",
        "route": "/predict/batch",
        "method": "POST",
        "status": 200,
        "cold_start": True,
        "body_bytes": 7,
        "images": 3,
        "decode_ms": 1.5,
        "preprocess_ms": 0.5,
        "inference_ms": 2.5,
        "function_version": "7",
        "warnings": {"resized": 2, "low_confidence": 1},
    }
    assert expected.items() <= log.items()
    metrics = values(line)
    assert log["total_ms"] == round(metrics.pop("TotalTime"), 3) > 0
    assert metrics.pop("DecodeTime") == pytest.approx(1.5)
    counts = dict.fromkeys(CONTRACT.class_metrics, 0.0) | {"Digit0": 2, "Digit2": 1}
    assert metrics == counts | {
        "Requests": 1,
        "RejectedRequests": 0,
        "FailedRequests": 0,
        "ColdStart": 1,
        "Images": 3,
        "InferenceTime": 2.5,
        "Confidence": 0.75,
        "LowConfidence": 1,
        "WarningResized": 2,
    }


def test_another_models_classes_and_unit_come_from_its_contract(telemetry: Telemetry, stream: io.StringIO) -> None:
    log = RequestLog(MOODS, status=200, prediction=prediction(MOODS, [["too_long"], []], [0, 1, 1]))
    telemetry(log)
    written, line = lines(stream)
    assert (written["model_name"], written["texts"]) == ("moods", 2)
    assert "images" not in written
    expected = {"MoodBad": 0.0, "MoodFair": 1.0, "MoodGood": 1.0, "Texts": 2.0, "WarningTooLong": 1.0}
    assert expected.items() <= values(line).items()
    assert not any(name.startswith(("Digit", "Images")) for name in values(line))
    assert line["model_version"] == "7"


def test_why_a_version_is_not_ready_is_in_the_log(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry(RequestLog(CONTRACT, status=400, rejection="not_ready", reason="model.onnx: missing"))
    written, _ = lines(stream)
    assert (written["level"], written["code"], written["reason"]) == ("WARNING", "not_ready", "model.onnx: missing")


def test_namespace_dimensions_and_units(
    telemetry: Telemetry, stream: io.StringIO, request: pytest.FixtureRequest
) -> None:
    telemetry(answered([[]]))
    _, line = lines(stream)
    directive = line["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "PostalDigits"
    assert directive["Dimensions"] == [["service", "model_name", "model_version"]]
    assert (line["service"], line["model_version"]) == (request.node.name, VERSION)
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert {name for name, unit in units.items() if unit == "Milliseconds"} == {
        "DecodeTime",
        "InferenceTime",
        "TotalTime",
    }
    assert units["Images"] == "Count"


def test_a_rejected_request_is_a_warning_with_its_code(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry(refused("not_json"))
    log, line = lines(stream)
    assert (log["level"], log["code"], log["status"]) == ("WARNING", "not_json", 400)
    metrics = values(line)
    assert metrics.pop("TotalTime") > 0
    assert metrics == {"Requests": 1, "RejectedRequests": 1, "FailedRequests": 0, "RejectedNotJson": 1, "ColdStart": 1}


def failed(error: Exception, status: int = 500) -> RequestLog:
    try:
        raise error
    except Exception as caught:
        return RequestLog(CONTRACT, status=status, error=caught)


def test_a_failure_is_an_error_with_its_traceback(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry(failed(RuntimeError("broken")))
    log, line = lines(stream)
    assert (log["level"], log["exception_name"]) == ("ERROR", "RuntimeError")
    assert "raise error" in log["exception"]
    assert values(line)["FailedRequests"] == 1
    assert "DeadlineExceeded" not in values(line)


def test_only_our_own_errors_messages_are_logged(telemetry: Telemetry, stream: io.StringIO) -> None:
    """Another's may hold what the client sent."""
    telemetry(failed(KeyError("what was sent")))
    telemetry(failed(ModelRejected("model.onnx: missing")))
    theirs, _, ours, _ = lines(stream)
    assert "what was sent" not in json.dumps(theirs)
    assert ours["exception_text"] == "model.onnx: missing"


def test_a_request_that_ran_out_of_time_is_counted(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry(failed(OutOfTime(), 503))
    log, line = lines(stream)
    assert (log["exception_name"], log["status"]) == ("OutOfTime", 503)
    assert (values(line)["DeadlineExceeded"], values(line)["FailedRequests"]) == (1, 1)


def test_only_the_first_request_is_a_cold_start(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry(answered([[]]))
    telemetry(answered([[]]))
    assert [values(line)["ColdStart"] for line in lines(stream)[1::2]] == [1, 0]


def test_a_request_leaves_nothing_in_the_next_ones_lines(telemetry: Telemetry, stream: io.StringIO) -> None:
    telemetry(answered([["resized"]]))
    telemetry(refused("empty"))
    _, _, log, line = lines(stream)
    assert "warnings" not in log
    assert "Images" not in values(line)


@pytest.mark.parametrize(("level", "messages"), [("INFO", ["answered"]), ("ERROR", [])])
def test_the_log_level_counts_where_lambda_sets_its_own(level: str, messages: list[str]) -> None:
    """With JSON logging, Lambda sets AWS_LAMBDA_LOG_LEVEL. The metrics are written at any level."""
    program = "import json, sys; from lambda_fn.handler import handler; handler(json.load(sys.stdin), None)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"AWS_LAMBDA_LOG_LEVEL": "INFO", "LOG_LEVEL": level},
        input=(EVENTS / "predict_batch.json").read_text(),
        capture_output=True,
        text=True,
        check=True,
    )
    *logs, metrics = (json.loads(line) for line in done.stdout.splitlines())
    assert [log["message"] for log in logs] == messages
    assert metrics["Requests"] == [1]
    assert done.stderr == ""
