"""Metrics, a title, a unit and a line of text in; a graph with the line below it out, as wide as it is told."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

FULL, HALF, THIRD, QUARTER = 24, 12, 8, 6
GRAPH_HEIGHT, TEXT_HEIGHT = 6, 2
MINUTE, FIVE, HOUR, MONTH = Duration.minutes(1), Duration.minutes(5), Duration.hours(1), Duration.days(30)
BLUE, ORANGE, RED, GREEN, GREY = "#1f5fa8", "#e9a23b", "#c0392b", "#2a9d8f", "#9aa3ad"
TEN = (
    *("#1f5fa8", "#e9a23b", "#c0392b", "#2a9d8f", "#7d5ba6"),
    *("#8c6239", "#d977a8", "#5f6b76", "#a3b02e", "#4fb3d9"),
)


def graph(
    title: str,
    unit: str,
    reading: str,
    left: Sequence[cloudwatch.IMetric],
    *,
    width: int = THIRD,
    bounds: Sequence[tuple[float, str]] = (),
    **options: Any,
) -> cloudwatch.Column:
    """A graph from 0 on, with its bounds as red lines, and how to read it below."""
    axis = options.pop("axis", {"min": 0})
    lines = [cloudwatch.HorizontalAnnotation(value=value, label=label, color=RED) for value, label in bounds]
    drawn = cloudwatch.GraphWidget(
        title=title,
        left=list(left),
        left_annotations=lines,
        left_y_axis=cloudwatch.YAxisProps(label=unit, show_units=False, **axis),
        width=width,
        height=GRAPH_HEIGHT,
        **options,
    )
    return cloudwatch.Column(drawn, text(reading, width))


def number(title: str, reading: str, metrics: Sequence[cloudwatch.IMetric], *, width: int = THIRD) -> cloudwatch.Column:
    """Values of the last thirty days, and how to read them."""
    drawn = cloudwatch.SingleValueWidget(
        title=title,
        metrics=list(metrics),
        start="-P30D",
        end="P0D",
        set_period_to_time_range=True,
        width=width,
        height=GRAPH_HEIGHT,
    )
    return cloudwatch.Column(drawn, text(reading, width))


def states(title: str, alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    """The alarms that call somebody, with their states."""
    return cloudwatch.AlarmStatusWidget(title=title, alarms=list(alarms), width=FULL, height=4)


def lines(
    title: str, reading: str, group: logs.ILogGroup, query: Sequence[str], *, width: int = HALF
) -> cloudwatch.Column:
    """What a query of Logs Insights finds, and how to read it."""
    drawn = cloudwatch.LogQueryWidget(
        title=title, log_group_names=[group.log_group_name], query_lines=list(query), width=width, height=GRAPH_HEIGHT
    )
    return cloudwatch.Column(drawn, text(reading, width))


def text(markdown: str, width: int = FULL, height: int = TEXT_HEIGHT) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(
        markdown=markdown, width=width, height=height, background=cloudwatch.TextWidgetBackground.TRANSPARENT
    )
