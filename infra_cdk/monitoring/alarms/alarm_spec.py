"""An alarm as one value, and the CloudWatch alarm made from it."""

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra_cdk.monitoring.topics import Severity

RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSpec:
    """An alarm with the text of its e-mail.

    Attributes:
        severity: PAGE wakes somebody up, TICKET waits for the morning.
        meaning, first_step: sentences for the person on call; the first step begins in lower case.
        datapoints_to_alarm: of the evaluation periods; None means all of them.
        runbook_entry: heading in the runbook, if it is not the name.
    """

    name: str
    metric: cloudwatch.IMetric
    threshold: float
    severity: Severity
    meaning: str
    first_step: str
    comparison_operator: cloudwatch.ComparisonOperator = (
        cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
    )
    treat_missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING
    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    evaluate_low_sample_count_percentile: str | None = None
    runbook_entry: str | None = None

    @property
    def description(self) -> str:
        """The alarm's description, which its e-mail shows."""
        entry = self.runbook_entry or self.name
        return f"{self.severity}. {self.meaning} First: {self.first_step} Then: {RUNBOOK}#{entry}"


def create_alarm(scope: Construct, spec: AlarmSpec, topics: Mapping[Severity, sns.Topic]) -> cloudwatch.Alarm:
    """Creates the alarm, which notifies the topic of its severity; without topics it is part of a composite alarm."""
    alarm = cloudwatch.Alarm(
        scope,
        spec.name,
        alarm_name=alarm_name(scope, spec.name),
        alarm_description=spec.description,
        metric=spec.metric,
        threshold=spec.threshold,
        comparison_operator=spec.comparison_operator,
        treat_missing_data=spec.treat_missing_data,
        evaluation_periods=spec.evaluation_periods,
        datapoints_to_alarm=spec.datapoints_to_alarm or spec.evaluation_periods,
        evaluate_low_sample_count_percentile=spec.evaluate_low_sample_count_percentile,
    )
    if topics:
        notify(alarm, topics[spec.severity])
    return alarm


def notify(alarm: cloudwatch.AlarmBase, topic: sns.ITopic) -> None:
    """Tells the topic when the alarm begins and when it ends."""
    alarm.add_alarm_action(actions.SnsAction(topic))
    alarm.add_ok_action(actions.SnsAction(topic))


def alarm_name(scope: Construct, name: str) -> str:
    """The subject of the e-mail, unique in the account and region because the stack's name is."""
    return f"{Stack.of(scope).stack_name}-{name}"
