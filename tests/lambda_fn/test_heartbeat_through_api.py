"""The heartbeat through a server with the real handler, and with the real boto3 for its key."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import httpx
import pytest

from lambda_fn import heartbeat
from lambda_fn.handler import handler
from tests.lambda_fn.aws import Aws, serving
from tests.server import ROOT, free_port, running

KEY = "the-heartbeats-key"
Run = Callable[..., tuple[dict[str, float], dict[str, Any], str]]


def answer(event: dict[str, Any]) -> Any:
    return handler(event, None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    with running(base="/v1", workers="1", API_KEY=KEY) as client:
        yield client


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with serving(answer) as server:
        for name, value in (
            ("AWS_ENDPOINT_URL", server.url),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("API_KEY_ID", "key-1"),
            ("FUNCTION_NAME", "digits"),
            ("ALIAS_NAME", "live"),
        ):
            monkeypatch.setenv(name, value)
        heartbeat._api_key.cache_clear()
        yield server


@pytest.fixture
def run(aws: Aws, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Run:  # noqa: ARG001
    """Runs the handler against a stage. Gives its metrics, its log line, and all that it wrote."""

    def once(url: object, turn: int = 1) -> tuple[dict[str, float], dict[str, Any], str]:
        # Loggers live as long as the process, one for each service.
        monkeypatch.setenv("SERVICE_NAME", f"{request.node.name}-{turn}")
        monkeypatch.setenv("API_URL", str(url))
        with redirect_stdout(io.StringIO()) as written:
            heartbeat.handler({}, None)
        log, line = (json.loads(text) for text in written.getvalue().splitlines()[-2:])
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"]) == ("PostalDigits", [["service"]])
        assert line["service"] == f"{request.node.name}-{turn}"
        units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
        assert units.items() <= UNITS.items()
        return {name: line[name][0] for name in units}, log, written.getvalue()

    return once


UNITS = {
    "HeartbeatRuns": "Count",
    "HeartbeatFailed": "Count",
    "HeartbeatWrong": "Count",
    "HeartbeatTime": "Milliseconds",
}
FAILED = {"HeartbeatRuns": 1, "HeartbeatFailed": 1}


def test_right_answers_are_counted_and_timed(api: httpx.Client, run: Run) -> None:
    metrics, log, written = run(api.base_url)
    assert 0 < metrics.pop("HeartbeatTime") < heartbeat.SECONDS * 1e3
    assert metrics == {"HeartbeatRuns": 1, "HeartbeatFailed": 0, "HeartbeatWrong": 0}
    assert (log["level"], log["message"], log["wrong"]) == ("INFO", "answered", 0)
    assert KEY not in written


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(("level", "messages"), [("INFO", ["answered"]), ("ERROR", [])])
def test_the_log_level_counts_where_lambda_sets_its_own(
    api: httpx.Client, level: str, messages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("LOG_LEVEL", level),
        ("SERVICE_NAME", f"at-{level}"),
        ("API_URL", str(api.base_url)),
    ):
        monkeypatch.setenv(name, value)
    with redirect_stdout(io.StringIO()) as written:
        heartbeat.handler({}, None)
    *logs, metrics = (json.loads(text) for text in written.getvalue().splitlines())
    assert [log["message"] for log in logs] == messages
    assert metrics["HeartbeatRuns"] == [1]


def test_a_model_that_takes_3_for_8_gives_two_wrong_answers(run: Run, swapped: Path) -> None:
    with running(base="/v1", workers="1", MODEL_REPOSITORY=str(swapped)) as wrong:
        metrics, log, _ = run(wrong.base_url)
    assert (metrics["HeartbeatFailed"], metrics["HeartbeatWrong"]) == (0, 2)
    assert (log["level"], log["wrong"]) == ("ERROR", 2)


def test_a_service_that_is_down_is_a_failure(run: Run) -> None:
    metrics, log, _ = run(f"http://127.0.0.1:{free_port()}/v1/")
    assert metrics == FAILED
    assert (log["level"], log["reason"]) == ("ERROR", "ConnectionRefusedError")


def test_a_refused_key_is_a_failure_and_is_read_again(api: httpx.Client, aws: Aws, run: Run) -> None:
    aws.key = "another-key"
    metrics, log, written = run(api.base_url)
    assert (metrics, log["reason"]) == (FAILED, "status 403, code forbidden")
    assert "another-key" not in written
    aws.key = KEY
    assert run(api.base_url, turn=2)[0]["HeartbeatFailed"] == 0


def test_the_key_is_read_once(api: httpx.Client, aws: Aws, run: Run) -> None:
    run(api.base_url)
    aws.key = None
    assert run(api.base_url, turn=2)[0]["HeartbeatFailed"] == 0


def test_a_key_without_permission_is_a_failure_with_its_reason(api: httpx.Client, aws: Aws, run: Run) -> None:
    aws.key = None
    metrics, log, _ = run(api.base_url)
    assert (metrics, log["reason"]) == (FAILED, "the API key can't be read: AccessDeniedException")


def test_a_key_that_no_header_can_hold_is_never_written(api: httpx.Client, aws: Aws, run: Run) -> None:
    aws.key = "a\nkey"
    metrics, log, written = run(api.base_url)
    assert (metrics, log["reason"]) == (FAILED, "ValueError")
    assert "nkey" not in written


@pytest.mark.parametrize(
    ("name", "value", "reason"), [("MODELS", "digits=99", "ModelRejected"), ("API_KEY_ID", "", "SettingsError")]
)
def test_a_wrong_setting_of_its_own_is_a_failure(
    api: httpx.Client, run: Run, name: str, value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    metrics, log, _ = run(api.base_url)
    assert (metrics, log["reason"]) == (FAILED, reason)


NEW_VERSION = "digits%3A7"


def test_a_version_that_gets_no_traffic_is_not_called(api: httpx.Client, aws: Aws, run: Run) -> None:
    run(api.base_url)
    assert aws.invoked == []


def test_the_version_that_a_deployment_moves_traffic_to_is_called_beside_the_public_api(
    api: httpx.Client, aws: Aws, run: Run
) -> None:
    aws.weights = {"7": 0.1}
    metrics, log, written = run(api.base_url)
    assert aws.invoked == [NEW_VERSION]
    assert metrics.pop("HeartbeatTime") > 0
    assert metrics == {"HeartbeatRuns": 1, "HeartbeatFailed": 0, "HeartbeatWrong": 0}
    assert (log["level"], log["message"], log["version"], log["wrong"]) == ("INFO", "answered", "7", 0)
    assert len(written.splitlines()) == 3, "a line for each of the two, and the metrics"


def test_its_wrong_answers_count(
    api: httpx.Client, aws: Aws, run: Run, swapped: Path, handler_with: Callable[..., Any]
) -> None:
    wrong = handler_with(MODEL_REPOSITORY=str(swapped))
    aws.weights, aws.function = {"7": 0.1}, lambda event: wrong(event, None)
    metrics, log, _ = run(api.base_url)
    assert (metrics["HeartbeatFailed"], metrics["HeartbeatWrong"]) == (0, 2)
    assert (log["level"], log["version"], log["wrong"]) == ("ERROR", "7", 2)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"code": "internal"}', "status 500: {'code': 'internal'}"),
        (None, "the response is not one that API Gateway accepts"),
    ],
)
def test_its_failures_count(api: httpx.Client, aws: Aws, run: Run, body: str | None, reason: str) -> None:
    aws.weights, aws.function = {"7": 0.1}, lambda _: {"statusCode": 500, "body": body}
    metrics, log, _ = run(api.base_url)
    assert (metrics["HeartbeatFailed"], metrics["HeartbeatWrong"]) == (1, 0)
    assert (log["level"], log["message"], log["version"], log["reason"]) == ("ERROR", "failed", "7", reason)


def test_a_crash_of_it_is_a_failure_with_its_reason(api: httpx.Client, aws: Aws, run: Run) -> None:
    def crash(_: dict[str, Any]) -> None:
        raise RuntimeError("no model")

    aws.weights, aws.function = {"7": 0.1}, crash
    metrics, log, _ = run(api.base_url)
    assert (metrics["HeartbeatFailed"], log["reason"]) == (1, "fails: RuntimeError: no model")


def test_an_alias_without_a_name_is_a_failure(api: httpx.Client, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIAS_NAME", "")
    metrics, log, _ = run(api.base_url)
    assert (metrics["HeartbeatFailed"], metrics["HeartbeatWrong"], log["reason"]) == (1, 0, "SettingsError")


def test_it_is_called_even_if_the_public_api_is_down(aws: Aws, run: Run) -> None:
    aws.weights = {"7": 0.1}
    metrics, log, _ = run(f"http://127.0.0.1:{free_port()}/v1/")
    assert metrics == FAILED | {"HeartbeatWrong": 0}
    assert (log["message"], log["version"]) == ("answered", "7")


def test_an_alias_that_can_not_be_read_is_a_failure_with_its_reason(api: httpx.Client, aws: Aws, run: Run) -> None:
    aws.weights = None
    metrics, log, _ = run(api.base_url)
    assert (metrics["HeartbeatFailed"], metrics["HeartbeatWrong"]) == (1, 0)
    assert log["reason"] == "the alias can't be read: AccessDeniedException"


def test_a_silent_version_is_a_failure_after_the_time_limit(
    api: httpx.Client, aws: Aws, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(heartbeat, "SECONDS", 0.2)
    aws.weights, aws.function = {"7": 0.1}, lambda _: ended.wait(60)
    metrics, log, _ = run(api.base_url)
    ended.set()
    assert (metrics["HeartbeatFailed"], log["reason"]) == (1, "gives no answer: ReadTimeoutError")


def test_the_heartbeat_and_the_hook_load_no_model() -> None:
    code = "import sys, lambda_fn.heartbeat, lambda_fn.pre_traffic; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "lambda_fn.pre_traffic" in loaded
    assert not {"onnxruntime", "lambda_fn.inference.model", "lambda_fn.handler", "boto3"} & loaded
