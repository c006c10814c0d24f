"""What is added to the emulator does what the stack needs of it."""

import json

import psutil
import pytest
from botocore.exceptions import ClientError

from tests.deploy import cloud
from tests.deploy.cloud import ACCOUNT, Cloud
from tests.deploy.stage import wait_for

THINGS = {
    "Budget": {
        "Type": "AWS::Budgets::Budget",
        "Properties": {
            "Budget": {
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": 100, "Unit": "USD"},
            },
            "NotificationsWithSubscribers": [
                {
                    "Notification": {
                        "NotificationType": "ACTUAL",
                        "ComparisonOperator": "GREATER_THAN",
                        "Threshold": 100,
                    },
                    "Subscribers": [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}],
                }
            ],
        },
    },
    "Check": {
        "Type": "AWS::Route53::HealthCheck",
        "Properties": {
            "HealthCheckConfig": {
                "Type": "HTTPS",
                "FullyQualifiedDomainName": "example.com",
                "ResourcePath": "/health",
                "RequestInterval": 30,
                "FailureThreshold": 3,
            }
        },
    },
}


def test_the_emulator_listens_to_this_machine_and_its_containers_only(aws: Cloud) -> None:
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(aws.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1", *cloud.bridge()}


def test_an_unknown_resource_type_is_refused_by_name(aws: Cloud) -> None:
    template = json.dumps({"Resources": {"Unknown": {"Type": "AWS::Unknown::Thing"}}})
    with pytest.raises(ClientError, match=r"Unrecognized resource types: \[AWS::Unknown::Thing\]"):
        aws.client("cloudformation").create_stack(StackName="unknown", TemplateBody=template)


def test_types_created_through_an_api_are_there_until_their_stack_goes(aws: Cloud) -> None:
    stacks = aws.client("cloudformation")
    stacks.create_stack(StackName="things", TemplateBody=json.dumps({"Resources": THINGS}))
    wait_for("stack", lambda: _status(aws) == "CREATE_COMPLETE", 30)
    assert _things(aws) == (["things-Budget"], ["/health"])
    stacks.delete_stack(StackName="things")
    wait_for("end of the stack", lambda: _things(aws) == ([], []), 30)


def _status(aws: Cloud) -> str:
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="things")["Stacks"]
    assert "ROLLBACK" not in stack["StackStatus"], stack
    return str(stack["StackStatus"])


def _things(aws: Cloud) -> tuple[list[str], list[str]]:
    budgets = aws.client("budgets").describe_budgets(AccountId=ACCOUNT).get("Budgets", [])
    checks = aws.client("route53").list_health_checks()["HealthChecks"]
    return [each["BudgetName"] for each in budgets], [each["HealthCheckConfig"]["ResourcePath"] for each in checks]
