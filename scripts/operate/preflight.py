"""`make deploy` runs this between the synthesis and the deployment of a stage.

It refuses a deployment that would delete what a protected stage can't get back: a client's key, the subscription of an
address or a pager, logs, encryption keys, buckets, the API with its address. REMOVE="backup alarm_email" allows the
named losses. A stack whose first creation failed loses its termination protection, so that the CDK can delete it and
create it again.
"""

import argparse
import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra_cdk.config import CLIENT_KEY

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

API_KEY, SUBSCRIPTION = "AWS::ApiGateway::ApiKey", "AWS::SNS::Subscription"
# What can't be had again, with the properties whose change replaces the resource.
CREATE_ONLY: dict[str, set[str]] = {
    API_KEY: {"GenerateDistinctId", "Name", "Value"},
    SUBSCRIPTION: {"Endpoint", "Protocol", "TopicArn"},
    "AWS::ApiGateway::RestApi": set(),
    "AWS::KMS::Key": set(),
    "AWS::Logs::LogGroup": {"LogGroupName"},
    "AWS::S3::Bucket": {"BucketName", "BucketNamePrefix", "BucketNamespace"},
}
VALUE_OF_PROTOCOL = {"email": "alarm_email", "https": "pager_url"}
NEVER_CAME_UP = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS")
KEPT = ("Retain", "RetainExceptOnCreate")

Template = Mapping[str, Any]
Resource = Mapping[str, Any]


class Refused(Exception):
    """The deployment must not begin; the message has a line for each reason."""


@dataclass(frozen=True, slots=True)
class NewStack:
    """The stack that would be deployed."""

    name: str
    template: Template
    protected: bool


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that the deployment would delete.

    Attributes:
        name: what REMOVE must name.
    """

    name: str
    text: str


def read(assembly: Path, stack_name: str) -> NewStack:
    """The stack in a cloud assembly, such as cdk.out.

    Raises:
        Refused: there is no such stack in it.
    """
    try:
        properties = json.loads((assembly / "manifest.json").read_bytes())["artifacts"][stack_name]["properties"]
        template = json.loads((assembly / properties["templateFile"]).read_bytes())
    except (OSError, KeyError, ValueError):
        raise Refused(f"{assembly} has no {stack_name}: run make synth") from None
    return NewStack(stack_name, template, properties.get("terminationProtection", False))


def losses(deployed: Template, new: Template) -> list[Loss]:
    """What the new template would delete or replace, without what CloudFormation keeps."""
    return list(dict.fromkeys(_losses(deployed["Resources"], new["Resources"])))  # an address is subscribed twice


def _losses(deployed: Mapping[str, Resource], new: Mapping[str, Resource]) -> Iterator[Loss]:
    for logical_id, old in deployed.items():
        if old["Type"] not in CREATE_ONLY:
            continue
        if logical_id not in new:
            verb, kept = "delete", old.get("DeletionPolicy") in KEPT
        elif _is_replaced(old, new[logical_id]):
            verb, kept = "replace", new[logical_id].get("UpdateReplacePolicy") in KEPT
        else:
            continue
        if not kept and (named := _named(logical_id, old)):
            name, what = named
            yield Loss(name, f"{verb} {what}; REMOVE={name} allows it")


def _is_replaced(old: Resource, new: Resource) -> bool:
    properties = CREATE_ONLY[old["Type"]]
    before, after = (each.get("Properties", {}) for each in (old, new))
    return any(before.get(name) != after.get(name) for name in properties)


def _named(logical_id: str, resource: Resource) -> tuple[str, str] | None:
    """What REMOVE calls the resource, and what a message calls it; None if nobody would miss it."""
    properties = resource.get("Properties", {})
    if resource["Type"] == API_KEY:
        # The heartbeat's key is nobody's: the stack gives the next one to its function.
        client = str(properties.get("Description", "")).partition(CLIENT_KEY)[2]
        return (client, f"the key of the client {client}, whose value can't be had again") if client else None
    if resource["Type"] == SUBSCRIPTION:
        value = VALUE_OF_PROTOCOL.get(properties["Protocol"], logical_id)
        # A pager's URL may hold a key.
        endpoint = properties["Endpoint"] if value == "alarm_email" else f"the {properties['Protocol']} endpoint"
        return value, f"the subscription of {endpoint}"
    return logical_id, f"{logical_id} ({resource['Type']})"


def check(cloudformation: "CloudFormationClient", new: NewStack, remove: Collection[str]) -> list[str]:
    """Compares the deployed stack with the new one; returns what a person should know.

    Raises:
        Refused: the deployment would lose something that `remove` does not name, or AWS gives no answer.
    """
    try:
        stack = _deployed(cloudformation, new.name)
        if stack is None:
            return []
        protected = stack.get("EnableTerminationProtection", False)
        if stack["StackStatus"] in NEVER_CAME_UP:
            return _unprotect(cloudformation, stack) if protected else []
        if not (protected or new.protected):
            return []
        body: Any = cloudformation.get_template(StackName=new.name)["TemplateBody"]
    except (BotoCoreError, ClientError) as error:
        raise Refused(f"{new.name} can't be read: {error}") from None
    found = losses(json.loads(body) if isinstance(body, str) else body, new.template)
    names = sorted({loss.name for loss in found})
    if unknown := sorted(set(remove) - set(names)):
        raise Refused(
            f"REMOVE names {', '.join(unknown)}; this deployment would delete {', '.join(names) or 'nothing'}"
        )
    if refused := [loss.text for loss in found if loss.name not in remove]:
        raise Refused("\n".join(f"deploying {new.name} would {text}" for text in refused))
    return []


def _deployed(cloudformation: "CloudFormationClient", stack_name: str) -> "StackTypeDef | None":
    try:
        return cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _unprotect(cloudformation: "CloudFormationClient", stack: "StackTypeDef") -> list[str]:
    name = stack["StackName"]
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    status = f"{name} never came up ({stack['StackStatus']})"
    return [f"{status}: its protection is off, so that it can be deleted and created again"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 if the deployment must not begin."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__.split("\n")[0])
    parser.add_argument("stack", help="the stack's name")
    parser.add_argument("--assembly", type=Path, default=Path("cdk.out"))
    parser.add_argument("--remove", default="", help="what the deployment may delete, with spaces between the names")
    options = parser.parse_args(arguments)
    try:
        new = read(options.assembly, options.stack)
        for line in check(boto3.client("cloudformation"), new, options.remove.split()):
            print(line)
    except (Refused, BotoCoreError) as refused:
        sys.exit("\n".join(f"postal-digits: {line}" for line in str(refused).splitlines()))


if __name__ == "__main__":
    main()
