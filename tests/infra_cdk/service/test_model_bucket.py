"""The bucket of model versions."""

import json

from infra_cdk.service.model_bucket import PREFIX
from scripts import publish
from tests.infra_cdk.conftest import Synthesised


def test_the_stage_decides_whether_there_is_one(stage: Synthesised) -> None:
    assert bool(stage.of("AWS::S3::Bucket")) == stage.config.model_bucket


def test_it_is_private_encrypted_and_kept_when_the_stack_is_deleted(stage: Synthesised) -> None:
    for name, bucket in stage.of("AWS::S3::Bucket").items():
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
        denied = [
            statement
            for policy in stage.properties("AWS::S3::BucketPolicy")
            if policy["Bucket"] == {"Ref": name}
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        assert denied


def test_the_function_may_read_versions_from_the_bucket_of_its_setting_and_not_write(stage: Synthesised) -> None:
    if not stage.config.model_bucket:
        return
    variables = stage.function["Environment"]["Variables"]
    (bucket,) = (part["Ref"] for part in variables["MODEL_URI"]["Fn::Join"][1] if isinstance(part, dict))
    assert variables["MODEL_URI"]["Fn::Join"][1][-1] == f"/{PREFIX}"
    assert stage.of("AWS::S3::Bucket")[bucket]["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    statements = [s for policy in stage.properties("AWS::IAM::Policy") for s in policy["PolicyDocument"]["Statement"]]
    for resource in (statement["Resource"] for statement in statements if statement["Action"] == "s3:GetObject"):
        assert resource == {"Fn::Join": ["", [{"Fn::GetAtt": [bucket, "Arn"]}, f"/{PREFIX}/*"]]}
    assert "s3:Put" not in json.dumps(statements)


def test_heartbeat_and_hook_read_the_model_from_the_same_place(stage: Synthesised) -> None:
    for entry in ("heartbeat", "pre_traffic"):
        function = stage.auxiliary_function(entry)["Properties"]
        variables = function["Environment"]["Variables"]
        assert variables.get("MODEL_URI") == stage.function["Environment"]["Variables"].get("MODEL_URI")
        may_read = "s3:GetObject" in stage.allowed(function["Role"]["Fn::GetAtt"][0])
        assert may_read == stage.config.model_from_bucket


def test_the_publish_command_uses_the_prefix_that_the_function_may_read() -> None:
    assert publish.PREFIX == PREFIX
