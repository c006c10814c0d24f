"""Scaling of the alias's provisioned concurrency: by utilisation, within bounds that follow a schedule."""

from collections.abc import Sequence

from aws_cdk import TimeZone
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_lambda as lambda_

from infra_cdk.config import ScalingSchedule


def add_scaling(
    alias: lambda_.Alias,
    *,
    lowest: int,
    highest: int,
    utilisation: float,
    schedules: Sequence[ScalingSchedule],
    time_zone: str,
) -> None:
    """Scales between `lowest` and `highest`, or the bounds of the last schedule that began."""
    target = alias.add_auto_scaling(min_capacity=lowest, max_capacity=highest)
    target.scale_on_utilization(utilization_target=utilisation)
    for number, schedule in enumerate(schedules, 1):
        target.scale_on_schedule(
            f"Schedule{number}",
            schedule=scaling.Schedule.expression(schedule.cron),
            min_capacity=schedule.lowest,
            max_capacity=schedule.highest,
            time_zone=TimeZone.of(time_zone),
        )
