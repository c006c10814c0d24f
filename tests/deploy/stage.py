"""A deployed stage: its address, its key, and what is in it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from scripts.operate import smoke
from tests.deploy.cloud import REGION, Cloud

Found = TypeVar("Found")


@dataclass(frozen=True)
class Stage:
    """One stage in the emulator."""

    aws: Cloud
    name: str
    region: str = REGION

    @property
    def stack(self) -> str:
        return f"PostalDigits-{self.name}"

    def output(self, key: str) -> str:
        """An output of the stack."""
        (stack,) = self.aws.client("cloudformation", self.region).describe_stacks(StackName=self.stack)["Stacks"]
        return next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == key)

    @property
    def status(self) -> str:
        (stack,) = self.aws.client("cloudformation", self.region).describe_stacks(StackName=self.stack)["Stacks"]
        return str(stack["StackStatus"])

    @property
    def url(self) -> str:
        return self.aws.api_url(self.output("ApiUrl"))

    def key(self, client: str = "First") -> str:
        """The value of a client's key."""
        key_id = self.output(f"ApiKeyId{client}")
        return str(self.aws.client("apigateway", self.region).get_api_key(apiKey=key_id, includeValue=True)["value"])

    def check(self, check: Callable[[smoke.Deployment], str]) -> str:
        """What a check of `make smoke` found."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            return check(smoke.Deployment(client, self.key()))

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer of the API, with the key unless `key=False`; a throttled request is repeated."""
        with httpx.Client(base_url=self.url, timeout=60) as client:
            return smoke.Deployment(client, self.key()).ask(method, path, **options)

    def physical_id(self, part: str) -> str:
        """The physical id of the one resource whose logical id contains `part`."""
        (match,) = [each for each in self._resources() if part in each["LogicalResourceId"]]
        return str(match["PhysicalResourceId"])

    def physical_ids(self, kind: str) -> list[str]:
        """The physical ids of all resources of a type."""
        return [str(each["PhysicalResourceId"]) for each in self._resources() if each["ResourceType"] == kind]

    @property
    def function(self) -> str:
        """The name of the function that answers requests."""
        (alias,) = [each for each in self._resources() if each["ResourceType"] == "AWS::Lambda::Alias"]
        return str(alias["PhysicalResourceId"]).split(":function:")[1].split(":")[0]

    def _resources(self) -> list[dict[str, Any]]:
        pages = (
            self.aws.client("cloudformation", self.region)
            .get_paginator("list_stack_resources")
            .paginate(StackName=self.stack)
        )
        return [each for page in pages for each in page["StackResourceSummaries"]]

    def live_version(self) -> str:
        """The version to which the alias leads."""
        return str(
            self.aws.client("lambda", self.region).get_alias(FunctionName=self.function, Name="live")["FunctionVersion"]
        )

    def versions(self) -> list[str]:
        """The published versions of the function that answers requests."""
        found = self.aws.client("lambda", self.region).list_versions_by_function(FunctionName=self.function)["Versions"]
        return [str(each["Version"]) for each in found if each["Version"] != "$LATEST"]


def wait_for(what: str, find: Callable[[], Found], seconds: float) -> Found:
    """The first true result of `find`. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := find()):
        assert time.monotonic() < deadline, f"no {what} in {seconds:.0f} s"
        time.sleep(0.5)
    return found
