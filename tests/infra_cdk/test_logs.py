"""Every log group is kept for a time, encrypted, and its key lets CloudWatch Logs use it."""

import json
from typing import Any

from tests.infra_cdk.conftest import Synthesised


def test_every_group_is_kept_as_long_as_the_stage_says(stage: Synthesised) -> None:
    groups = stage.properties("AWS::Logs::LogGroup")
    assert groups
    assert {group["RetentionInDays"] for group in groups} == {stage.config.log_retention_days}


def test_a_protected_stages_logs_and_key_outlive_it(stage: Synthesised) -> None:
    kept = {each["DeletionPolicy"] for each in [key_of_logs(stage), *stage.of("AWS::Logs::LogGroup").values()]}
    assert kept == {"Retain" if stage.config.protected else "Delete"}


def key_of_logs(stage: Synthesised) -> dict[str, Any]:
    """The one key that every log group has."""
    (name,) = {group["KmsKeyId"]["Fn::GetAtt"][0] for group in stage.properties("AWS::Logs::LogGroup")}
    return stage.of("AWS::KMS::Key")[name]


def test_every_group_has_one_key_and_it_turns(stage: Synthesised) -> None:
    assert key_of_logs(stage)["Properties"]["EnableKeyRotation"]


def _allowed(stage: Synthesised) -> list[str]:
    """The names, with * at the end or not, of the groups for which CloudWatch Logs may use the key."""
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


def test_the_key_may_be_used_for_every_group_and_no_other(stage: Synthesised) -> None:
    allowed = set(_allowed(stage))
    named = {
        _text(group["LogGroupName"]) for group in stage.properties("AWS::Logs::LogGroup") if "LogGroupName" in group
    }
    # CloudFormation names the others after the stack.
    assert allowed == named | {f"PostalDigits-{stage.config.stage}-*"}


def test_nobody_but_the_account_and_cloudwatch_logs_uses_the_key(stage: Synthesised) -> None:
    for statement in key_of_logs(stage)["Properties"]["KeyPolicy"]["Statement"]:
        principal = json.dumps(statement["Principal"])
        assert ":root" in principal or '"logs."' in principal
