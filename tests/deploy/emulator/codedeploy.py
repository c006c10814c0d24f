"""CodeDeploy, as far as a deployment of an alias needs it: the pre-traffic hook decides, and the alias moves or stays.

Traffic is moved all at once. Weighted traffic, waiting, and alarms that stop a deployment are left out.
"""

import itertools
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners

from tests.deploy.emulator.resources import HANDLERS, Created, Properties
from tests.deploy.emulator.through_api import client, on_worker_thread

ALIAS = "AWS::Lambda::Alias"
TARGET = "CodeDeploy_20141006."


@dataclass
class Deployment:
    """One move of an alias; `decision` is the hook's word, "" until it is given."""

    id: str
    application: str
    group: str
    creator: str
    decided: threading.Event = field(default_factory=threading.Event)
    decision: str = ""
    status: str = "InProgress"

    def describe(self) -> dict[str, str]:
        return {
            "deploymentId": self.id,
            "applicationName": self.application,
            "deploymentGroupName": self.group,
            "creator": self.creator,
            "status": self.status,
        }


deployments: dict[str, Deployment] = {}
_numbers = itertools.count(1)


def install() -> None:
    """Lets an alias with an update policy move only after its hook approved."""
    alias = HANDLERS[ALIAS]

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        policy = _update_policy(stack, logical_id)
        function = provisioners._lambda_function_for_cfn_ref(old["FunctionName"])[0]
        current = function["aliases"][old["Name"]]["FunctionVersion"]
        if policy and current != new["FunctionVersion"]:
            if current != old["FunctionVersion"]:
                raise ValueError("The Lambda function alias version does not match")
            _check(stack, policy)
        return alias["update"](physical_id, old, new, stack, logical_id)

    HANDLERS[ALIAS] = {**alias, "update": update, "update_with_logical_id": True}
    on_worker_thread(ALIAS)


def answer(operation: str, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of a call of CodeDeploy's API."""
    if operation == "ListDeployments":
        return 200, {"deployments": list(deployments)}
    deployment = deployments.get(request.get("deploymentId", ""))
    if deployment is None:
        return 400, {"__type": "DeploymentDoesNotExistException", "message": "there is no such deployment"}
    if operation == "GetDeployment":
        return 200, {"deploymentInfo": deployment.describe()}
    if operation == "PutLifecycleEventHookExecutionStatus":
        deployment.decision = request["status"]
        deployment.decided.set()
        return 200, {"lifecycleEventHookExecutionId": request["lifecycleEventHookExecutionId"]}
    return 400, {"__type": "InvalidOperation", "message": f"the emulator's CodeDeploy has no {operation}"}


def _check(stack: str, policy: Mapping[str, Any]) -> None:
    """Raises ValueError, which fails the alias's update, unless the hook approves."""
    rollback = "ROLLBACK" in cloudformation._stacks[stack]["StackStatus"]
    deployment = Deployment(
        id=f"d-{next(_numbers):09d}",
        application=_physical_id(stack, policy["ApplicationName"]),
        group=_physical_id(stack, policy["DeploymentGroupName"]),
        creator="CloudFormationRollback" if rollback else "CloudFormation",
    )
    deployments[deployment.id] = deployment
    if "BeforeAllowTrafficHook" in policy:
        # As CodeDeploy's own event: https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
        event = {"DeploymentId": deployment.id, "LifecycleEventHookExecutionId": f"{deployment.id}-BeforeAllowTraffic"}
        hook = _physical_id(stack, policy["BeforeAllowTrafficHook"])
        client("lambda").invoke(FunctionName=hook, Payload=json.dumps(event).encode())
        if not deployment.decided.is_set():
            deployment.status = "Failed"
            raise ValueError(f"{hook} ended without a decision; CodeDeploy would wait for an hour")
        if deployment.decision != "Succeeded":
            deployment.status = "Failed"
            raise ValueError(f"deployment {deployment.id}: the pre-traffic hook refused the new version")
    deployment.status = "Succeeded"


def _update_policy(stack: str, logical_id: str) -> Mapping[str, Any]:
    definition = provisioners._cfn_wait_condition_definition(stack, logical_id)
    return definition.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate", {})


def _physical_id(stack: str, reference: Mapping[str, str]) -> str:
    return cloudformation._stacks[stack]["_resources"][reference["Ref"]]["PhysicalResourceId"]
