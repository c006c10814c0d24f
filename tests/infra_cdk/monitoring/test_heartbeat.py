"""The heartbeat calls the public API like a client, and may read its own key only."""

import json
import re
from typing import Any

import pytest

from lambda_fn import heartbeat
from tests.infra_cdk.conftest import ROOT, Synthesised, names_of_settings


def function(stage: Synthesised) -> dict[str, Any]:
    properties: dict[str, Any] = stage.auxiliary_function("heartbeat")["Properties"]
    return properties


def key(stage: Synthesised) -> str:
    """The logical id of the heartbeat's key."""
    name: str = function(stage)["Environment"]["Variables"]["API_KEY_ID"]["Ref"]
    return name


def test_it_runs_in_the_services_image(stage: Synthesised) -> None:
    assert function(stage)["Code"] == stage.function["Code"]
    assert function(stage)["Architectures"] == stage.function["Architectures"]


def test_it_calls_the_stage_by_https_with_a_key_that_aws_generates(stage: Synthesised) -> None:
    ((api_stage, _),) = stage.of("AWS::ApiGateway::Stage").items()
    url = function(stage)["Environment"]["Variables"]["API_URL"]["Fn::Join"][1]
    assert (url[0], url[-1]) == ("https://", "/")
    assert {"Ref": api_stage} in url
    assert "Value" not in stage.of("AWS::ApiGateway::ApiKey")[key(stage)]["Properties"]


@pytest.mark.parametrize("entry", ["heartbeat", "pre_traffic"])
def test_it_has_settings_and_the_variables_it_requires_and_no_others(stage: Synthesised, entry: str) -> None:
    variables = stage.auxiliary_function(entry)["Properties"]["Environment"]["Variables"]
    required = variables.keys() - names_of_settings()
    assert required == set(re.findall(r'required\("(\w+)"\)', (ROOT / "lambda_fn" / f"{entry}.py").read_text()))


def test_it_has_the_services_settings(stage: Synthesised) -> None:
    own, services = function(stage)["Environment"]["Variables"], stage.function["Environment"]["Variables"]
    for name in ("MODELS", "SERVICE_NAME", "LOG_LEVEL"):
        assert own[name] == services[name]


def test_its_key_and_usage_plan_are_its_own(stage: Synthesised) -> None:
    clients = [output["Value"]["Ref"] for name, output in stage.template["Outputs"].items() if "ApiKeyId" in name]
    assert key(stage) not in clients
    plans = {
        each["KeyId"]["Ref"]: each["UsagePlanId"]["Ref"] for each in stage.properties("AWS::ApiGateway::UsagePlanKey")
    }
    assert plans[key(stage)] not in [plans[client] for client in clients]
    plan = stage.of("AWS::ApiGateway::UsagePlan")[plans[key(stage)]]["Properties"]
    assert plan["Throttle"] == {"RateLimit": 0.1, "BurstLimit": 1}
    assert plan["Quota"]["Period"] == "DAY"
    assert 24 * 60 < plan["Quota"]["Limit"] < 3 * 24 * 60
    assert [each["Stage"] for each in plan["ApiStages"]] == [
        {"Ref": name} for name in stage.of("AWS::ApiGateway::Stage")
    ]


def test_it_knows_the_alias_through_which_requests_go(stage: Synthesised) -> None:
    alias, variables = stage.only("AWS::Lambda::Alias"), function(stage)["Environment"]["Variables"]
    assert (variables["FUNCTION_NAME"], variables["ALIAS_NAME"]) == (alias["FunctionName"], alias["Name"])


def test_its_role_may_write_its_log_read_its_key_and_the_alias_and_call_the_services_versions_only(
    stage: Synthesised,
) -> None:
    allowed = stage.allowed(function(stage)["Role"]["Fn::GetAtt"][0])
    log = {"Fn::GetAtt": [function(stage)["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
    assert allowed.pop("logs:CreateLogStream") == allowed.pop("logs:PutLogEvents") == log
    allowed.pop("s3:GetObject", None)  # in test_model_bucket.py
    arn = [
        "arn:",
        {"Ref": "AWS::Partition"},
        ":apigateway:",
        {"Ref": "AWS::Region"},
        "::/apikeys/",
        {"Ref": key(stage)},
    ]
    assert allowed.pop("apigateway:GET") == {"Fn::Join": ["", arn]}
    service = {"Fn::GetAtt": [stage.only("AWS::Lambda::Alias")["FunctionName"]["Ref"], "Arn"]}
    assert allowed.pop("lambda:GetAlias") == [service, {"Fn::Join": ["", [service, ":live"]]}]
    assert allowed == {"lambda:InvokeFunction": {"Fn::Join": ["", [service, ":*"]]}}


def test_it_has_a_log_of_its_own(stage: Synthesised) -> None:
    assert function(stage)["LoggingConfig"]["LogGroup"] != stage.function["LoggingConfig"]["LogGroup"]
    assert function(stage)["LoggingConfig"]["ApplicationLogLevel"] == "INFO", "its metrics are log lines of level INFO"


def test_it_starts_once_a_minute_and_ends_before_the_next_run(stage: Synthesised) -> None:
    schedule = stage.only("AWS::Scheduler::Schedule")
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 minute)", "ENABLED")
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    ((name, _),) = (
        (name, each)
        for name, each in stage.of("AWS::Lambda::Function").items()
        if each == stage.auxiliary_function("heartbeat")
    )
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [name, "Arn"]}
    (retries,) = (
        each for each in stage.properties("AWS::Lambda::EventInvokeConfig") if each["FunctionName"] == {"Ref": name}
    )
    assert retries["MaximumRetryAttempts"] == 0
    key = alias = 2 * (heartbeat.CONNECT_SECONDS + heartbeat.READ_SECONDS)
    public_api, new_version = 2 * heartbeat.SECONDS, heartbeat.CONNECT_SECONDS + heartbeat.SECONDS
    assert key + public_api + alias + new_version < function(stage)["Timeout"] < 60


def needed_by(stage: Synthesised, name: str) -> set[str]:
    """The resources that exist before this one does."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        resource = stage.template["Resources"][waiting.pop()]
        named = re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', json.dumps(resource))
        new = {*named, *resource.get("DependsOn", [])} & stage.template["Resources"].keys() - found
        found |= new
        waiting += new
    return found


def test_it_does_not_start_before_the_api_can_answer_it(stage: Synthesised) -> None:
    """Else it would fail, and page, while the stage is created."""
    (schedule,) = stage.of("AWS::Scheduler::Schedule")
    kinds = ("ApiGateway::GatewayResponse", "ApiGateway::Method", "ApiGateway::Stage", "ApiGateway::UsagePlanKey")
    for kind in (*kinds, "Lambda::Alias", "Lambda::Permission"):
        assert stage.of(f"AWS::{kind}").keys() <= needed_by(stage, schedule), kind
    role = stage.only("AWS::Scheduler::Schedule")["Target"]["RoleArn"]["Fn::GetAtt"][0]
    (policy,) = (n for n, each in stage.of("AWS::IAM::Policy").items() if {"Ref": role} in each["Properties"]["Roles"])
    assert policy in needed_by(stage, schedule)


def test_the_schedule_may_start_the_function_but_no_version_of_it(stage: Synthesised) -> None:
    target = stage.only("AWS::Scheduler::Schedule")["Target"]
    role = target["RoleArn"]["Fn::GetAtt"][0]
    assert stage.allowed(role) == {"lambda:InvokeFunction": target["Arn"]}
    (trust,) = stage.of("AWS::IAM::Role")[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
