"""The function's image, role, settings and provisioned concurrency."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App

from infra_cdk.config import StageConfig
from infra_cdk.stack import PostalDigits
from lambda_fn.settings import Settings
from tests.infra_cdk.conftest import PROD, ROOT, Synthesised, names_of_settings

Synth = Callable[..., Synthesised]


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")])
def test_image_and_function_have_the_same_architecture(
    architecture: str, platform: str, tmp_path: Path, synth: Synth
) -> None:
    app = App(outdir=str(tmp_path))
    PostalDigits(app, "Stage", config=StageConfig(stage="dev", architecture=architecture), source=ROOT)
    app.synth()
    (image,) = json.loads((tmp_path / "Stage.assets.json").read_bytes())["dockerImages"].values()
    assert image["source"]["platform"] == platform
    assert synth({"architecture": architecture}).function["Architectures"] == [architecture]


def test_every_variable_is_a_setting_with_a_value_that_it_takes(stage: Synthesised) -> None:
    variables = dict(stage.function["Environment"]["Variables"])
    assert variables.pop("ORT_DISABLE_TELEMETRY") == "1"
    assert variables.keys() <= names_of_settings()
    assert ("MODEL_URI" in variables) == stage.config.model_from_bucket
    settings = Settings.from_environment({name: each for name, each in variables.items() if name != "MODEL_URI"})
    assert settings.models == {stage.config.model_name: stage.config.model_version}
    assert settings.service_name == f"postal-digits-{stage.config.stage}"
    assert settings.log_level == stage.config.log_level
    assert settings.image_links == stage.config.image_links


def test_images_are_fetched_by_link_only_if_the_stage_allows_it(synth: Synth) -> None:
    for values, expected in (({}, False), ({"image_links": "true"}, True)):
        variables = synth(values).function["Environment"]["Variables"]
        assert Settings.from_environment(variables).image_links is expected


def test_it_has_as_many_threads_as_processors(synth: Synth) -> None:
    for memory, threads in ((512, "1"), (1769, "1"), (3538, "2"), (10240, "5")):
        function = synth({"memory_mb": str(memory)}).function
        assert function["MemorySize"] == memory
        assert function["Environment"]["Variables"]["INFERENCE_THREADS"] == threads


def test_no_log_level_drops_metrics_and_reports(synth: Synth) -> None:
    """They are log lines of level INFO."""
    for level in ("DEBUG", "INFO", "ERROR", "CRITICAL"):
        logging = synth({"log_level": level}).function["LoggingConfig"]
        assert logging["LogFormat"] == "JSON"
        assert logging["ApplicationLogLevel"] == ("DEBUG" if level == "DEBUG" else "INFO")
        assert logging["SystemLogLevel"] == "INFO"


def test_it_is_traced_and_has_the_stages_timeout(stage: Synthesised) -> None:
    function = stage.function
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["Timeout"] == stage.config.timeout_seconds


def test_concurrency_is_reserved_if_the_stage_says_so(stage: Synthesised) -> None:
    reserved = stage.function.get("ReservedConcurrentExecutions")
    assert reserved == (stage.config.concurrency if stage.config.reserve_concurrency else None)


def test_the_alias_is_live_and_old_versions_are_kept(stage: Synthesised) -> None:
    """The version of a failed deployment is not: Lambda would find it unchanged, and refuse to publish it again."""
    ((name, version),) = stage.of("AWS::Lambda::Version").items()
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    alias = stage.only("AWS::Lambda::Alias")
    assert alias["Name"] == "live"
    assert alias["FunctionVersion"] == {"Fn::GetAtt": [name, "Version"]}


def test_provisioned_concurrency_scales_as_the_stage_says(stage: Synthesised) -> None:
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
    off = synth(PROD | {"provisioned_lowest": "0", "provisioned_highest": "0"})
    assert not off.of("AWS::ApplicationAutoScaling::ScalableTarget")


def test_its_role_may_write_its_log_and_traces_and_read_models_only(stage: Synthesised) -> None:
    function = stage.function
    role = function["Role"]["Fn::GetAtt"][0]
    assert "ManagedPolicyArns" not in stage.of("AWS::IAM::Role")[role]["Properties"]
    allowed = stage.allowed(role)
    log = {"Fn::GetAtt": [function["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}
    assert allowed.pop("logs:CreateLogStream") == allowed.pop("logs:PutLogEvents") == log
    assert allowed.pop("xray:PutTraceSegments") == allowed.pop("xray:PutTelemetryRecords") == "*"
    assert allowed.keys() == ({"s3:GetObject"} if stage.config.model_bucket else set())


def test_its_policies_exist_before_it_starts(stage: Synthesised) -> None:
    """Provisioned concurrency starts environments while the stack is being created."""
    for function in stage.of("AWS::Lambda::Function").values():
        role = function["Properties"]["Role"]["Fn::GetAtt"][0]
        policies = {
            name for name, each in stage.of("AWS::IAM::Policy").items() if {"Ref": role} in each["Properties"]["Roles"]
        }
        assert policies <= set(function["DependsOn"])
