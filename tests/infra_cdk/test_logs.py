"""Every log group expires and is encrypted with a key that CloudWatch Logs may use."""

import json
from collections.abc import Callable
from typing import Any

from tests.infra_cdk.conftest import PROD, Synthesised


def test_every_group_has_the_stages_retention_time(stage: Synthesised) -> None:
    groups = stage.properties("AWS::Logs::LogGroup")
    assert groups
    assert {group["RetentionInDays"] for group in groups} == {stage.config.log_retention_days}


def removal_policies(stage: Synthesised) -> set[tuple[str, str]]:
    resources = [key_of_logs(stage), *stage.of("AWS::Logs::LogGroup").values()]
    return {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in resources}


def test_logs_and_their_key_are_kept_when_the_stack_is_deleted_and_not_when_its_creation_fails(
    stage: Synthesised,
) -> None:
    kept = ("RetainExceptOnCreate", "Retain") if stage.config.keep_logs else ("Delete", "Delete")
    assert removal_policies(stage) == {kept}


def test_logs_are_kept_with_the_protection_off(synth: Callable[..., Synthesised]) -> None:
    assert removal_policies(synth(PROD | {"protected": "false"})) == {("RetainExceptOnCreate", "Retain")}


def key_of_logs(stage: Synthesised) -> dict[str, Any]:
    """The key of all log groups."""
    (name,) = {group["KmsKeyId"]["Fn::GetAtt"][0] for group in stage.properties("AWS::Logs::LogGroup")}
    return stage.of("AWS::KMS::Key")[name]


def test_all_groups_share_a_key_that_rotates(stage: Synthesised) -> None:
    assert key_of_logs(stage)["Properties"]["EnableKeyRotation"]


def _allowed(stage: Synthesised) -> list[str]:
    """Names or patterns of the groups for which CloudWatch Logs may use the key."""
    names = []
    for statement in key_of_logs(stage)["Properties"]["KeyPolicy"]["Statement"]:
        if "Service" in statement["Principal"]:
            assert "logs." in json.dumps(statement["Principal"]["Service"])
            assert "kms:*" not in statement["Action"]
            (arn,) = statement["Condition"]["ArnLike"].values()
            names.append(_text(arn).partition(":log-group:")[2])
    return names


def _text(value: Any) -> str:
    """A value with its references written as ${name}."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return "".join(_text(part) for part in value["Fn::Join"][1])
    return "${" + str(value.get("Ref", value)) + "}"


def test_the_key_is_for_these_groups_only(stage: Synthesised) -> None:
    allowed = set(_allowed(stage))
    named = {
        _text(group["LogGroupName"]) for group in stage.properties("AWS::Logs::LogGroup") if "LogGroupName" in group
    }
    # CloudFormation's names for the others begin with the stack's.
    assert allowed == named | {f"PostalDigits-{stage.config.stage}-*"}


def test_only_the_account_and_cloudwatch_logs_may_use_the_key(stage: Synthesised) -> None:
    for statement in key_of_logs(stage)["Properties"]["KeyPolicy"]["Statement"]:
        principal = json.dumps(statement["Principal"])
        assert ":root" in principal or '"logs."' in principal
