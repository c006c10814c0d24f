"""A new version gets traffic by CodeDeploy: first checked, in prod a little of it, and taken back on an alarm."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Template

from infra_cdk import context
from infra_cdk.config import STAGES, StageConfig
from infra_cdk.logs import Logs
from infra_cdk.service.delivery import Delivery
from infra_cdk.service.function import Service
from tests.infra_cdk.conftest import ROOT, Synthesised

HOW = {"dev": "CodeDeployDefault.LambdaAllAtOnce", "prod": "CodeDeployDefault.LambdaCanary10Percent5Minutes"}


def hook(stage: Synthesised) -> dict[str, Any]:
    properties: dict[str, Any] = stage.companion("pre_traffic")["Properties"]
    return properties


def hook_name(stage: Synthesised) -> str:
    (name,) = (n for n, each in stage.of("AWS::Lambda::Function").items() if each == stage.companion("pre_traffic"))
    return name


def update_policy(stage: Synthesised) -> dict[str, Any]:
    (alias,) = stage.of("AWS::Lambda::Alias").values()
    policy: dict[str, Any] = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    return policy


def new_version(stage: Synthesised) -> dict[str, str]:
    return {"Ref": stage.only("AWS::Lambda::Alias")["FunctionVersion"]["Fn::GetAtt"][0]}


def test_prod_gives_a_tenth_of_the_traffic_for_five_minutes_and_dev_all_at_once(stage: Synthesised) -> None:
    group = stage.only("AWS::CodeDeploy::DeploymentGroup")
    assert group["DeploymentConfigName"] == HOW[stage.config.stage]
    assert stage.only("AWS::CodeDeploy::Application")["ComputePlatform"] == "Lambda"


@pytest.mark.parametrize(
    ("canary", "name"), [("all_at_once", HOW["dev"]), ("canary_10_percent_5_minutes", HOW["prod"])]
)
def test_one_value_changes_it(canary: str, name: str, synth: Callable[..., Synthesised]) -> None:
    for given in STAGES:
        group = synth({"stage": given, "canary": canary}).only("AWS::CodeDeploy::DeploymentGroup")
        assert group["DeploymentConfigName"] == name


def test_the_alias_is_moved_by_the_group_after_the_hook(stage: Synthesised) -> None:
    ((group, _),) = stage.of("AWS::CodeDeploy::DeploymentGroup").items()
    ((application, _),) = stage.of("AWS::CodeDeploy::Application").items()
    assert update_policy(stage) == {
        "ApplicationName": {"Ref": application},
        "DeploymentGroupName": {"Ref": group},
        "BeforeAllowTrafficHook": {"Ref": hook_name(stage)},
    }


def test_hook_and_rights_are_there_before_the_alias_moves(stage: Synthesised) -> None:
    """CloudFormation may wait for what an update policy names; for the policies of its roles it would not."""
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


def test_the_hook_runs_in_the_image_that_it_checks_and_is_told_the_new_version(stage: Synthesised) -> None:
    assert hook(stage)["Code"] == stage.function["Code"]
    assert hook(stage)["Environment"]["Variables"]["CHECKED_VERSION"] == new_version(stage)
    for name in ("MODEL_VERSION", "SERVICE_NAME"):
        assert hook(stage)["Environment"]["Variables"][name] == stage.function["Environment"]["Variables"][name]


def test_the_hook_may_call_that_version_and_tell_that_group_and_nothing_else(stage: Synthesised) -> None:
    ((group, _),) = stage.of("AWS::CodeDeploy::DeploymentGroup").items()
    ((application, _),) = stage.of("AWS::CodeDeploy::Application").items()
    allowed = stage.allowed(hook(stage)["Role"]["Fn::GetAtt"][0])
    log = {"Fn::GetAtt": [hook(stage)["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
    assert allowed.pop("logs:CreateLogStream") == allowed.pop("logs:PutLogEvents") == log
    allowed.pop("s3:GetObject", None)  # in test_models
    assert allowed.pop("lambda:InvokeFunction") == new_version(stage)
    arn = allowed.pop("codedeploy:PutLifecycleEventHookExecutionStatus")
    assert arn["Fn::Join"][1][-4:] == [":deploymentgroup:", {"Ref": application}, "/", {"Ref": group}]
    assert allowed == {"codedeploy:GetDeployment": arn}


def test_codedeploy_may_move_that_alias_call_that_hook_and_read_alarms(stage: Synthesised) -> None:
    role = stage.only("AWS::CodeDeploy::DeploymentGroup")["ServiceRoleArn"]["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in stage.of("AWS::IAM::Role")[role]["Properties"]
    allowed = stage.allowed(role)
    assert allowed.pop("lambda:InvokeFunction") == {"Fn::GetAtt": [hook_name(stage), "Arn"]}
    assert allowed.pop("cloudwatch:DescribeAlarms") == "*"
    function = {"Fn::GetAtt": [stage.only("AWS::Lambda::Alias")["FunctionName"]["Ref"], "Arn"]}
    alias = [function, {"Fn::Join": ["", [function, ":live"]]}]
    assert allowed == {
        f"lambda:{action}": alias for action in ("GetAlias", "GetProvisionedConcurrencyConfig", "UpdateAlias")
    }


def test_the_hook_has_time_for_every_call_that_it_makes(stage: Synthesised) -> None:
    """Three calls of the version and one of CodeDeploy's on each side, each tried twice."""
    from lambda_fn import pre_traffic

    assert stage.config.timeout_seconds < pre_traffic.SECONDS
    assert 2 * 3 * (pre_traffic.SECONDS + 2) < hook(stage)["Timeout"] < 3600


def test_a_failed_or_stopped_deployment_is_taken_back(stage: Synthesised) -> None:
    rollback = stage.only("AWS::CodeDeploy::DeploymentGroup")["AutoRollbackConfiguration"]
    assert rollback["Enabled"]
    assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"} <= set(rollback["Events"])


def test_errors_of_the_new_version_and_the_heartbeat_take_it_back(stage: Synthesised) -> None:
    """By metric alarms alone, and none of the version before: its errors must not stop the fix."""
    group = stage.only("AWS::CodeDeploy::DeploymentGroup")
    alarms = stage.of("AWS::CloudWatch::Alarm")
    watched = [alarms[each["Name"]["Ref"]]["Properties"] for each in group["AlarmConfiguration"]["Alarms"]]
    (errors,) = ([q["MetricStat"]["Metric"] for q in each["Metrics"][1:]] for each in watched if "Metrics" in each)
    version = stage.only("AWS::Lambda::Alias")["FunctionVersion"]
    for metric, name, dimension in zip(
        errors, ("Errors", "FailedCalls"), ("ExecutedVersion", "function_version"), strict=True
    ):
        assert metric["MetricName"] == name
        assert {"Name": dimension, "Value": version} in metric["Dimensions"]
    heartbeat = sorted(each["MetricName"] for each in watched if "MetricName" in each)
    assert heartbeat == ["HeartbeatFailed", "HeartbeatWrong"]
    assert group["AlarmConfiguration"]["Enabled"]
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def with_an_alarm(**values: Any) -> tuple[dict[str, Any], str]:
    """The properties of a deployment group that has one alarm, and the alarm's logical id."""
    app = App()
    stack = Stack(app, "Stack")
    config = StageConfig(stage="dev", **values)
    logs = Logs(stack, "Logs", config=config)
    service = Service(stack, "Service", config=config, source=ROOT, log_group=logs.group(stack, "Log"))
    version = service.function.current_version.version
    metric = service.function.metric_errors(dimensions_map={"ExecutedVersion": version})
    alarm = cloudwatch.Alarm(stack, "Alarm", metric=metric, threshold=1, evaluation_periods=1)
    Delivery(stack, "Delivery", config=config, source=ROOT, service=service, logs=logs, rollback_alarms=[alarm])
    resources = Template.from_stack(stack).to_json()["Resources"]  # which refuses circles
    (group,) = (each["Properties"] for each in resources.values() if each["Type"] == "AWS::CodeDeploy::DeploymentGroup")
    (name,) = (name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Alarm")
    return group, name


def test_an_alarm_stops_a_deployment_and_takes_it_back() -> None:
    group, alarm = with_an_alarm()
    assert group["AlarmConfiguration"] == {"Alarms": [{"Name": {"Ref": alarm}}], "Enabled": True}
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def test_a_fix_can_be_shipped_while_an_alarm_is_on() -> None:
    group, alarm = with_an_alarm(ignore_rollback_alarms=True)
    assert group["AlarmConfiguration"]["Enabled"] is False
    assert group["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": alarm}}]


@pytest.mark.parametrize("values", re.findall(r'CONTEXT="([^"]+)"', (ROOT / "docs" / "runbook.md").read_text()))
def test_the_runbooks_values_are_taken(values: str) -> None:
    context.read({"stage": "prod"} | dict(value.split("=") for value in values.replace("-c ", "").split()))


def test_alarms_are_never_ignored_by_default() -> None:
    assert not any(config.ignore_rollback_alarms for config in STAGES.values())
