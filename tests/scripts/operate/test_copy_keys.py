"""`make copy-keys` between two regions of moto's API Gateway."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.operate import copy_keys
from scripts.operate.copy_keys import Refused, Region

STACK = "PostalDigits-prod"
HERE, THERE = "eu-central-1", "eu-west-1"


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def region(name: str, *clients: str) -> Region:
    """A stage with these clients: a key for each, and the usage plan that has them."""
    client = boto3.client("apigateway", name)
    plan = client.create_usage_plan(name="clients")["id"]
    key_ids = {}
    for each in clients:
        key_ids[each] = client.create_api_key(name=each, enabled=True)["id"]
        client.create_usage_plan_key(usagePlanId=plan, keyId=key_ids[each], keyType="API_KEY")
    return Region(name, STACK, client, key_ids)


def values(region: Region) -> dict[str, bool]:
    """Whether each key of the usage plan is enabled, by its value."""
    (plan,) = region.client.get_usage_plans()["items"]
    keys = region.client.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
    found: list[Any] = [region.client.get_api_key(apiKey=key["id"], includeValue=True) for key in keys]
    return {key["value"]: key["enabled"] for key in found}


def value(region: Region, client: str) -> str:
    return region.client.get_api_key(apiKey=region.key_ids[client], includeValue=True)["value"]


def left(region: Region) -> set[str]:
    """The values of all keys."""
    return {key["value"] for key in region.client.get_api_keys(includeValues=True)["items"]}


def test_each_clients_key_is_valid_in_the_other_region_too() -> None:
    here, there = region(HERE, "Post", "Backup"), region(THERE, "Post", "Backup")
    own = values(there)
    assert list(copy_keys.copy(here, there)) == ["Post: copied", "Backup: copied"]
    assert values(there) == own | values(here)


def test_a_copy_has_the_stages_tags_so_that_no_other_stage_may_read_it() -> None:
    here, there = region(HERE, "Post"), region(THERE, "Post")
    list(copy_keys.copy(here, there))
    (copied,) = (key for key in there.client.get_api_keys()["items"] if key["id"] != there.key_ids["Post"])
    assert {"project": "postal-digits", "stage": "prod"}.items() <= copied["tags"].items()


def test_a_second_run_changes_nothing() -> None:
    here, there = region(HERE, "Post"), region(THERE, "Post")
    list(copy_keys.copy(here, there))
    before = values(there)
    assert list(copy_keys.copy(here, there)) == []
    assert values(there) == before


def test_a_client_that_is_gone_loses_its_copy_and_nobody_elses_key() -> None:
    here, there = region(HERE, "Post", "Backup"), region(THERE, "Post", "Backup")
    list(copy_keys.copy(here, there))
    gone = value(here, "Backup")
    others = values(there).keys() - {gone}
    del here.key_ids["Backup"]
    assert list(copy_keys.copy(here, there)) == ["Backup: removed"]
    assert left(there) == others


def test_a_key_that_was_turned_off_is_turned_off_in_the_other_region() -> None:
    here, there = region(HERE, "Post"), region(THERE, "Post")
    list(copy_keys.copy(here, there))
    turned_off = {"op": "replace", "path": "/enabled", "value": "false"}
    here.client.update_api_key(apiKey=here.key_ids["Post"], patchOperations=[turned_off])  # type: ignore[list-item]
    assert list(copy_keys.copy(here, there)) == ["Post: turned off"]
    assert values(there)[value(here, "Post")] is False


def test_a_client_with_a_new_key_has_the_new_one_only() -> None:
    here, there = region(HERE, "Post"), region(THERE, "Post")
    list(copy_keys.copy(here, there))
    old = value(here, "Post")
    again = Region(HERE, STACK, here.client, region(HERE, "Post").key_ids)
    assert list(copy_keys.copy(again, there)) == ["Post: copied"]
    assert left(there) == {value(there, "Post"), value(again, "Post")}
    assert old not in left(there)


def test_keys_of_another_stage_stay() -> None:
    here, there = region(HERE, "Post"), region(THERE, "Post")
    list(copy_keys.copy(here, there))
    other = Region(HERE, "PostalDigits-dev", here.client, {})
    assert list(copy_keys.copy(other, Region(THERE, "PostalDigits-dev", there.client, {}))) == []
    assert value(here, "Post") in values(there)


@pytest.mark.parametrize(
    ("target", "clients", "said"),
    [
        (THERE, (), "PostalDigits-prod in eu-west-1 has no client Post; deploy the same clients there"),
        (HERE, ("Post",), "FROM and TO are both eu-central-1; they take two regions"),
    ],
)
def test_nothing_is_copied_to_a_region_that_is_not_ready(target: str, clients: tuple[str, ...], said: str) -> None:
    here, there = region(HERE, "Post"), region(target, *clients)
    with pytest.raises(Refused, match=said):
        list(copy_keys.copy(here, there))


def test_no_value_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    regions = {name: region(name, "Post") for name in (HERE, THERE)}
    monkeypatch.setattr(copy_keys, "find_region", lambda _c, _a, _s, name: regions[name])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    copy_keys.main([STACK, "--from", HERE, "--to", THERE])
    copy_keys.main([STACK, "--from", HERE, "--to", THERE])
    printed = capsys.readouterr().out
    assert printed == f"Post: copied\nnothing to copy: all keys are as in {HERE}\n"


@pytest.mark.parametrize("missing", [HERE, THERE])
def test_a_stage_that_is_not_there_is_named_in_one_line_with_its_region(missing: str) -> None:
    (present,) = {HERE, THERE} - {missing}
    template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    boto3.client("cloudformation", present).create_stack(StackName=STACK, TemplateBody=template)
    with pytest.raises(SystemExit) as ended:
        copy_keys.main([STACK, "--from", HERE, "--to", THERE])
    said = str(ended.value)
    assert said.startswith(f"make copy-keys: {STACK} in {missing}: ")
    assert "\n" not in said


@pytest.mark.parametrize(("source", "target"), [("", ""), (HERE, ""), ("", THERE)])
def test_a_region_that_is_not_given_is_asked_for(source: str, target: str) -> None:
    with pytest.raises(SystemExit) as ended:
        copy_keys.main([STACK, "--from", source, "--to", target])
    assert ended.value.code == "make copy-keys: set FROM and TO, such as FROM=eu-central-1 TO=eu-west-1"
