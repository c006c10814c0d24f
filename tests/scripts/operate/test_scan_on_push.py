"""`make scan-on-push` on moto's ECR."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.operate import scan_on_push

OTHERS = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": "shop-*", "filterType": "WILDCARD"}]}
OURS = {
    "scanFrequency": "SCAN_ON_PUSH",
    "repositoryFilters": [{"filter": "cdk-*-container-assets-*", "filterType": "WILDCARD"}],
}


@pytest.fixture
def ecr(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "eu-central-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        yield boto3.client("ecr")


def rules(ecr: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ecr.get_registry_scanning_configuration()["scanningConfiguration"]["rules"]
    return found


@pytest.mark.parametrize("filters", [[], ["cdk-hnb659fds-*"], ["cdk-pddev-*"]], ids=["none", "the CDK's own", "dev's"])
def test_the_repository_of_each_stage_is_scanned_whatever_is_scanned_already(ecr: Any, filters: list[str]) -> None:
    before = [
        {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": name, "filterType": "WILDCARD"}]}
        for name in filters
    ]
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=before)
    names = [f"cdk-{qualifier}-container-assets-123456789012-eu-central-1" for qualifier in ("pddev", "pdprod")]
    for name in names:
        ecr.create_repository(repositoryName=name)
    assert scan_on_push.turn_on(ecr)
    found = ecr.batch_get_repository_scanning_configuration(repositoryNames=names)["scanningConfigurations"]
    assert [each["scanFrequency"] for each in found] == ["SCAN_ON_PUSH", "SCAN_ON_PUSH"]


def test_rules_of_others_stay(ecr: Any) -> None:
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[OTHERS])
    scan_on_push.turn_on(ecr)
    assert rules(ecr) == [OTHERS, OURS]


@pytest.mark.parametrize("name", ["*", "cdk-*"])
def test_a_rule_that_covers_them_is_enough(ecr: Any, name: str) -> None:
    covering = {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": name, "filterType": "WILDCARD"}]}
    ecr.put_registry_scanning_configuration(scanType="BASIC", rules=[covering])
    assert not scan_on_push.turn_on(ecr)
    assert rules(ecr) == [covering]


def test_the_second_time_changes_nothing(ecr: Any, capsys: pytest.CaptureFixture[str]) -> None:
    scan_on_push.main([])
    scan_on_push.main([])
    assert capsys.readouterr().out.splitlines() == [
        "ECR scans what is pushed to cdk-*-container-assets-*",
        "ECR scans these images already",
    ]
    assert rules(ecr) == [OURS]
