"""A deployment that would lose what can't be had again is refused; a failed first one can be repeated."""

import copy
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.stub import Stubber
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from scripts.operate import preflight
from scripts.operate.preflight import Refused
from scripts.simulate import stage_template

ROOT = Path(__file__).parents[3]
STACK = "PostalDigits-prod"
Template = Mapping[str, Any]


@cache
def prod(**values: str) -> Template:
    return stage_template.synthesise("prod", **values)


def refused(deployed: Template, new: Template) -> list[str]:
    return [loss.text for loss in preflight.losses(deployed, new)]


def test_the_same_template_loses_nothing() -> None:
    assert refused(prod(), prod()) == []


def test_more_clients_and_other_values_lose_nothing() -> None:
    assert refused(prod(), prod(clients="first,backup", concurrency="900", model_version="1")) == []


def test_a_clients_key_is_missed() -> None:
    assert refused(prod(clients="first,backup"), prod()) == [
        "delete the key of the client backup, whose value can't be had again; REMOVE=backup allows it"
    ]


def test_another_address_is_missed_like_none() -> None:
    said = "delete the subscription of ops@example.com; REMOVE=alarm_email allows it"
    without = copy.deepcopy(dict(prod()))
    for name in [name for name, each in prod()["Resources"].items() if each["Type"] == "AWS::SNS::Subscription"]:
        del without["Resources"][name]
    assert refused(prod(), without) == [said]
    assert refused(prod(), prod(alarm_email="night@example.com")) == [said]


def test_a_pagers_subscription_is_missed() -> None:
    pager = {
        "Type": "AWS::SNS::Subscription",
        "Properties": {"Protocol": "https", "Endpoint": "https://pager.example/a", "TopicArn": {"Ref": "Topic"}},
    }
    assert refused({"Resources": {"Pager": pager}}, {"Resources": {}}) == [
        "delete the subscription of the https endpoint; REMOVE=pager_url allows it"
    ]


@pytest.mark.parametrize(
    "kind", ["AWS::Logs::LogGroup", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::ApiGateway::RestApi"]
)
def test_logs_keys_buckets_and_the_api_are_missed(kind: str) -> None:
    assert refused({"Resources": {"It": {"Type": kind}}}, {"Resources": {}}) == [
        f"delete It ({kind}); REMOVE=It allows it"
    ]


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_what_cloudformation_keeps_is_not_missed(policy: str) -> None:
    kept = {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": policy}
    assert refused({"Resources": {"It": kept}}, {"Resources": {}}) == []


def test_a_replacement_is_missed_unless_the_old_one_is_kept() -> None:
    old, new = ({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}} for name in "ab")
    assert refused({"Resources": {"It": old}}, {"Resources": {"It": new}}) == [
        "replace It (AWS::Logs::LogGroup); REMOVE=It allows it"
    ]
    kept = new | {"UpdateReplacePolicy": "Retain"}
    assert refused({"Resources": {"It": old}}, {"Resources": {"It": kept}}) == []


def test_the_heartbeats_key_may_be_replaced() -> None:
    key = {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Description": "Postal Digits heartbeat"}}
    assert refused({"Resources": {"Key": key}}, {"Resources": {"Key2": key}}) == []


def test_a_change_replaces_a_resource_where_aws_says_so() -> None:
    for kind, properties in preflight.CREATE_ONLY.items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        create_only = {path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", [])}
        assert properties == create_only, kind


def test_make_deploy_checks_what_it_synthesised_and_deploys_just_that() -> None:
    command = ["make", "--no-print-directory", "--dry-run", "deploy", "STAGE=prod", "REMOVE=backup", "DEPLOY=--ci"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    synthesis, checked, deployment = lines[-3:]
    assert "cdk synth --quiet PostalDigits-prod -c stage=prod" in synthesis
    assert checked.endswith('python -m scripts.operate.preflight PostalDigits-prod --remove "backup"')
    assert deployment.endswith("cdk deploy --app cdk.out PostalDigits-prod --ci")


@pytest.fixture
def cloudformation() -> Any:
    return boto3.client("cloudformation", "eu-central-1", config=Config(signature_version=UNSIGNED))


@pytest.fixture
def stub(cloudformation: Any) -> Iterator[Stubber]:
    with Stubber(cloudformation) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def deployed_as(stub: Stubber, status: str, *, protected: bool = True) -> None:
    stack = {"StackName": STACK, "StackStatus": status, "CreationTime": "2026-11-27T00:00:00Z"}
    stub.add_response(
        "describe_stacks", {"Stacks": [stack | {"EnableTerminationProtection": protected}]}, {"StackName": STACK}
    )


def has_template(stub: Stubber, template: Template) -> None:
    stub.add_response("get_template", {"TemplateBody": json.dumps(template)}, {"StackName": STACK})


Check = Callable[..., list[str]]


@pytest.fixture
def check(cloudformation: Any) -> Check:
    def run(template: Template, *, protected: bool = True, remove: tuple[str, ...] = ()) -> list[str]:
        return preflight.check(cloudformation, preflight.NewStack(STACK, template, protected), remove)

    return run


def test_a_loss_is_refused_in_one_line_each(stub: Stubber, check: Check) -> None:
    deployed_as(stub, "UPDATE_COMPLETE")
    has_template(stub, prod(clients="first,backup,post"))
    with pytest.raises(Refused) as caught:
        check(prod())
    assert str(caught.value).splitlines() == [
        f"deploying {STACK} would delete the key of the client {name}, "
        f"whose value can't be had again; REMOVE={name} allows it"
        for name in ("backup", "post")
    ]


def test_a_named_loss_is_allowed(stub: Stubber, check: Check) -> None:
    deployed_as(stub, "UPDATE_COMPLETE")
    has_template(stub, prod(clients="first,backup"))
    assert check(prod(), remove=("backup",)) == []


def test_a_name_that_would_not_be_lost_is_refused(stub: Stubber, check: Check) -> None:
    deployed_as(stub, "UPDATE_COMPLETE")
    has_template(stub, prod(clients="first,backup"))
    with pytest.raises(Refused, match=r"^REMOVE names bakcup; this deployment would delete backup$"):
        check(prod(), remove=("backup", "bakcup"))


@pytest.mark.parametrize(("was", "will_be"), [(True, False), (False, True)])
def test_a_stage_that_is_protected_before_or_after_is_checked(
    stub: Stubber, check: Check, was: bool, will_be: bool
) -> None:
    deployed_as(stub, "UPDATE_COMPLETE", protected=was)
    has_template(stub, prod(clients="first,backup"))
    with pytest.raises(Refused):
        check(prod(), protected=will_be)


def test_an_unprotected_stage_is_not_checked(stub: Stubber, check: Check) -> None:
    deployed_as(stub, "UPDATE_COMPLETE", protected=False)
    assert check(prod(), protected=False) == []


def test_a_stage_that_is_not_deployed_yet_passes(stub: Stubber, check: Check) -> None:
    stub.add_client_error("describe_stacks", "ValidationError", f"Stack with id {STACK} does not exist", 400)
    assert check(prod()) == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS"])
def test_a_stack_that_never_came_up_loses_its_protection(stub: Stubber, check: Check, status: str) -> None:
    deployed_as(stub, status)
    stub.add_response("update_termination_protection", {}, {"StackName": STACK, "EnableTerminationProtection": False})
    assert check(prod()) == [
        f"{STACK} never came up ({status}): its protection is off, so that it can be deleted and created again"
    ]


def test_a_stack_whose_update_failed_keeps_its_protection(stub: Stubber, check: Check) -> None:
    deployed_as(stub, "UPDATE_ROLLBACK_COMPLETE")
    has_template(stub, prod())
    assert check(prod()) == []


def test_another_error_of_aws_ends_it_in_one_line(stub: Stubber, check: Check) -> None:
    stub.add_client_error("describe_stacks", "AccessDenied", "not authorized", 403)
    with pytest.raises(Refused, match=r"^PostalDigits-prod can't be read: .*not authorized$"):
        check(prod())


def test_the_new_stack_is_read_from_the_cloud_assembly(tmp_path: Path) -> None:
    properties = {"templateFile": "a.json", "terminationProtection": True}
    manifest = {"artifacts": {STACK: {"type": "aws:cloudformation:stack", "properties": properties}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "a.json").write_text('{"Resources": {}}')
    assert preflight.read(tmp_path, STACK) == preflight.NewStack(STACK, {"Resources": {}}, True)


def test_an_assembly_of_another_stage_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"artifacts": {}}')
    with pytest.raises(Refused, match=r"has no PostalDigits-prod: run make synth$"):
        preflight.read(tmp_path, STACK)
