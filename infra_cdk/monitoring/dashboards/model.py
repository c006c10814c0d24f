"""The rows of the dashboard of the model: what it answers, how sure it is, what it is shown, and which one it is."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

from infra_cdk.config import StageConfig
from infra_cdk.monitoring import drift
from infra_cdk.monitoring import metrics as names
from infra_cdk.monitoring.alarms import model
from infra_cdk.monitoring.alarms.model import WARNING_SHARES
from infra_cdk.monitoring.dashboards.widgets import (
    BLUE,
    FIVE,
    GREEN,
    GREY,
    HALF,
    HOUR,
    ORANGE,
    RED,
    TEN,
    THIRD,
    graph,
    lines,
)
from infra_cdk.monitoring.metrics import Metrics, share

Widgets = list[cloudwatch.Column]


def rows(metrics: Metrics, config: StageConfig, shares: Sequence[float], log_group: logs.ILogGroup) -> list[Widgets]:
    """From what the model answers to what it was shown."""
    return [
        _digits(metrics, shares),
        _confidence(metrics, config),
        _pictures(metrics, config),
        _logs(metrics, log_group),
    ]


def _digits(metrics: Metrics, shares: Sequence[float]) -> Widgets:
    counts = {f"m{digit}": metrics.own(name) for digit, name in enumerate(names.DIGITS)}
    total = "+".join(f"FILL({each}, 0)" for each in counts)
    bars, differences = [], []
    for digit, expected in enumerate(shares):
        mine = f"100 * FILL(m{digit}, 0) / ({total})"
        for expression, label, colour in (
            (mine, f"{digit}", BLUE),
            (f"{100 * expected:.3f} + 0 * FILL(m{digit}, 0)", f"{digit} expected", GREY),
        ):
            bars.append(_math(expression, counts, label, colour))
        differences.append(_math(f"{mine} - {100 * expected:.3f}", counts, f"{digit}", TEN[digit]))
    return [
        graph(
            "Digits answered, and expected",
            "% of the answers",
            "Each digit's share in the time shown (blue) beside its reference share (grey).",
            bars,
            view=cloudwatch.GraphWidgetView.BAR,
            set_period_to_time_range=True,
            legend_position=cloudwatch.LegendPosition.HIDDEN,
        ),
        graph(
            "Digits answered, less than or more than expected",
            "percentage points",
            "One line far up, another far down: one digit is taken for the other. Hours with few letters waver.",
            differences,
            axis={},
            legend_position=cloudwatch.LegendPosition.RIGHT,
        ),
        graph(
            "Drift",
            "stability index",
            f"How far an hour's digits are from the reference: chance gives 0.003. 0 below {drift.MINIMUM:,} pictures.",
            [drift.index(metrics, shares)],
            bounds=[(drift.THRESHOLD, "alarm")],
        ),
    ]


def _math(expression: str, using: dict[str, cloudwatch.Metric], label: str, colour: str) -> cloudwatch.MathExpression:
    return cloudwatch.MathExpression(
        expression=expression, using_metrics=dict(using), label=label, color=colour, period=HOUR
    )


def _confidence(metrics: Metrics, config: StageConfig) -> Widgets:
    images = metrics.own(names.IMAGES)
    low = share(metrics.own(names.LOW_CONFIDENCE), images, 1, FIVE, label="low_confidence", color=BLUE)
    levels = {"p50": ("median", BLUE), "p10": ("lowest tenth", ORANGE), "p1": ("lowest hundredth", RED)}
    return [
        graph(
            "Confidence",
            "mean of a request",
            "All lines sink: the pictures became worse. Only the lowest: one client's did.",
            [
                metrics.own(names.CONFIDENCE, statistic, period=FIVE, label=label, color=colour)
                for statistic, (label, colour) in levels.items()
            ],
            axis={"min": 0, "max": 1},
        ),
        graph(
            "Answers that ask for a person",
            "share of the answers",
            "Each costs somebody's time. Clean scans have 0.02 to 0.04, photographs of paper 0.2.",
            [low],
            bounds=[(config.low_confidence_share, "alarm")],
        ),
        graph(
            "Heartbeat: golden pictures answered wrongly",
            "of ten",
            "Always 0. Anything else is another model than the one that was tested.",
            [
                metrics.heartbeat(names.HEARTBEAT_WRONG, "Maximum", period=FIVE, label="wrong", color=RED),
                metrics.heartbeat(names.HEARTBEAT_FAILED, period=FIVE, label="failed runs", color=GREY),
            ],
            axis={"min": 0, "max": 10},
        ),
    ]


def _pictures(metrics: Metrics, config: StageConfig) -> Widgets:
    images = metrics.own(names.IMAGES)
    warnings = [
        share(metrics.own(names.warning(code)), images, 1, FIVE, label=code, color=TEN[place])
        for place, code in enumerate(WARNING_SHARES)
    ]
    bounds = sorted({bound for code, bound in WARNING_SHARES.items() if code not in config.usual_warnings})
    sizes = {"p50": ("median", BLUE), "p99": ("p99", ORANGE), "Maximum": ("largest", GREY)}
    return [
        graph(
            "Pictures with a warning",
            "share of the pictures",
            "Which kind rose says what changed: camera, cutting, client. Each has its own bound; see the alarms.",
            warnings,
            bounds=[(bound, f"alarm: {', '.join(_codes(bound, config))}") for bound in bounds],
            legend_position=cloudwatch.LegendPosition.RIGHT,
            width=HALF,
        ),
        graph(
            "Batch sizes",
            "pictures in a request",
            "Larger batches are cheaper by the picture, and take longer.",
            [
                metrics.own(names.IMAGES, statistic, period=FIVE, label=label, color=colour)
                for statistic, (label, colour) in sizes.items()
            ],
            width=HALF,
        ),
    ]


def _codes(bound: float, config: StageConfig) -> list[str]:
    return [code for code, each in WARNING_SHARES.items() if each == bound and code not in config.usual_warnings]


def _logs(metrics: Metrics, log_group: logs.ILogGroup) -> Widgets:
    requests, rejected = metrics.own(names.REQUESTS), metrics.own(names.REJECTED_REQUESTS)
    return [
        graph(
            "Versions served",
            "pictures in 5 minutes",
            "The version that answered. Others than the stage's are clients' who name one.",
            [metrics.versions_served(FIVE)],
        ),
        graph(
            "Requests refused as unusable",
            "share of the requests",
            "A client that sends what can't be read; the table beside says what.",
            [share(rejected, requests, 1, FIVE, label="refused", color=GREEN)],
            bounds=[(model.REJECTED_SHARE, "alarm")],
        ),
        lines(
            "Refusals by code",
            "The code that the client was answered with; SECURITY.md and the API's description say what each means.",
            log_group,
            ['filter message = "rejected"', "stats count(*) as requests by code, route", "sort requests desc"],
            width=THIRD,
        ),
    ]
