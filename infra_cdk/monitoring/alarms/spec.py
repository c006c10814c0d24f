"""A metric, a bound and two sentences in; an alarm out that says what it means, what to do first, where to read on."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

QUIET = cloudwatch.TreatMissingData.NOT_BREACHING
LOUD = cloudwatch.TreatMissingData.BREACHING
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True, slots=True)
class Says:
    """What whoever is called reads: what it means, and what to do first. `page` is whether somebody gets up for it."""

    means: str
    first: str
    page: bool = True

    def text(self, entry: str) -> str:
        """The description of the alarm whose entry in the runbook has this heading."""
        return f"{'PAGE' if self.page else 'TICKET'}. {self.means} First: {self.first} Then: {RUNBOOK}#{entry}"


class Alarms(Construct):
    """Makes the alarms of a stage; all of them act on `topic`, but for children of a composite."""

    def __init__(self, scope: Construct, id: str, *, topic: sns.ITopic) -> None:
        super().__init__(scope, id)
        self._action = actions.SnsAction(topic)
        self.all: list[cloudwatch.IAlarm] = []

    def add(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        says: Says,
        *,
        when: cloudwatch.ComparisonOperator = AT_LEAST,
        missing: cloudwatch.TreatMissingData = QUIET,
        breaching: int = 1,
        of: int | None = None,
        **options: Any,
    ) -> cloudwatch.Alarm:
        """An alarm when `breaching` of the last `of` periods are past the threshold."""
        alarm = self._alarm(name, metric, threshold, says.text(name), when, missing, breaching, of, options)
        alarm.add_alarm_action(self._action)
        self.all.append(alarm)
        return alarm

    def both(
        self, name: str, long: cloudwatch.IMetric, short: cloudwatch.IMetric, threshold: float, says: Says
    ) -> cloudwatch.CompositeAlarm:
        """An alarm when both metrics reach the threshold, each of which has an alarm of its own that calls nobody."""
        children = [
            self._alarm(f"{name}-{part}", metric, threshold, says.text(name), AT_LEAST, QUIET, 1, None, {})
            for part, metric in (("long", long), ("short", short))
        ]
        composite = cloudwatch.CompositeAlarm(
            self,
            f"{name}",
            composite_alarm_name=self._name(name),
            alarm_description=says.text(name),
            alarm_rule=cloudwatch.AlarmRule.all_of(
                *(cloudwatch.AlarmRule.from_alarm(child, cloudwatch.AlarmState.ALARM) for child in children)
            ),
        )
        composite.add_alarm_action(self._action)
        self.all.append(composite)
        return composite

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        description: str,
        when: cloudwatch.ComparisonOperator,
        missing: cloudwatch.TreatMissingData,
        breaching: int,
        of: int | None,
        options: dict[str, Any],
    ) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            name,
            alarm_name=self._name(name),
            alarm_description=description,
            metric=metric,
            threshold=threshold,
            comparison_operator=when,
            treat_missing_data=missing,
            evaluation_periods=of or breaching,
            datapoints_to_alarm=breaching,
            **options,
        )

    def _name(self, name: str) -> str:
        """The e-mail's subject; a stack's name is there once, so two stages can't meet in it."""
        return f"{Stack.of(self).stack_name}-{name}"
