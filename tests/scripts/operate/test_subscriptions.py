"""Which subscriptions of a deployed stage's topics are confirmed, pending or missing."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from scripts.operate import subscriptions
from scripts.operate.subscriptions import Subscription

ARN = "arn:aws:sns:eu-central-1:123456789012:"
PAGER = "https://events.example.com/?key={{resolve:secretsmanager:pager}}"
TEMPLATE = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "PAGE PostalDigits-prod"}},
        "Tickets": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "TICKET PostalDigits-prod"}},
        "Page": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "email", "Endpoint": "ops@example.com"},
        },
        "Pager": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "https", "Endpoint": PAGER},
        },
        "Ticket": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Tickets"}, "Protocol": "email", "Endpoint": "ops@example.com"},
        },
    }
}
PAGE_MAIL = ("email", "ops@example.com", ARN + "pages:1")
PAGE_PAGER = ("https", "https://events.example.com/?key=secret", ARN + "pages:2")
TICKET_MAIL = ("email", "ops@example.com", ARN + "tickets:1")


class Account:
    """Clients whose answers are set."""

    def __init__(self, stubs: ExitStack) -> None:
        options: dict[str, Any] = {
            "region_name": "eu-central-1",
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        self.cloudformation, self.sns = (boto3.client(name, **options) for name in ("cloudformation", "sns"))
        self._stack, self._topics = (stubs.enter_context(Stubber(each)) for each in (self.cloudformation, self.sns))

    def holds(self, template: dict[str, Any], **subscribed: list[tuple[str, str, str]]) -> None:
        """The stack's template, and the subscriptions of its topics by their logical ids."""
        self._stack.add_response(
            "get_template", {"TemplateBody": json.dumps(template)}, {"StackName": "PostalDigits-prod"}
        )
        summary = {
            "LastUpdatedTimestamp": "2026-11-27T00:00:00Z",
            "ResourceStatus": "CREATE_COMPLETE",
            "ResourceType": "AWS::SNS::Topic",
        }
        summaries = [
            summary | {"LogicalResourceId": name, "PhysicalResourceId": ARN + name} for name in ("Topic", "Tickets")
        ]
        self._stack.add_response("list_stack_resources", {"StackResourceSummaries": summaries})
        for topic, found in subscribed.items():
            answer = [
                {"Protocol": protocol, "Endpoint": endpoint, "SubscriptionArn": arn}
                for protocol, endpoint, arn in found
            ]
            self._topics.add_response(
                "list_subscriptions_by_topic", {"Subscriptions": answer}, {"TopicArn": ARN + topic}
            )

    def read(self) -> list[Subscription]:
        return subscriptions.read("prod", self.cloudformation, self.sns)


@pytest.fixture
def account() -> Iterator[Account]:
    with ExitStack() as stubs:
        yield Account(stubs)


def test_confirmed_subscriptions_have_no_problem(account: Account) -> None:
    account.holds(TEMPLATE, Topic=[PAGE_MAIL, PAGE_PAGER], Tickets=[TICKET_MAIL])
    found = account.read()
    assert [str(each) for each in found] == [
        "PAGE by email to ops@example.com",
        "PAGE by https to the pager",
        "TICKET by email to ops@example.com",
    ]
    assert [each.problem for each in found] == ["", "", ""]


def test_a_pending_one_says_how_long_it_lives(account: Account) -> None:
    pending = ("email", "ops@example.com", "PendingConfirmation")
    account.holds(TEMPLATE, Topic=[pending, PAGE_PAGER], Tickets=[TICKET_MAIL])
    assert [each.problem for each in account.read() if each.problem] == [
        "PAGE by email to ops@example.com is not confirmed; 48 hours after it was made AWS deletes it"
    ]


@pytest.mark.parametrize(
    "left", [[], [("email", "other@example.com", ARN + "tickets:2")], [("email", "ops@example.com", "Deleted")]]
)
def test_a_missing_one_says_how_to_get_it_back(account: Account, left: list[tuple[str, str, str]]) -> None:
    """CloudFormation does not notice that SNS deleted it."""
    account.holds(TEMPLATE, Topic=[PAGE_MAIL, PAGE_PAGER], Tickets=left)
    assert [each.problem for each in account.read() if each.problem] == [
        "TICKET by email to ops@example.com is missing: aws sns subscribe --protocol email "
        f"--notification-endpoint ops@example.com --topic-arn {ARN}Tickets"
    ]


def test_a_pagers_address_is_never_printed(account: Account) -> None:
    """It may hold a key."""
    account.holds(TEMPLATE, Topic=[PAGE_MAIL], Tickets=[TICKET_MAIL])
    (problem,) = (each.problem for each in account.read() if each.problem)
    assert problem.startswith("PAGE by https to the pager is missing: ")
    assert "events.example.com" not in problem


def test_a_stage_without_an_address_has_none(account: Account) -> None:
    topics = {name: each for name, each in TEMPLATE["Resources"].items() if each["Type"] == "AWS::SNS::Topic"}
    account.holds({"Resources": topics}, Topic=[], Tickets=[])
    assert account.read() == []
