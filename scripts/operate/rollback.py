"""`make rollback STAGE=prod VERSION=7`: moves the alias to another version, after that version gave its golden answers.

Without VERSION it lists the versions. It is the quick way: it changes no stack. CodeDeploy deploys again once the alias
is back where the stack left it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambda_fn import version_check
from lambda_fn.errors import ModelRejected
from lambda_fn.inference import golden
from lambda_fn.settings import MODEL_REPOSITORY
from lambda_fn.version_check import Invoke, NotInvoked, Wrong

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

# The function's own timeout is at most 28 seconds.
CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"total_max_attempts": 3, "mode": "standard"})
# A version that was idle for weeks is loaded anew by the first call, which fails.
# https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
NOT_READY = ("CodeArtifactUserPendingException", "ResourceConflictException", "ResourceNotReadyException")
PAUSE_SECONDS, LONGEST_WAIT_SECONDS = 5, 300


class Refused(Exception):
    """The alias stays where it is; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class Service:
    """The function of a stage.

    Attributes:
        function: its name.
        alias: name of the alias through which requests go.
        deployed: the version that the stack deployed last. CodeDeploy begins only where the alias has it.
    """

    function: str
    alias: str
    deployed: str


def find_service(client: "CloudFormationClient", stack: str) -> Service:
    """The stage's function. Raises Refused while the stack is being changed."""
    status = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    if status.endswith("_IN_PROGRESS") and "CLEANUP" not in status:
        raise Refused(f"{stack} is being changed ({status}); to stop its deployment, see docs/runbook.md#roll-back")
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = [each for page in pages for each in page["StackResourceSummaries"]]
    # Versions that the stack left behind may still be listed.
    there = [each for each in resources if not each["ResourceStatus"].startswith("DELETE_")]
    arns = {each["ResourceType"]: each.get("PhysicalResourceId", "") for each in there}
    try:
        function, alias = arns["AWS::Lambda::Alias"].split(":")[-2:]
        return Service(function, alias, arns["AWS::Lambda::Version"].rpartition(":")[2])
    except KeyError as missing:
        raise Refused(f"{stack} has no {missing.args[0]}") from None


def list_versions(client: "LambdaClient", service: Service) -> list[str]:
    """A line for each version, the newest first."""
    live = client.get_alias(FunctionName=service.function, Name=service.alias)["FunctionVersion"]
    marks = {service.deployed: "deployed last", live: "live"}
    if live == service.deployed:
        marks[live] = "live, deployed last"
    found = _versions(client, service)
    return [f"{number:>5}  {found[number]}  {marks.get(number, '')}".rstrip() for number in found]


def roll_back(
    client: "LambdaClient", service: Service, version: str, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Moves the alias to `version`. Returns the version that it had.

    Raises:
        Refused: the version is not there or is live, traffic is being moved, or an answer of the version is wrong.
    """
    alias = client.get_alias(FunctionName=service.function, Name=service.alias)
    found = _versions(client, service)
    if version not in found:
        raise Refused(f"VERSION is {version!r}; it takes one of {', '.join(found)}")
    if version == alias["FunctionVersion"]:
        raise Refused(f"version {version} is live already")
    if weights := alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
        raise Refused(f"version {', '.join(weights)} has a part of the traffic: see docs/runbook.md#roll-back")
    try:
        wrong = check(version_check.invoker(client, f"{service.function}:{version}"), sleep)
    except Wrong as error:
        raise Refused(f"version {version} does not answer: {error}") from None
    except ModelRejected as error:
        raise Refused(f"version {version} serves a model whose golden answers are not here: {error}") from None
    if wrong and version != service.deployed:
        raise Refused(f"version {version} answers wrongly: {wrong[0]}")
    for line in wrong:
        print(f"version {version} answers wrongly: {line}")
    try:
        client.update_alias(
            FunctionName=service.function, Name=service.alias, FunctionVersion=version, RevisionId=alias["RevisionId"]
        )
    except client.exceptions.PreconditionFailedException:
        raise Refused("somebody else has moved the alias just now; look again") from None
    return alias["FunctionVersion"]


def check(invoke: Invoke, sleep: Callable[[float], None]) -> list[str]:
    """What is wrong with a version's answers, after waiting until it answers at all.

    Raises:
        Wrong: it does not answer.
        ModelRejected: it serves a model that is not in this repository.
    """
    served = _wait_for_models(invoke, sleep)
    folders = [MODEL_REPOSITORY / str(model.get("name")) / str(model.get("version")) for model in served]
    expected = [(golden.read_contract(folder), golden.read_requests(folder)) for folder in folders]
    return version_check.problems(invoke, expected)


def _wait_for_models(invoke: Invoke, sleep: Callable[[float], None]) -> list[dict[str, Any]]:
    for _ in range(LONGEST_WAIT_SECONDS // PAUSE_SECONDS):
        try:
            return version_check.served_models(invoke)
        except NotInvoked as error:
            if error.code not in NOT_READY:
                raise
            print(f"waiting for the version, which Lambda is loading ({error.code})", flush=True)
        sleep(PAUSE_SECONDS)
    return version_check.served_models(invoke)


def _versions(client: "LambdaClient", service: Service) -> dict[str, str]:
    """Number and time of each version, the newest first."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=service.function)
    versions = [each for page in pages for each in page["Versions"] if each["Version"] != "$LATEST"]
    versions.sort(key=lambda each: int(each["Version"]), reverse=True)
    return {each["Version"]: each["LastModified"][:16] for each in versions}


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with one line if it refuses, or AWS does."""
    parser = argparse.ArgumentParser(prog="make rollback", description=__doc__.split("\n")[0])
    parser.add_argument("stack", help="such as PostalDigits-prod")
    parser.add_argument("--version", default="", help="the number of a version; without it, lists them")
    options = parser.parse_args(arguments)
    try:
        service = find_service(boto3.client("cloudformation", config=CONFIG), options.stack)
        client = boto3.client("lambda", config=CONFIG)
        if not options.version:
            print("\n".join([service.function, *list_versions(client, service)]))
            return
        previous = roll_back(client, service, options.version)
    except (Refused, BotoCoreError, ClientError) as error:
        sys.exit(f"make rollback: {error}")
    print(f"live: version {options.version}, before that {previous}")
    if options.version != service.deployed:
        print(f"The next deployment fails until you run this again with VERSION={service.deployed}.")


if __name__ == "__main__":
    main()
