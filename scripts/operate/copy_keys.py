"""`make copy-keys STAGE=prod FROM=eu-central-1 TO=eu-west-1`: makes the clients' keys of a region valid in another too.

API Gateway's keys belong to a region, and a template must not hold their values. So they are copied from API to API,
and no value is shown. A second run adds what is new, removes what is gone, and turns off what was turned off.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra_cdk import naming

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_cloudformation import CloudFormationClient

CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 5, "mode": "standard"})
OUTPUT = "ApiKeyId"  # begins the name of the output that has the id of a client's key
FROM, CLIENT, STACK = "copied-from", "client", "copied-for"  # tags of a copy


class Refused(Exception):
    """Nothing was copied; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Region:
    """A stage in one region; `key_ids` are those of the stack's own keys, by client."""

    name: str
    stack: str
    client: "APIGatewayClient"
    key_ids: dict[str, str]


def find_region(cloudformation: "CloudFormationClient", client: "APIGatewayClient", stack: str, name: str) -> Region:
    """The stage as its stack describes it.

    Raises:
        Refused: AWS does not describe the stack.
    """
    try:
        outputs = cloudformation.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", [])
    except ClientError as error:
        raise Refused(f"{stack} in {name}: {error}") from None
    key_ids = {each["OutputKey"]: each["OutputValue"] for each in outputs if each["OutputKey"].startswith(OUTPUT)}
    return Region(name, stack, client, {key.removeprefix(OUTPUT): key_id for key, key_id in key_ids.items()})


def copy(source: Region, target: Region) -> Iterator[str]:
    """Copies the clients' keys, and yields a line for each that was copied, turned on or off, or removed.

    Raises:
        Refused: the target's stack has other clients, so it has no usage plan for them.
    """
    if source.name == target.name:
        raise Refused(f"FROM and TO are both {source.name}; they take two regions")
    if missing := sorted(source.key_ids.keys() - target.key_ids.keys()):
        raise Refused(f"{target.stack} in {target.name} has no client {missing[0]}; deploy the same clients there")
    copies = _copies(source, target)
    for client, key_id in source.key_ids.items():
        key = source.client.get_api_key(apiKey=key_id, includeValue=True)
        # Before the new one is made: a client that was removed and added again has another value.
        known = copies.pop(client, None)
        if known and known["value"] != key["value"]:
            target.client.delete_api_key(apiKey=known["id"])
            known = None
        if known is None:
            yield _create(source, target, client, key)
        elif known["enabled"] != key["enabled"]:
            turned = {"op": "replace", "path": "/enabled", "value": str(key["enabled"]).lower()}
            target.client.update_api_key(apiKey=known["id"], patchOperations=[turned])  # type: ignore[list-item]
            yield f"{client}: turned {'on' if key['enabled'] else 'off'}"
    for client, gone in copies.items():
        target.client.delete_api_key(apiKey=gone["id"])
        yield f"{client}: removed"


def _copies(source: Region, target: Region) -> dict[str, Any]:
    """The copies that an earlier run made, by client."""
    pages = target.client.get_paginator("get_api_keys").paginate(includeValues=True)
    keys = [key for page in pages for key in page["items"]]
    made = {FROM: source.name, STACK: target.stack}.items()
    return {key["tags"][CLIENT]: key for key in keys if made <= key.get("tags", {}).items()}


def _create(source: Region, target: Region, client: str, key: Any) -> str:
    (plan,) = target.client.get_usage_plans(keyId=target.key_ids[client])["items"]
    created = target.client.create_api_key(
        name=f"{target.stack}-{client}-{source.name}",
        description=f"Copy of the key of {client} in {source.name}",
        value=key["value"],
        enabled=key["enabled"],
        tags={FROM: source.name, STACK: target.stack, CLIENT: client, **_stage_tags(target.stack)},
    )
    target.client.create_usage_plan_key(usagePlanId=plan["id"], keyId=created["id"], keyType="API_KEY")
    return f"{client}: copied"


def _stage_tags(stack: str) -> dict[str, str]:
    """The tags of all that the stage has: by them, deployment_policies.py keeps other stages from the copy."""
    return {"project": naming.PROJECT, "stage": stack.removeprefix("PostalDigits-")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with one line if it refuses, or AWS does."""
    parser = argparse.ArgumentParser(prog="make copy-keys", description=__doc__.split("\n")[0])
    parser.add_argument("stack", help="such as PostalDigits-prod")
    parser.add_argument("--from", dest="source", required=True, help="the region whose keys the clients have")
    parser.add_argument("--to", dest="target", required=True, help="the region that must take them too")
    options = parser.parse_args(arguments)
    if not (options.source and options.target):
        sys.exit("make copy-keys: set FROM and TO, such as FROM=eu-central-1 TO=eu-west-1")
    try:
        source, target = (
            find_region(
                boto3.client("cloudformation", name, config=CONFIG),
                boto3.client("apigateway", name, config=CONFIG),
                options.stack,
                name,
            )
            for name in (options.source, options.target)
        )
        done = False
        for line in copy(source, target):
            print(line)
            done = True
        if not done:
            print(f"nothing to copy: all keys are as in {source.name}")
    except (Refused, BotoCoreError, ClientError) as error:
        sys.exit(f"make copy-keys: {error}")


if __name__ == "__main__":
    main()
