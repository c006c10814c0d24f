"""The function's image, rights, settings, and what is kept warm."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambda_fn.settings import Settings
from tests.infra_cdk.conftest import ROOT, Synthesised

Synth = Callable[..., Synthesised]


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")])
def test_the_images_platform_is_the_functions_architecture(
    architecture: str, platform: str, tmp_path: Any, synth: Synth
) -> None:
    from aws_cdk import App

    from infra_cdk.config import StageConfig
    from infra_cdk.stack import PostalDigits

    app = App(outdir=str(tmp_path))
    config = StageConfig(stage="dev", architecture=architecture)
    PostalDigits(app, "Stage", config=config, source=ROOT)
    app.synth()
    (image,) = json.loads((tmp_path / "Stage.assets.json").read_bytes())["dockerImages"].values()
    assert image["source"]["platform"] == platform
    assert synth({"architecture": architecture}).function["Architectures"] == [architecture]


def test_what_it_is_set_is_what_it_reads(stage: Synthesised) -> None:
    """Every variable is a setting that the function knows, with a value that it takes."""
    variables = dict(stage.function["Environment"]["Variables"])
    assert variables.pop("ORT_DISABLE_TELEMETRY") == "1"
    assert all(f"| {name} " in (Settings.__doc__ or "") for name in variables)
    uri = variables.pop("MODEL_URI", None)
    assert (uri is not None) == stage.config.model_from_bucket
    settings = Settings.from_environment(variables)
    assert settings.model_version == stage.config.model_version
    assert settings.service_name == f"postal-digits-{stage.config.stage}"
    assert settings.log_level == stage.config.log_level
    assert settings.image_links == stage.config.image_links


def test_links_are_fetched_only_where_the_stage_says_so(synth: Synth) -> None:
    for values, expected in (({}, False), ({"image_links": "true"}, True)):
        variables = synth(values).function["Environment"]["Variables"]
        assert Settings.from_environment(variables).image_links is expected


def test_as_many_threads_as_processors(synth: Synth) -> None:
    for memory, threads in ((512, "1"), (1769, "1"), (3538, "2"), (10240, "5")):
        function = synth({"memory_mb": str(memory)}).function
        assert function["MemorySize"] == memory
        assert function["Environment"]["Variables"]["INFERENCE_THREADS"] == threads


def test_metrics_and_reports_get_through_the_log_levels(synth: Synth) -> None:
    """They are log lines of level INFO; only the function's own level may hold anything back."""
    for level in ("DEBUG", "INFO", "ERROR", "CRITICAL"):
        logging = synth({"log_level": level}).function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["ApplicationLogLevel"] == ("DEBUG" if level == "DEBUG" else "INFO")
        assert logging["SystemLogLevel"] == "INFO"


def test_it_is_traced_and_ends_in_time(stage: Synthesised) -> None:
    function = stage.function
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Timeout"] == stage.config.timeout_seconds


def test_concurrency_is_reserved_where_the_stage_says_so(stage: Synthesised) -> None:
    reserved = stage.function.get("ReservedConcurrentExecutions")
    assert reserved == (stage.config.concurrency if stage.config.reserve_concurrency else None)


def test_the_alias_is_live_and_its_version_is_kept(stage: Synthesised) -> None:
    ((name, version),) = stage.of("AWS::Lambda::Version").items()
    assert version["DeletionPolicy"] == version["UpdateReplacePolicy"] == "Retain"
    alias = stage.only("AWS::Lambda::Alias")
    assert alias["Name"] == "live"
    assert alias["FunctionVersion"] == {"Fn::GetAtt": [name, "Version"]}


def test_as_many_are_kept_warm_as_the_stage_says(stage: Synthesised) -> None:
    config, alias = stage.config, stage.only("AWS::Lambda::Alias")
    if not config.provisioned_lowest:
        assert "ProvisionedConcurrencyConfig" not in alias
        assert not stage.of("AWS::ApplicationAutoScaling::ScalableTarget")
        return
    assert alias["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"] == config.provisioned_lowest
    target = stage.only("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (config.provisioned_lowest, config.provisioned_highest)
    actions = [
        (each["Schedule"], each["Timezone"], each["ScalableTargetAction"]["MinCapacity"])
        for each in target["ScheduledActions"]
    ]
    assert actions == [(each.cron, config.time_zone, each.lowest) for each in config.schedules]
    tracking = stage.only("AWS::ApplicationAutoScaling::ScalingPolicy")["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == config.provisioned_utilisation
    metric = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "LambdaProvisionedConcurrencyUtilization"


def test_without_provisioned_concurrency_there_is_no_schedule(synth: Synth) -> None:
    off = synth({"stage": "prod", "provisioned_lowest": "0", "provisioned_highest": "0"})
    assert not off.of("AWS::ApplicationAutoScaling::ScalableTarget")


def test_its_role_may_do_just_what_it_needs(stage: Synthesised) -> None:
    function = stage.function
    role = function["Role"]["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in stage.of("AWS::IAM::Role")[role]["Properties"]
    allowed = stage.allowed(role)
    log = {"Fn::GetAtt": [function["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
    assert allowed.pop("logs:CreateLogStream") == allowed.pop("logs:PutLogEvents") == log
    assert allowed.pop("xray:PutTraceSegments") == allowed.pop("xray:PutTelemetryRecords") == "*"
    assert allowed.keys() == ({"s3:GetObject"} if stage.config.model_bucket else set())


def test_its_rights_are_there_before_it_starts(stage: Synthesised) -> None:
    """An environment that is kept warm starts while the stack is being made."""
    for function in stage.of("AWS::Lambda::Function").values():
        role = function["Properties"]["Role"]["Fn::GetAtt"][0]
        policies = {
            name for name, each in stage.of("AWS::IAM::Policy").items() if {"Ref": role} in each["Properties"]["Roles"]
        }
        assert policies <= set(function["DependsOn"])
