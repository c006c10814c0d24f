"""Composite alarms on the burn rate of the error budget.

Each fires when both of its windows burn: the long one shows that it matters, the short one that it still goes on.
https://sre.google/workbook/alerting-on-slos/
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra_cdk.monitoring.alarms.alarm_spec import AlarmSpec, alarm_name, create_alarm, notify
from infra_cdk.monitoring.metrics import Metrics
from infra_cdk.monitoring.slo import burn_rate
from infra_cdk.monitoring.topics import Severity

# Failures in a window below which no alarm fires. At ten requests a minute one failure in five minutes has a burn rate
# of 200; five failures are no accident.
MINIMUM_ERRORS = 5


@dataclass(frozen=True, slots=True)
class BurnRateAlarm:
    """Two windows and the burn rate that both must reach."""

    name: str
    burn_rate: float
    long: Duration
    short: Duration
    severity: Severity


BURN_RATE_ALARMS = (
    BurnRateAlarm("error-budget-1h", 14.4, Duration.hours(1), Duration.minutes(5), "PAGE"),
    BurnRateAlarm("error-budget-6h", 6, Duration.hours(6), Duration.minutes(30), "PAGE"),
    BurnRateAlarm("error-budget-1d", 3, Duration.days(1), Duration.hours(2), "TICKET"),
)
WINDOWS = tuple(window for each in BURN_RATE_ALARMS for window in (each.long, each.short))


def create_burn_rate_alarms(
    scope: Construct, metrics: Metrics, topics: Mapping[Severity, sns.Topic]
) -> list[cloudwatch.CompositeAlarm]:
    return [_create(scope, each, metrics, topics) for each in BURN_RATE_ALARMS]


def _create(
    scope: Construct, alarm: BurnRateAlarm, metrics: Metrics, topics: Mapping[Severity, sns.Topic]
) -> cloudwatch.CompositeAlarm:
    long = AlarmSpec(
        name=f"{alarm.name}-long",
        metric=burn_rate(metrics, alarm.long, MINIMUM_ERRORS),
        threshold=alarm.burn_rate,
        severity=alarm.severity,
        meaning=f"So many requests fail that the month's error budget is spent {alarm.burn_rate:g} times too fast, "
        f"over {alarm.long.to_hours():g} h and over the last {alarm.short.to_minutes():g} min.",
        first_step="check for a deployment in this time and roll it back. If there was none, read the last errors on "
        "the dashboard.",
        runbook_entry=alarm.name,
    )
    short = replace(long, name=f"{alarm.name}-short", metric=burn_rate(metrics, alarm.short, MINIMUM_ERRORS))
    parts = [create_alarm(scope, spec, topics={}) for spec in (long, short)]
    composite = cloudwatch.CompositeAlarm(
        scope,
        alarm.name,
        composite_alarm_name=alarm_name(scope, alarm.name),
        alarm_description=long.description,
        alarm_rule=cloudwatch.AlarmRule.all_of(
            *(cloudwatch.AlarmRule.from_alarm(part, cloudwatch.AlarmState.ALARM) for part in parts)
        ),
    )
    notify(composite, topics[alarm.severity])
    return composite
