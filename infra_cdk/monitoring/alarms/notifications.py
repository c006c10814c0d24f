"""Alarms on the topics themselves: each tells, by the other one, that its messages reach nobody."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns

from infra_cdk.monitoring.alarms.alarm_spec import AlarmSpec
from infra_cdk.monitoring.periods import FIVE_MINUTES
from infra_cdk.monitoring.topics import Severity


def notification_alarms(topics: Mapping[Severity, sns.Topic]) -> list[AlarmSpec]:
    return [
        AlarmSpec(
            name="pages-undelivered",
            metric=undelivered(topics["PAGE"]),
            threshold=1,
            severity="TICKET",
            meaning="A page failed to reach its address or pager. It comes as a ticket because pages may not arrive.",
            first_step="see on the dashboards which alarms are red, and act on them as on pages.",
        ),
        AlarmSpec(
            name="tickets-undelivered",
            metric=undelivered(topics["TICKET"]),
            threshold=1,
            severity="PAGE",
            meaning="A ticket failed to reach its address. It comes as a page because tickets may not arrive; it can "
            "wait for the morning.",
            first_step="see on the dashboards which alarms are red.",
        ),
    ]


def undelivered(topic: sns.Topic) -> cloudwatch.MathExpression:
    """Failed deliveries (to a pager, failed attempts), and one if a message was sent to nobody."""
    delivered, failed = "FILL(delivered, 0)", "FILL(failed, 0)"
    return cloudwatch.MathExpression(
        expression=f"{failed} + IF(FILL(published, 0) > {delivered} + {failed}, 1, 0)",
        using_metrics={
            "published": topic.metric_number_of_messages_published(statistic="Sum"),
            "delivered": topic.metric_number_of_notifications_delivered(statistic="Sum"),
            "failed": topic.metric_number_of_notifications_failed(statistic="Sum"),
        },
        period=FIVE_MINUTES,
    )
