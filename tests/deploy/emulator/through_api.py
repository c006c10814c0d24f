"""Resource types that the emulator has an API for, but no CloudFormation handler: created by a call of that API."""

import os
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.config import Config
from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import stacks

from tests.deploy.emulator.resources import HANDLERS, Created, Properties

Create = Callable[[str, Properties, str], Created]
Delete = Callable[[str, Properties], object]


def client(service: str) -> Any:
    """A client of the emulator itself. Its calls block, so they must not be made on the event loop."""
    return botocore.session.get_session().create_client(
        service,
        region_name=get_region(),
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  the emulator takes any
        config=Config(read_timeout=600, retries={"total_max_attempts": 1}),
    )


def on_worker_thread(kind: str) -> None:
    """Lets handlers of this type make calls that block."""
    blocks = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda each: each == kind or blocks(each)


def install() -> None:
    """Adds the types. One that the emulator has learned to create must leave this file."""
    for kind, (create, delete) in TYPES.items():
        if kind in HANDLERS:
            raise SystemExit(f"the emulator creates {kind} itself: remove it from through_api.py")
        HANDLERS[kind] = {"create": create, "update": _replace(create, delete), "delete": delete}
        on_worker_thread(kind)


def _replace(create: Create, delete: Delete) -> Callable[..., Created]:
    def update(physical_id: str, old: Properties, new: Properties, stack: str, *_: object) -> Created:
        delete(physical_id, old)
        return create(physical_id, new, stack)

    return update


def _create_budget(logical_id: str, properties: Properties, stack: str) -> Created:
    budget = {"BudgetName": f"{stack}-{logical_id}"} | properties["Budget"]
    notifications = properties.get("NotificationsWithSubscribers", [])
    client("budgets").create_budget(
        AccountId=get_account_id(), Budget=_numbers(budget), NotificationsWithSubscribers=_numbers(notifications)
    )
    return budget["BudgetName"], {}


def _delete_budget(physical_id: str, _properties: Properties) -> None:
    client("budgets").delete_budget(AccountId=get_account_id(), BudgetName=physical_id)


def _create_health_check(logical_id: str, properties: Properties, stack: str) -> Created:
    config = {name: _typed(name, value) for name, value in properties["HealthCheckConfig"].items()}
    reference = f"{stack}-{logical_id}-{os.urandom(4).hex()}"
    created = client("route53").create_health_check(CallerReference=reference, HealthCheckConfig=config)
    check = created["HealthCheck"]["Id"]
    return check, {"HealthCheckId": check}


def _delete_health_check(physical_id: str, _properties: Properties) -> None:
    client("route53").delete_health_check(HealthCheckId=physical_id)


def _associate(_logical_id: str, properties: Properties, _stack: str) -> Created:
    client("wafv2").associate_web_acl(WebACLArn=properties["WebACLArn"], ResourceArn=properties["ResourceArn"])
    return f"{properties['WebACLArn']}|{properties['ResourceArn']}", {}


def _disassociate(_physical_id: str, properties: Properties) -> None:
    client("wafv2").disassociate_web_acl(ResourceArn=properties["ResourceArn"])


# CloudFormation takes numbers as text and text as numbers; the APIs do not.
WHOLE = ("FailureThreshold", "HealthThreshold", "Port", "RequestInterval")
FLAGS = ("Disabled", "EnableSNI", "Inverted", "MeasureLatency")


def _typed(name: str, value: Any) -> Any:
    if name in WHOLE:
        return int(value)
    return str(value).lower() == "true" if name in FLAGS else value


def _numbers(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _numbers(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_numbers(each) for each in value]
    if name == "Amount":
        return str(value)
    return float(value) if name == "Threshold" else value


TYPES: dict[str, tuple[Create, Delete]] = {
    "AWS::Budgets::Budget": (_create_budget, _delete_budget),
    "AWS::Route53::HealthCheck": (_create_health_check, _delete_health_check),
    "AWS::WAFv2::WebACLAssociation": (_associate, _disassociate),
}
