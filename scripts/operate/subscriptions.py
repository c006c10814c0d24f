"""Which subscriptions of a deployed stage's topics are confirmed: an alarm reaches nobody by any other.

SNS deletes a subscription that nobody confirmed for 48 hours, and CloudFormation does not notice:
https://aws.amazon.com/about-aws/whats-new/2023/05/amazon-sns-automatic-deletion-unconfirmed-subscriptions/
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PENDING = "PendingConfirmation"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription that the stack has.

    Attributes:
        severity: PAGE or TICKET.
        endpoint: an e-mail address or a URL; a URL may hold a key, so it is never shown.
        topic_arn: "none" if the stack lost the topic.
        state: the subscription's ARN, or what SNS gives in its place; "" if there is no such subscription.
    """

    severity: str
    protocol: str
    endpoint: str
    topic_arn: str
    state: str

    def __str__(self) -> str:
        return f"{self.severity} by {self.protocol} to {self._shown('the pager')}"

    @property
    def problem(self) -> str:
        """Why nothing arrives, and what to do; "" if it is confirmed."""
        if self.state.startswith("arn:"):
            return ""
        if self.state == PENDING:
            return f"{self} is not confirmed; 48 hours after it was made AWS deletes it"
        return (
            f"{self} is missing: aws sns subscribe --protocol {self.protocol} "
            f"--notification-endpoint {self._shown('<pager_url>')} --topic-arn {self.topic_arn}"
        )

    def _shown(self, url: str) -> str:
        return self.endpoint if self.protocol == "email" else url


def read(stage: str, cloudformation: Any, sns: Any) -> list[Subscription]:
    """The subscriptions of the stage's stack, in the order of its template.

    Raises:
        botocore.exceptions.ClientError: there is no such stack, or a right is missing.
        botocore.exceptions.BotoCoreError: AWS can't be reached.
    """
    stack = f"PostalDigits-{stage}"
    body = cloudformation.get_template(StackName=stack)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    arns = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["ResourceType"] == "AWS::SNS::Topic"
    }
    resources = template["Resources"]
    known = {topic: _subscribed(sns, arn) for topic, arn in arns.items()}
    found = []
    for properties in (each["Properties"] for each in resources.values() if each["Type"] == "AWS::SNS::Subscription"):
        topic = properties["TopicArn"]["Ref"]
        severity = resources[topic]["Properties"]["DisplayName"].split()[0]
        protocol, endpoint = properties["Protocol"], properties["Endpoint"]
        state = next((each["SubscriptionArn"] for each in known.get(topic, []) if _is(each, protocol, endpoint)), "")
        found.append(Subscription(severity, protocol, endpoint, arns.get(topic, "none"), state))
    return found


def _subscribed(sns: Any, topic_arn: str) -> list[Mapping[str, Any]]:
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
    return [each for page in pages for each in page["Subscriptions"]]


def _is(subscribed: Mapping[str, Any], protocol: str, endpoint: str) -> bool:
    # A secret in the template's URL has its value in SNS.
    return subscribed["Protocol"] == protocol and ("{{resolve:" in endpoint or subscribed["Endpoint"] == endpoint)
