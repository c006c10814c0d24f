"""The heartbeat comes in as a client does, and may do no more than that and read its own key."""

import re
from typing import Any

import pytest

from infra_cdk.api.throttle import HEARTBEAT
from lambda_fn import heartbeat
from lambda_fn.settings import Settings
from tests.infra_cdk.conftest import ROOT, Synthesised


def function(stage: Synthesised) -> dict[str, Any]:
    properties: dict[str, Any] = stage.companion("heartbeat")["Properties"]
    return properties


def key(stage: Synthesised) -> str:
    """The logical id of the key that the function is told."""
    name: str = function(stage)["Environment"]["Variables"]["API_KEY_ID"]["Ref"]
    return name


def test_it_runs_in_the_services_image(stage: Synthesised) -> None:
    assert function(stage)["Code"] == stage.function["Code"]
    assert function(stage)["Architectures"] == stage.function["Architectures"]


def test_it_asks_the_stage_by_https_with_a_key_that_aws_made(stage: Synthesised) -> None:
    ((api_stage, _),) = stage.of("AWS::ApiGateway::Stage").items()
    url = function(stage)["Environment"]["Variables"]["API_URL"]["Fn::Join"][1]
    assert (url[0], url[-1]) == ("https://", "/")
    assert {"Ref": api_stage} in url
    assert "Value" not in stage.of("AWS::ApiGateway::ApiKey")[key(stage)]["Properties"]


@pytest.mark.parametrize("entry", ["heartbeat", "pre_traffic"])
def test_what_it_is_told_is_what_it_asks_for(stage: Synthesised, entry: str) -> None:
    """Settings of the service's, and the variables that have no default: each of them, and no other."""
    variables = stage.companion(entry)["Properties"]["Environment"]["Variables"]
    own = {name for name in variables if f"| {name} " not in (Settings.__doc__ or "")}
    assert own == set(re.findall(r'told\("(\w+)"\)', (ROOT / "lambda_fn" / f"{entry}.py").read_text()))


def test_it_is_told_the_model_that_the_service_serves(stage: Synthesised) -> None:
    ours, theirs = function(stage)["Environment"]["Variables"], stage.function["Environment"]["Variables"]
    for name in ("MODEL_VERSION", "SERVICE_NAME", "LOG_LEVEL"):
        assert ours[name] == theirs[name]


def test_its_key_is_no_clients_and_has_a_plan_of_its_own(stage: Synthesised) -> None:
    clients = [output["Value"]["Ref"] for name, output in stage.template["Outputs"].items() if "ApiKeyId" in name]
    assert key(stage) not in clients
    plans = {
        each["KeyId"]["Ref"]: each["UsagePlanId"]["Ref"] for each in stage.properties("AWS::ApiGateway::UsagePlanKey")
    }
    assert plans[key(stage)] not in [plans[client] for client in clients]
    plan = stage.of("AWS::ApiGateway::UsagePlan")[plans[key(stage)]]["Properties"]
    assert plan["Throttle"] == {"RateLimit": HEARTBEAT.rate, "BurstLimit": HEARTBEAT.burst}
    assert plan["Quota"]["Period"] == "DAY"
    assert 24 * 60 < plan["Quota"]["Limit"] < 3 * 24 * 60
    assert [each["Stage"] for each in plan["ApiStages"]] == [
        {"Ref": name} for name in stage.of("AWS::ApiGateway::Stage")
    ]


def test_its_role_may_write_its_log_and_read_its_key_and_nothing_else(stage: Synthesised) -> None:
    allowed = stage.allowed(function(stage)["Role"]["Fn::GetAtt"][0])
    log = {"Fn::GetAtt": [function(stage)["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
    assert allowed.pop("logs:CreateLogStream") == allowed.pop("logs:PutLogEvents") == log
    allowed.pop("s3:GetObject", None)  # in test_models
    arn = [
        "arn:",
        {"Ref": "AWS::Partition"},
        ":apigateway:",
        {"Ref": "AWS::Region"},
        "::/apikeys/",
        {"Ref": key(stage)},
    ]
    assert allowed == {"apigateway:GET": {"Fn::Join": ["", arn]}}


def test_its_log_is_not_the_services(stage: Synthesised) -> None:
    assert function(stage)["LoggingConfig"]["LogGroup"] != stage.function["LoggingConfig"]["LogGroup"]
    assert function(stage)["LoggingConfig"]["ApplicationLogLevel"] == "INFO", "its metrics are log lines"


def test_every_minute_it_is_started_once_and_has_ended_before_the_next(stage: Synthesised) -> None:
    schedule = stage.only("AWS::Scheduler::Schedule")
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 minute)", "ENABLED")
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    ((name, _),) = (
        (name, each) for name, each in stage.of("AWS::Lambda::Function").items() if each == stage.companion("heartbeat")
    )
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [name, "Arn"]}
    (retries,) = (
        each for each in stage.properties("AWS::Lambda::EventInvokeConfig") if each["FunctionName"] == {"Ref": name}
    )
    assert retries["MaximumRetryAttempts"] == 0
    assert 2 * heartbeat.SECONDS < function(stage)["Timeout"] < 60


def test_the_schedule_may_start_that_function_and_no_version_of_it(stage: Synthesised) -> None:
    target = stage.only("AWS::Scheduler::Schedule")["Target"]
    role = target["RoleArn"]["Fn::GetAtt"][0]
    assert stage.allowed(role) == {"lambda:InvokeFunction": target["Arn"]}
    (trust,) = stage.of("AWS::IAM::Role")[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
