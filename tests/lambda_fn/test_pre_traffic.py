"""The hook as CodeDeploy calls it, with the real boto3 and the real handler as the new version."""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lambda_fn import pre_traffic
from lambda_fn.errors import ModelRejected
from lambda_fn.handler import handler
from lambda_fn.settings import SettingsError
from tests.conftest import EVENTS
from tests.lambda_fn.aws import Aws, serving

VERSION = "arn:aws:lambda:eu-central-1:123456789012:function:digits:7"
HOOK = {"DeploymentId": "d-ABCDEF123", "LifecycleEventHookExecutionId": "execution-1"}


def answer(event: dict[str, Any]) -> dict[str, Any]:
    return handler(event, None)  # type: ignore[arg-type]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS with the right version; a test may put another function into it."""
    with serving(answer) as server:
        for name, value in (
            ("AWS_ENDPOINT_URL", server.url),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("CHECKED_VERSION", VERSION),
        ):
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def checked(caplog: pytest.LogCaptureFixture) -> Callable[[], Any]:
    """Runs the hook, and gives its one log record."""

    def run() -> Any:
        with caplog.at_level("INFO"):
            pre_traffic.handler(HOOK, None)
        (record,) = (each for each in caplog.records if each.name == "pre-traffic")
        return record

    return run


def test_the_right_model_gets_its_traffic(aws: Aws, checked: Callable[[], Any]) -> None:
    record = checked()
    assert (record.levelname, record.passed, record.faults) == ("INFO", True, [])
    assert aws.told == [
        {
            "deploymentId": HOOK["DeploymentId"],
            "lifecycleEventHookExecutionId": HOOK["LifecycleEventHookExecutionId"],
            "status": "Succeeded",
        }
    ]


def test_that_version_is_asked_and_no_other(aws: Aws, checked: Callable[[], Any]) -> None:
    checked()
    assert {name.replace("%3A", ":") for name in aws.asked} == {VERSION}


def test_it_is_asked_by_events_as_api_gateway_sends_them(aws: Aws, checked: Callable[[], Any]) -> None:
    events = []
    aws.function = lambda event: (events.append(event), answer(event))[1]
    checked()
    for event in events:
        name = "health" if event["httpMethod"] == "GET" else "predict_batch"
        real = json.loads((EVENTS / f"{name}.json").read_bytes())
        assert event.keys() == real.keys()
        assert event["requestContext"].keys() <= real["requestContext"].keys()
        for member in ("resource", "path", "pathParameters", "isBase64Encoded"):
            assert event[member] == real[member]
    highest = [max(json.loads(base64.b64decode(event["body"]))["x"][0][14]) for event in events if event["body"]]
    assert highest[0] > 1 >= highest[1] > 0, "pixels 0 to 255, then 0 to 1"


def test_a_model_that_takes_3_for_8_is_refused_and_the_images_are_named(
    aws: Aws, swapped: Path, handler_with: Callable[..., Any], checked: Callable[[], Any]
) -> None:
    wrong = handler_with(MODEL_REPOSITORY=str(swapped))
    aws.function = lambda event: wrong(event, None)
    record = checked()
    assert aws.statuses == ["Failed"]
    health, whole, fractions = record.faults
    assert health.startswith("GET /health: serves [{'name': 'digits', 'version': '2', 'sha256': ")
    assert whole == (
        "pixels 0 to 255: 4 of 20 digits are wrong: image 3 is 8 and must be 3, image 8 is 3 and must be 8, "
        "image 13 is 8 and must be 3, image 18 is 3 and must be 8"
    )
    assert fractions == whole.replace("255", "1", 1)


def test_another_version_of_the_model_is_refused(
    aws: Aws, handler_with: Callable[..., Any], checked: Callable[[], Any]
) -> None:
    """It gives the same digits: name and probabilities tell."""
    older = handler_with(MODEL_VERSION="1")
    aws.function = lambda event: older(event, None)
    record = checked()
    assert aws.statuses == ["Failed"]
    assert "'version': '1'" in record.faults[0]
    assert any("probabilities differ by" in fault or "digits are wrong" in fault for fault in record.faults)


def change(event: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The right answer with other members in its body."""
    response = answer(event)
    return response | {"body": json.dumps(json.loads(response["body"]) | members)}


def test_a_probability_beyond_the_tolerance_is_refused(aws: Aws, checked: Callable[[], Any]) -> None:
    def off(event: dict[str, Any]) -> dict[str, Any]:
        probabilities = json.loads(answer(event)["body"]).get("probabilities", [[0.0]])
        probabilities[0][0] += 0.0002
        return change(event, probabilities=probabilities)

    aws.function = off
    for fault, highest in zip(checked().faults, (255, 1), strict=True):
        said = re.fullmatch(rf"pixels 0 to {highest}: probabilities differ by (\S+); 0\.0001 is allowed", fault)
        assert said
        assert float(said[1]) == pytest.approx(0.0002, abs=2e-6)  # answers have six decimals
    assert aws.statuses == ["Failed"]


def fail(_: dict[str, Any]) -> dict[str, Any]:
    raise RuntimeError("no model")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (fail, "fails: RuntimeError: no model"),
        (lambda _: None, "the answer is none that API Gateway takes"),
        (lambda _: {"statusCode": 200, "body": "<html>"}, "the answer is none that API Gateway takes"),
        (lambda _: {"statusCode": 403, "body": '{"code": "forbidden"}'}, "status 403: {'code': 'forbidden'}"),
        (lambda _: {"statusCode": 200, "body": "{}"}, "the answer has another form: KeyError: "),
        (lambda _: {"statusCode": 200, "body": "7"}, "the answer has another form: TypeError: "),
        (lambda event: change(event, y=[], models=[]), "0 digits for 20 images"),
        (lambda event: change(event, models=[], probabilities=[[1.0]]), "probabilities are (1, 1), must be (20, 10)"),
        (lambda event: change(event, models=[], probabilities=[["x"]]), "the answer has another form: ValueError: "),
    ],
)
def test_no_answer_or_an_odd_one_is_refused_with_its_reason(
    aws: Aws, function: Callable[[dict[str, Any]], object], said: str, checked: Callable[[], Any]
) -> None:
    aws.function = function
    record = checked()
    assert (record.levelname, aws.statuses) == ("ERROR", ["Failed"])
    assert [fault.partition(": ")[0] for fault in record.faults] == ["GET /health", "pixels 0 to 255", "pixels 0 to 1"]
    assert record.faults[-1].partition(": ")[2].startswith(said)


def test_a_version_that_hangs_is_refused(aws: Aws, caplog: pytest.LogCaptureFixture) -> None:
    ended = threading.Event()
    aws.function = lambda _: ended.wait(60)
    impatient = Config(read_timeout=0.1, retries={"total_max_attempts": 1})
    pre_traffic.decide(HOOK, boto3.client("codedeploy"), boto3.client("lambda", config=impatient))
    ended.set()
    assert aws.statuses == ["Failed"]
    assert "GET /health: gives no answer: ReadTimeoutError" in caplog.records[-1].__dict__["faults"]


@pytest.mark.parametrize("creator", ["CloudFormationRollback", "codeDeployRollback"])
def test_the_way_back_is_never_held_up(aws: Aws, creator: str, checked: Callable[[], Any]) -> None:
    aws.function, aws.creator = fail, creator
    assert checked().creator == creator
    assert (aws.statuses, aws.asked) == (["Succeeded"], [])


def test_where_it_can_not_be_asked_who_began_it_is_checked(aws: Aws, checked: Callable[[], Any]) -> None:
    aws.function, aws.creator = fail, None
    assert checked().creator == "unknown"
    assert aws.statuses == ["Failed"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("MODEL_VERSION", "99"), ("CHECKED_VERSION", ""), ("MODEL_REPOSITORY", "/nowhere"), ("LOG_LEVEL", "loud")],
)
def test_a_fault_of_its_own_is_a_refusal_too_and_told_once(
    aws: Aws, name: str, value: str, monkeypatch: pytest.MonkeyPatch, checked: Callable[[], Any]
) -> None:
    monkeypatch.setenv(name, value)
    record = checked()
    assert (record.message, aws.statuses) == ("not checked", ["Failed"])
    assert record.exc_info[0] in (ModelRejected, SettingsError)


def test_whatever_a_version_says_its_log_stays_short(aws: Aws, checked: Callable[[], Any]) -> None:
    aws.function = lambda _: {"statusCode": 500, "body": json.dumps("x" * 1_000_000)}
    assert [len(fault) for fault in checked().faults] == [pre_traffic.LONGEST] * 3
