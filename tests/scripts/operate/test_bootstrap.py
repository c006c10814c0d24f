"""`make bootstrap` creates a stage's policies, renews them, and gives the CDK names of the stage's own."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.operate import bootstrap
from scripts.operate.deployment_policies import Names, Policy

DEV = Names("dev", "123456789012")


def document(action: str) -> Policy:
    statement = {"Effect": "Allow", "Action": [action], "Resource": ["*"]}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield boto3.client("iam")


def put(iam: Any, action: str) -> str:
    return bootstrap.put_policy(iam, DEV.boundary, document(action), "dev")


def test_a_policy_is_created_with_the_stages_tags(iam: Any) -> None:
    assert put(iam, "s3:GetObject") == "PostalDigits-dev-boundary: created"
    tags = {each["Key"]: each["Value"] for each in iam.list_policy_tags(PolicyArn=DEV.boundary)["Tags"]}
    assert tags == {"project": "postal-digits", "stage": "dev"}


def test_the_same_policy_is_left_alone(iam: Any) -> None:
    put(iam, "s3:GetObject")
    assert put(iam, "s3:GetObject") == "PostalDigits-dev-boundary: unchanged"
    assert len(iam.list_policy_versions(PolicyArn=DEV.boundary)["Versions"]) == 1


def test_a_policy_is_renewed_however_often_it_was(iam: Any) -> None:
    for number in range(8):
        put(iam, f"s3:Get{number}")
    versions = iam.list_policy_versions(PolicyArn=DEV.boundary)["Versions"]
    (default,) = (each["VersionId"] for each in versions if each["IsDefaultVersion"])
    found = iam.get_policy_version(PolicyArn=DEV.boundary, VersionId=default)["PolicyVersion"]["Document"]
    assert found == document("s3:Get7")
    assert len(versions) == bootstrap.VERSIONS


def test_each_stage_has_a_toolkit_of_its_own_with_its_policies() -> None:
    command = " ".join(bootstrap.command(DEV, "eu-central-1"))
    for words in (
        "bootstrap aws://123456789012/eu-central-1 --qualifier pddev --toolkit-stack-name CDKToolkit-PostalDigits-dev",
        "--cloudformation-execution-policies arn:aws:iam::123456789012:policy/PostalDigits-dev-execution",
        "--custom-permissions-boundary PostalDigits-dev-boundary --apply-permissions-boundary-to-all-roles",
    ):
        assert words in command


def test_without_a_region_nothing_is_created(iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit, match=r"^make bootstrap: set AWS_REGION"):
        bootstrap.main(["dev"])
    assert iam.list_policies(Scope="Local")["Policies"] == []
