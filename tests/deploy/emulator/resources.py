"""CloudFormation handlers of the resource types that the emulator lacks."""

import time
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners, stacks

from tests.deploy.emulator.stand_ins import STAND_INS

HANDLERS: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS
NAMES = (
    "AlarmName",
    "ApplicationName",
    "DeploymentGroupName",
    "Name",
    "PolicyName",
    "ResourceArn",
    "ResourceId",
)  # of the property that names a resource, by type
Properties = dict[str, Any]
Created = tuple[str, dict[str, str]]

# Types of which the next resource fails to be created, once.
failing: set[str] = set()


def install() -> None:
    """Adds the stand-ins. A type that the emulator has learned to create must leave the table."""
    known = sorted(set(STAND_INS) & set(HANDLERS))
    if known:
        raise SystemExit(f"the emulator creates {', '.join(known)} itself: remove it from stand_ins.py")
    for kind in STAND_INS:
        HANDLERS[kind] = _stand_in(kind)
    alarm, math_alarm = HANDLERS["AWS::CloudWatch::Alarm"], _stand_in("AWS::CloudWatch::Alarm")

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        return (math_alarm if "Metrics" in properties else alarm)["create"](logical_id, properties, stack)

    def update(physical_id: str, old: Properties, new: Properties, stack: str, *rest: object) -> Created:
        if "Metrics" in new and "Metrics" in old:
            return math_alarm["update"](physical_id, old, new, stack, *rest)
        return alarm["update"](physical_id, old, new, stack, *rest)

    HANDLERS["AWS::CloudWatch::Alarm"] = {**alarm, "create": create, "update": update}
    _add_label_namespace()
    provision = stacks._provision_resource

    def provision_or_fail(kind: str, logical_id: str, properties: Properties, stack: str) -> Created:
        if kind in failing:
            failing.discard(kind)
            raise ValueError("this resource was told to fail once")
        return provision(kind, logical_id, properties, stack)

    stacks._provision_resource = provision_or_fail


def _add_label_namespace() -> None:
    """Adds the attribute of a firewall that the emulator lacks.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webacl.html
    """
    handler = HANDLERS["AWS::WAFv2::WebACL"]

    def with_namespace(call: Callable[..., Created]) -> Callable[..., Created]:
        def created(*arguments: Any, **options: Any) -> Created:
            physical_id, found = call(*arguments, **options)
            name = physical_id.split("|")[0]
            return physical_id, {**found, "LabelNamespace": f"awswaf:{provisioners.get_account_id()}:webacl:{name}:"}

        return created

    changed = {verb: with_namespace(handler[verb]) for verb in ("create", "update")}
    HANDLERS["AWS::WAFv2::WebACL"] = {**handler, **changed}


def _stand_in(kind: str) -> dict[str, Any]:
    service = kind.split("::")[1].lower()

    def attributes(name: str) -> dict[str, str]:
        arn = f"arn:aws:{service}:{provisioners.get_region()}:{provisioners.get_account_id()}:{name}"
        return {"Arn": arn, "CreatedTime": str(int(time.time()))}

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        name = next((str(properties[key]) for key in NAMES if properties.get(key)), f"{stack}-{logical_id}")
        return name, attributes(name)

    def update(physical_id: str, _old: Properties, _new: Properties, *_: object) -> Created:
        return physical_id, attributes(physical_id)

    def delete(_physical_id: str, _properties: Properties, *_: object) -> None:
        """There is nothing to delete."""

    return {"create": create, "update": update, "delete": delete}
