"""CodeDeploy checks a new version, moves traffic to it, and rolls it back on an alarm."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Template

from infra_cdk import context, stage_file
from infra_cdk.config import Limits
from infra_cdk.logs import Logs
from infra_cdk.service.container_image import ContainerImage
from infra_cdk.service.delivery import Delivery
from infra_cdk.service.function import Service
from lambda_fn import pre_traffic
from lambda_fn.inference.golden import read_requests
from tests.infra_cdk.conftest import PROD, ROOT, Synthesised

TRAFFIC = {"dev": "CodeDeployDefault.LambdaAllAtOnce", "prod": "CodeDeployDefault.LambdaCanary10Percent5Minutes"}


def hook(stage: Synthesised) -> dict[str, Any]:
    properties: dict[str, Any] = stage.auxiliary_function("pre_traffic")["Properties"]
    return properties


def hook_name(stage: Synthesised) -> str:
    (name,) = (
        n for n, each in stage.of("AWS::Lambda::Function").items() if each == stage.auxiliary_function("pre_traffic")
    )
    return name


def update_policy(stage: Synthesised) -> dict[str, Any]:
    (alias,) = stage.of("AWS::Lambda::Alias").values()
    policy: dict[str, Any] = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    return policy


def new_version(stage: Synthesised) -> dict[str, str]:
    return {"Ref": stage.only("AWS::Lambda::Alias")["FunctionVersion"]["Fn::GetAtt"][0]}


def test_prod_moves_a_tenth_of_the_traffic_for_five_minutes_and_dev_all_at_once(stage: Synthesised) -> None:
    group = stage.only("AWS::CodeDeploy::DeploymentGroup")
    assert group["DeploymentConfigName"] == TRAFFIC[stage.config.stage]
    assert stage.only("AWS::CodeDeploy::Application")["ComputePlatform"] == "Lambda"


@pytest.mark.parametrize(
    ("canary", "name"), [("all_at_once", TRAFFIC["dev"]), ("canary_10_percent_5_minutes", TRAFFIC["prod"])]
)
def test_the_value_canary_changes_it(canary: str, name: str, synth: Callable[..., Synthesised]) -> None:
    for given in ({}, PROD):
        group = synth(given | {"canary": canary}).only("AWS::CodeDeploy::DeploymentGroup")
        assert group["DeploymentConfigName"] == name


def test_the_group_moves_the_alias_after_the_hook(stage: Synthesised) -> None:
    ((group, _),) = stage.of("AWS::CodeDeploy::DeploymentGroup").items()
    ((application, _),) = stage.of("AWS::CodeDeploy::Application").items()
    assert update_policy(stage) == {
        "ApplicationName": {"Ref": application},
        "DeploymentGroupName": {"Ref": group},
        "BeforeAllowTrafficHook": {"Ref": hook_name(stage)},
    }


def test_hook_and_policies_exist_before_the_alias_moves(stage: Synthesised) -> None:
    """CloudFormation waits for the names in an update policy, but not for the policies of their roles."""
    (alias,) = stage.of("AWS::Lambda::Alias").values()
    roles = [
        stage.only("AWS::CodeDeploy::DeploymentGroup")["ServiceRoleArn"]["Fn::GetAtt"][0],
        hook(stage)["Role"]["Fn::GetAtt"][0],
    ]
    policies = {
        name
        for name, each in stage.of("AWS::IAM::Policy").items()
        if any({"Ref": role} in each["Properties"]["Roles"] for role in roles)
    }
    assert len(policies) == 2
    assert policies | {hook_name(stage)} <= set(alias["DependsOn"])


def test_the_hook_has_the_services_image_and_settings_and_the_new_version(stage: Synthesised) -> None:
    assert hook(stage)["Code"] == stage.function["Code"]
    assert hook(stage)["Environment"]["Variables"]["CHECKED_VERSION"] == new_version(stage)
    for name in ("MODELS", "SERVICE_NAME"):
        assert hook(stage)["Environment"]["Variables"][name] == stage.function["Environment"]["Variables"][name]


def test_the_hook_may_call_the_new_version_and_report_to_its_deployment_group_only(stage: Synthesised) -> None:
    ((group, _),) = stage.of("AWS::CodeDeploy::DeploymentGroup").items()
    ((application, _),) = stage.of("AWS::CodeDeploy::Application").items()
    allowed = stage.allowed(hook(stage)["Role"]["Fn::GetAtt"][0])
    log = {"Fn::GetAtt": [hook(stage)["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
    assert allowed.pop("logs:CreateLogStream") == allowed.pop("logs:PutLogEvents") == log
    allowed.pop("s3:GetObject", None)  # in test_model_bucket.py
    assert allowed.pop("lambda:InvokeFunction") == new_version(stage)
    arn = allowed.pop("codedeploy:PutLifecycleEventHookExecutionStatus")
    assert arn["Fn::Join"][1][-4:] == [":deploymentgroup:", {"Ref": application}, "/", {"Ref": group}]
    assert allowed == {"codedeploy:GetDeployment": arn}


def test_codedeploy_may_move_the_alias_call_the_hook_and_read_alarms_only(stage: Synthesised) -> None:
    role = stage.only("AWS::CodeDeploy::DeploymentGroup")["ServiceRoleArn"]["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in stage.of("AWS::IAM::Role")[role]["Properties"]
    allowed = stage.allowed(role)
    assert allowed.pop("lambda:InvokeFunction") == {"Fn::GetAtt": [hook_name(stage), "Arn"]}
    assert allowed.pop("cloudwatch:DescribeAlarms") == "*"
    function = {"Fn::GetAtt": [stage.only("AWS::Lambda::Alias")["FunctionName"]["Ref"], "Arn"]}
    # A version's provisioned concurrency is read by the version's ARN, an alias's by the alias's.
    assert allowed.pop("lambda:GetProvisionedConcurrencyConfig") == {"Fn::Join": ["", [function, ":*"]]}
    alias = [function, {"Fn::Join": ["", [function, ":live"]]}]
    assert allowed == {f"lambda:{action}": alias for action in ("GetAlias", "UpdateAlias")}


def test_the_hook_has_time_for_all_its_calls(stage: Synthesised) -> None:
    """GET /health, each golden request and two calls of CodeDeploy, each tried twice."""
    config = stage.config
    requests = read_requests(ROOT / "model" / config.model_name / config.model_version)
    assert config.timeout_seconds < pre_traffic.SECONDS
    assert 2 * (1 + len(requests) + 2) * (pre_traffic.SECONDS + 2) < hook(stage)["Timeout"] <= 900


def test_a_failed_or_stopped_deployment_is_rolled_back(stage: Synthesised) -> None:
    rollback = stage.only("AWS::CodeDeploy::DeploymentGroup")["AutoRollbackConfiguration"]
    assert rollback["Enabled"]
    assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"} <= set(rollback["Events"])


def test_errors_of_the_new_version_and_the_heartbeat_roll_it_back(stage: Synthesised) -> None:
    """No alarm watches the previous version: its errors must not stop the fix."""
    group = stage.only("AWS::CodeDeploy::DeploymentGroup")
    alarms = stage.of("AWS::CloudWatch::Alarm")
    watched = [alarms[each["Name"]["Ref"]]["Properties"] for each in group["AlarmConfiguration"]["Alarms"]]
    (errors,) = ([q["MetricStat"]["Metric"] for q in each["Metrics"][1:]] for each in watched if "Metrics" in each)
    version = stage.only("AWS::Lambda::Alias")["FunctionVersion"]
    # Lambda counts the calls past the alias, such as the heartbeat's, for the version itself.
    itself = {"Fn::Join": ["", [stage.only("AWS::Lambda::Alias")["FunctionName"], ":", version]]}
    expected = {
        ("Errors", "ExecutedVersion", json.dumps(version)),
        ("Errors", "Resource", json.dumps(itself)),
        ("FailedCalls", "function_version", json.dumps(version)),
    }
    found = {
        (metric["MetricName"], each["Name"], json.dumps(each["Value"]))
        for metric in errors
        for each in metric["Dimensions"]
    }
    assert len(errors) == len(expected)
    assert expected <= found
    heartbeat = sorted(each["MetricName"] for each in watched if "MetricName" in each)
    assert heartbeat == ["HeartbeatFailed", "HeartbeatWrong"]
    assert group["AlarmConfiguration"]["Enabled"]
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def with_an_alarm(*, ignore_rollback_alarms: bool = False) -> tuple[dict[str, Any], str]:
    """The properties of a deployment group that has one alarm, and the alarm's logical id."""
    app = App()
    stack = Stack(app, "Stack")
    image = ContainerImage(ROOT, "x86_64")
    logs = Logs(stack, "Logs", retention_days=1, removal_policy=RemovalPolicy.DESTROY)
    service = Service(
        stack,
        "Service",
        image=image,
        description="",
        environment={},
        log_group=logs.group(stack, "Log"),
        log_level="INFO",
        limits=Limits(timeout_seconds=15, memory_mb=1769, concurrency=10, most_warm=0),
        reserve_concurrency=False,
        provisioned_concurrency=None,
    )
    version = service.function.current_version.version
    metric = service.function.metric_errors(dimensions_map={"ExecutedVersion": version})
    alarm = cloudwatch.Alarm(stack, "Alarm", metric=metric, threshold=1, evaluation_periods=1)
    Delivery(
        stack,
        "Delivery",
        function=service.function,
        alias=service.alias,
        canary="all_at_once",
        rollback_alarms=[alarm],
        ignore_rollback_alarms=ignore_rollback_alarms,
        image=image,
        environment={},
        logs=logs,
    )
    resources = Template.from_stack(stack).to_json()["Resources"]  # raises on a circular reference
    (group,) = (each["Properties"] for each in resources.values() if each["Type"] == "AWS::CodeDeploy::DeploymentGroup")
    (name,) = (name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm")
    return group, name


def test_an_alarm_stops_a_deployment_and_rolls_it_back() -> None:
    group, alarm = with_an_alarm()
    assert group["AlarmConfiguration"] == {"Alarms": [{"Name": {"Ref": alarm}}], "Enabled": True}
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def test_a_fix_can_be_deployed_while_an_alarm_is_on() -> None:
    group, alarm = with_an_alarm(ignore_rollback_alarms=True)
    assert group["AlarmConfiguration"]["Enabled"] is False
    assert group["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": alarm}}]


@pytest.mark.parametrize("values", re.findall(r'CONTEXT="([^"]+)"', (ROOT / "docs" / "runbook.md").read_text()))
def test_the_runbooks_values_are_accepted(values: str) -> None:
    context.read(PROD | dict(value.split("=") for value in values.replace("-c ", "").split()))


def test_alarms_are_never_ignored_by_default() -> None:
    assert not any(stage_file.read(stage).get("ignore_rollback_alarms") for stage in stage_file.names())
