"""Widgets with a line of text below that says how to read them."""

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

from infra_cdk.monitoring.dashboards.colors import RED

FULL, HALF, THIRD, QUARTER = 24, 12, 8, 6
GRAPH_HEIGHT, TEXT_HEIGHT = 6, 2


def graph(
    title: str,
    unit: str,
    reading: str,
    metrics: Sequence[cloudwatch.IMetric],
    *,
    width: int = THIRD,
    thresholds: Sequence[tuple[float, str]] = (),
    **options: Any,
) -> cloudwatch.Column:
    """A graph with thresholds as red lines; `axis` replaces its start at 0."""
    axis = options.pop("axis", {"min": 0})
    lines = [cloudwatch.HorizontalAnnotation(value=value, label=label, color=RED) for value, label in thresholds]
    widget = cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_annotations=lines,
        left_y_axis=cloudwatch.YAxisProps(label=unit, show_units=False, **axis),
        width=width,
        height=GRAPH_HEIGHT,
        **options,
    )
    return cloudwatch.Column(widget, text(reading, width))


def month_values(title: str, reading: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.Column:
    """Values of the last thirty days."""
    widget = cloudwatch.SingleValueWidget(
        title=title,
        metrics=list(metrics),
        start="-P30D",
        end="P0D",
        set_period_to_time_range=True,
        width=THIRD,
        height=GRAPH_HEIGHT,
    )
    return cloudwatch.Column(widget, text(reading, THIRD))


def alarm_states(title: str, alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    return cloudwatch.AlarmStatusWidget(title=title, alarms=list(alarms), width=FULL, height=4)


def log_query(
    title: str, reading: str, group: logs.ILogGroup, query: Sequence[str], *, width: int = HALF
) -> cloudwatch.Column:
    """Results of a query of CloudWatch Logs Insights."""
    widget = cloudwatch.LogQueryWidget(
        title=title, log_group_names=[group.log_group_name], query_lines=list(query), width=width, height=GRAPH_HEIGHT
    )
    return cloudwatch.Column(widget, text(reading, width))


def text(markdown: str, width: int = FULL) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(
        markdown=markdown, width=width, height=TEXT_HEIGHT, background=cloudwatch.TextWidgetBackground.TRANSPARENT
    )
