"""SNS topics of the alarms, one for pages and one for tickets, encrypted with a key that CloudWatch may use."""

from typing import Literal

from aws_cdk import Annotations, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

CLOUDWATCH = "cloudwatch.amazonaws.com"
Severity = Literal["PAGE", "TICKET"]
# SNS itself gives up after three retries in a minute, and allows at most an hour.
PAGER_RETRIES = sns.DeliveryPolicy(
    healthy_retry_policy=sns.HealthyRetryPolicy(
        num_retries=50, min_delay_target=Duration.seconds(20), max_delay_target=Duration.seconds(60)
    )
)


class AlarmTopics(Construct):
    """The topics, their key and their subscriptions.

    Attributes:
        by_severity: PAGE is for whoever is on call, TICKET for the morning.
    """

    def __init__(self, scope: Construct, id: str, *, email: str, pager_url: str) -> None:
        """The address receives pages and tickets; the pager, an HTTPS endpoint, pages only. Either may be empty."""
        super().__init__(scope, id)
        # CloudWatch can't use alias/aws/sns, so it would drop alarms silently.
        self.key = kms.Key(
            self,
            "Key",
            description=f"Alarms of {Stack.of(self).stack_name}",
            enable_key_rotation=True,
            # It encrypts no stored data: a message lives for seconds.
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsToTheTopic",
                principals=[iam.ServicePrincipal(CLOUDWATCH)],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # in a key's own policy: this key
            )
        )
        self.by_severity: dict[Severity, sns.Topic] = {
            "PAGE": self._add_topic("Topic", "PAGE"),
            "TICKET": self._add_topic("Tickets", "TICKET"),
        }
        if email:
            for topic in self.by_severity.values():
                topic.add_subscription(subscriptions.EmailSubscription(email))
        else:
            Annotations.of(self).add_info("Alarms reach nobody: no alarm_email is set in the stage's file.")
        if pager_url:
            sns.Subscription(
                self,
                "Pager",  # not the default, which would have the URL in its logical id
                topic=self.by_severity["PAGE"],
                protocol=sns.SubscriptionProtocol.HTTPS,
                endpoint=pager_url,
                delivery_policy=PAGER_RETRIES,
            )

    def _add_topic(self, id: str, severity: Severity) -> sns.Topic:
        # The display name is the sender of its e-mails.
        display_name = f"{severity} {Stack.of(self).stack_name}"
        topic = sns.Topic(self, id, display_name=display_name, master_key=self.key, enforce_ssl=True)
        # The policy of enforce_ssl only denies, and replaces the default one, which allows.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal(CLOUDWATCH)],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        return topic
