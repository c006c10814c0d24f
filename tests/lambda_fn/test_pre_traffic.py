"""The CodeDeploy hook with the real boto3, and the real handler as the new version."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lambda_fn import pre_traffic, version_check
from lambda_fn.errors import ModelRejected
from lambda_fn.handler import handler
from lambda_fn.inference import golden
from lambda_fn.settings import SettingsError
from tests.conftest import DIGITS, EVENTS
from tests.lambda_fn.aws import Aws, serving

NEW_VERSION = "arn:aws:lambda:eu-central-1:123456789012:function:digits:7"
REQUESTS = golden.read_requests(DIGITS)
CHECKS = ["GET /health", *(f"digits, {request.name}" for request in REQUESTS)]
HOOK = {"DeploymentId": "d-ABCDEF123", "LifecycleEventHookExecutionId": "execution-1"}


def answer(event: dict[str, Any]) -> dict[str, Any]:
    return handler(event, None)  # type: ignore[arg-type]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """AWS with the right version, until a test sets another function."""
    with serving(answer) as server:
        for name, value in (
            ("AWS_ENDPOINT_URL", server.url),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_DEFAULT_REGION", "eu-central-1"),
            ("CHECKED_VERSION", NEW_VERSION),
        ):
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def checked(caplog: pytest.LogCaptureFixture) -> Callable[[], Any]:
    """Runs the hook. Gives its one log record."""

    def run() -> Any:
        with caplog.at_level("INFO"):
            pre_traffic.handler(HOOK, None)
        (record,) = (each for each in caplog.records if each.name == "pre-traffic")
        return record

    return run


def test_the_right_model_is_approved(aws: Aws, checked: Callable[[], Any]) -> None:
    record = checked()
    assert (record.levelname, record.passed, record.problems) == ("INFO", True, [])
    assert aws.messages == [
        {
            "deploymentId": HOOK["DeploymentId"],
            "lifecycleEventHookExecutionId": HOOK["LifecycleEventHookExecutionId"],
            "status": "Succeeded",
        }
    ]


def test_only_the_new_version_is_invoked(aws: Aws, checked: Callable[[], Any]) -> None:
    checked()
    assert {name.replace("%3A", ":") for name in aws.invoked} == {NEW_VERSION}


def test_all_golden_requests_are_sent_as_api_gateway_sends_them(aws: Aws, checked: Callable[[], Any]) -> None:
    events: list[dict[str, Any]] = []
    aws.function = lambda event: (events.append(event), answer(event))[1]
    checked()
    for event in events:
        name = "health" if event["httpMethod"] == "GET" else "predict_batch"
        real = json.loads((EVENTS / f"{name}.json").read_bytes())
        assert event.keys() == real.keys()
        assert event["requestContext"].keys() <= real["requestContext"].keys()
        for member in ("resource", "path", "pathParameters", "isBase64Encoded"):
            assert event[member] == real[member]
    bodies = [json.loads(base64.b64decode(event["body"])) for event in events if event["body"]]
    assert bodies == [request.body for request in REQUESTS]
    assert [event["queryStringParameters"] or {} for event in events if event["body"]] == [r.query for r in REQUESTS]


def test_a_model_that_takes_3_for_8_is_refused_with_the_inputs(
    aws: Aws, swapped: Path, handler_with: Callable[..., Any], checked: Callable[[], Any]
) -> None:
    wrong = handler_with(MODEL_REPOSITORY=str(swapped))
    aws.function = lambda event: wrong(event, None)
    record = checked()
    assert aws.statuses == ["Failed"]
    problems = dict(zip(CHECKS, record.problems, strict=True))
    assert problems["GET /health"].startswith("GET /health: serves [{'name': 'digits', 'version': '2', 'sha256': ")
    assert problems["digits, one of each digit"] == (
        "digits, one of each digit: 2 of 10 answers are wrong: input 3: y is 8, must be 3; input 8: y is 3, must be 8"
    )
    assert problems["digits, pixels 0 to 1"].startswith(
        "digits, pixels 0 to 1: 10 of 20 answers are wrong: input 3: y is 8, must be 3; input 8: y is 3, must be 8; "
        "input 13: y is 8, must be 3; input 18: y is 3, must be 8; input 10: probabilities is ["
    )


def test_another_version_of_the_model_is_refused(
    aws: Aws, handler_with: Callable[..., Any], checked: Callable[[], Any]
) -> None:
    """Nearly all its digits are the same, but not its version, nor its probabilities."""
    older = handler_with(MODELS="digits=1")
    aws.function = lambda event: older(event, None)
    record = checked()
    assert aws.statuses == ["Failed"]
    assert "'version': '1'" in record.problems[0]
    assert any("probabilities is" in problem for problem in record.problems)


def change(event: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The right answer, with other members in its body."""
    response = answer(event)
    return response | {"body": json.dumps(json.loads(response["body"]) | members)}


def test_a_probability_beyond_the_tolerance_is_refused(aws: Aws, checked: Callable[[], Any]) -> None:
    def off(event: dict[str, Any]) -> dict[str, Any]:
        found = json.loads(answer(event)["body"])
        if "probabilities" not in found:
            return answer(event)
        found["probabilities"][5][0] += 0.0002
        return change(event, probabilities=found["probabilities"])

    aws.function = off
    for problem, highest in zip(checked().problems, (255, 1), strict=True):
        assert problem.startswith(
            f"digits, pixels 0 to {highest}: 1 of 20 answers are wrong: input 5: probabilities is ["
        )
    assert aws.statuses == ["Failed"]


def test_paper_that_is_prepared_wrongly_is_refused(
    aws: Aws, checked: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its network is right; only the way to it is broken, which the start's own check can't see."""
    from lambda_fn.digits import mnist_form

    monkeypatch.setattr(mnist_form, "BOX", 14)
    problems = "\n".join(checked().problems)
    assert aws.statuses == ["Failed"]
    assert "digits, paper: " in problems
    assert "pixels 0 to" not in problems


def fail(_: dict[str, Any]) -> dict[str, Any]:
    raise RuntimeError("no model")


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (fail, "fails: RuntimeError: no model"),
        (lambda _: None, "the response is not one that API Gateway accepts"),
        (lambda _: {"statusCode": 200, "body": "<html>"}, "the response is not one that API Gateway accepts"),
        (lambda _: {"statusCode": 403, "body": '{"code": "forbidden"}'}, "status 403: {'code': 'forbidden'}"),
        (lambda _: {"statusCode": 200, "body": "{}"}, "the answer has another form: ValueError: y is not a list of "),
        (lambda _: {"statusCode": 200, "body": "7"}, "the answer has another form: AttributeError: "),
        (lambda event: change(event, y=[], models=[]), "the answer has another form: ValueError: y is not a list of "),
    ],
)
def test_an_answer_of_another_form_is_refused_with_the_reason(
    aws: Aws, function: Callable[[dict[str, Any]], object], reason: str, checked: Callable[[], Any]
) -> None:
    aws.function = function
    record = checked()
    assert (record.levelname, aws.statuses) == ("ERROR", ["Failed"])
    assert [problem.partition(": ")[0] for problem in record.problems] == CHECKS
    for problem in record.problems[1:]:
        assert problem.partition(": ")[2].startswith(reason)


def test_a_version_that_hangs_is_refused(aws: Aws, caplog: pytest.LogCaptureFixture) -> None:
    ended = threading.Event()
    aws.function = lambda _: ended.wait(60)
    impatient = Config(read_timeout=0.1, retries={"total_max_attempts": 1})
    pre_traffic.decide(HOOK, boto3.client("codedeploy"), boto3.client("lambda", config=impatient))
    ended.set()
    assert aws.statuses == ["Failed"]
    assert "GET /health: gives no answer: ReadTimeoutError" in caplog.records[-1].__dict__["problems"]


@pytest.mark.parametrize("creator", ["CloudFormationRollback", "codeDeployRollback"])
def test_a_rollback_is_approved_without_a_check(aws: Aws, creator: str, checked: Callable[[], Any]) -> None:
    aws.function, aws.creator = fail, creator
    assert checked().creator == creator
    assert (aws.statuses, aws.invoked) == (["Succeeded"], [])


@pytest.mark.parametrize("creator", ["user", "autoscaling", "CloudFormation", "CodeDeploy", "CodeDeployAutoUpdate"])
def test_whoever_else_deploys_a_broken_version_it_is_refused(
    aws: Aws, creator: str, checked: Callable[[], Any]
) -> None:
    aws.function, aws.creator = fail, creator
    assert checked().creator == creator
    assert aws.statuses == ["Failed"]


def test_a_deployment_of_an_unknown_creator_is_checked(aws: Aws, checked: Callable[[], Any]) -> None:
    aws.function, aws.creator = fail, None
    assert checked().creator == "unknown"
    assert aws.statuses == ["Failed"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("MODELS", "digits=99"), ("CHECKED_VERSION", ""), ("MODEL_REPOSITORY", "/nowhere"), ("LOG_LEVEL", "loud")],
)
def test_a_wrong_setting_of_its_own_is_a_refusal_logged_once(
    aws: Aws, name: str, value: str, monkeypatch: pytest.MonkeyPatch, checked: Callable[[], Any]
) -> None:
    monkeypatch.setenv(name, value)
    record = checked()
    assert (record.message, aws.statuses) == ("not checked", ["Failed"])
    assert record.exc_info[0] in (ModelRejected, SettingsError)


def test_a_version_can_not_make_the_log_long(aws: Aws, checked: Callable[[], Any]) -> None:
    aws.function = lambda _: {"statusCode": 500, "body": json.dumps("x" * 1_000_000)}
    assert [len(problem) for problem in checked().problems] == [version_check.LONGEST] * len(CHECKS)
