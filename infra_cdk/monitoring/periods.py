"""Periods of the alarms and dashboards."""

from aws_cdk import Duration

MINUTE, FIVE_MINUTES, FIFTEEN_MINUTES = Duration.minutes(1), Duration.minutes(5), Duration.minutes(15)
HOUR, MONTH = Duration.hours(1), Duration.days(30)
