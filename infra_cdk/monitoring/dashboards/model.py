"""Rows of the model's dashboard: classes, confidence, warnings, versions and rejected requests."""

from collections.abc import Mapping, Sequence
from itertools import cycle

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

from infra_cdk.monitoring import drift, metric_names
from infra_cdk.monitoring.alarms.model import REJECTED_SHARE
from infra_cdk.monitoring.dashboards.colors import BLUE, COLORS, GREEN, GREY, ORANGE, RED
from infra_cdk.monitoring.dashboards.widgets import HALF, THIRD, graph, log_query
from infra_cdk.monitoring.metrics import Metrics, share
from infra_cdk.monitoring.periods import FIVE_MINUTES, HOUR
from infra_cdk.served_model import Expectations, ServedModel

Row = list[cloudwatch.Column]


def rows(metrics: Metrics, model: ServedModel, expected: Expectations, log_group: logs.ILogGroup) -> list[Row]:
    return [
        _classes(metrics, model, expected.class_shares),
        _confidence(metrics, model, expected.low_confidence_share),
        _inputs(metrics, model, expected.warning_shares),
        _requests(metrics, model, log_group),
    ]


def _classes(metrics: Metrics, model: ServedModel, expected_shares: Sequence[float]) -> Row:
    counts = {f"m{number}": metrics.model(name) for number, name in enumerate(model.class_metrics)}
    total = "+".join(f"FILL({count}, 0)" for count in counts)

    def math(expression: str, label: str, color: str) -> cloudwatch.MathExpression:
        return cloudwatch.MathExpression(
            expression=expression, using_metrics=dict(counts), label=label, color=color, period=HOUR
        )

    bars, differences = [], []
    for count, label, expected, color in zip(counts, model.labels, expected_shares, cycle(COLORS)):
        answered = f"100 * FILL({count}, 0) / ({total})"
        bars.append(math(answered, label, BLUE))
        bars.append(math(f"{100 * expected:.3f} + 0 * FILL({count}, 0)", f"{label} expected", GREY))
        differences.append(math(f"{answered} - {100 * expected:.3f}", label, color))
    minimum = drift.MINIMUM_PER_CLASS * len(expected_shares)
    return [
        graph(
            "Classes answered, and expected",
            "% of the answers",
            "Each class's share in the time shown (blue) beside the expected share (grey).",
            bars,
            view=cloudwatch.GraphWidgetView.BAR,
            set_period_to_time_range=True,
            legend_position=cloudwatch.LegendPosition.HIDDEN,
        ),
        graph(
            "Classes answered, difference from expected",
            "percentage points",
            f"One line far up and one far down: one class is taken for the other. Hours with few {model.units} vary.",
            differences,
            axis={},
            legend_position=cloudwatch.LegendPosition.RIGHT,
        ),
        graph(
            "Drift",
            "stability index",
            f"Distance of an hour's answers from the expected shares: 0.003 by chance. 0 below {minimum:,} "
            f"{model.units}.",
            [drift.index(metrics, model.class_metrics, expected_shares)],
            thresholds=[(drift.THRESHOLD, "alarm")],
        ),
    ]


def _confidence(metrics: Metrics, model: ServedModel, low_confidence_share: float) -> Row:
    low_confidence = metrics.model(metric_names.LOW_CONFIDENCE)
    levels = {"p50": ("median", BLUE), "p10": ("lowest tenth", ORANGE), "p1": ("lowest hundredth", RED)}
    return [
        graph(
            "Confidence",
            "mean of a request",
            f"If all lines sink, the {model.units} became worse; if only the lowest, those of one client.",
            [
                metrics.model(metric_names.CONFIDENCE, statistic, period=FIVE_MINUTES, label=label, color=color)
                for statistic, (label, color) in levels.items()
            ],
            axis={"min": 0, "max": 1},
        ),
        graph(
            "Answers that need a person",
            "share of the answers",
            "Answers with low confidence, which somebody has to check.",
            [share(low_confidence, metrics.units(), 1, FIVE_MINUTES, label="low_confidence", color=BLUE)],
            thresholds=[(low_confidence_share, "alarm")],
        ),
        graph(
            "Heartbeat: wrong answers",
            f"golden {model.units}",
            "Always 0. Otherwise the model is not the one that was tested.",
            [
                metrics.service(metric_names.HEARTBEAT_WRONG, "Maximum", period=FIVE_MINUTES, label="wrong", color=RED),
                metrics.service(metric_names.HEARTBEAT_FAILED, period=FIVE_MINUTES, label="failed runs", color=GREY),
            ],
        ),
    ]


def _inputs(metrics: Metrics, model: ServedModel, thresholds: Mapping[str, float]) -> Row:
    codes_by_threshold: dict[float, list[str]] = {}
    for code, threshold in thresholds.items():
        codes_by_threshold.setdefault(threshold, []).append(code)
    sizes = {"p50": ("median", BLUE), "p99": ("p99", ORANGE), "Maximum": ("largest", GREY)}
    return [
        graph(
            f"{model.units.capitalize()} with a warning",
            f"share of the {model.units}",
            "The kind that rose shows what changed. Each has its own threshold; see the alarms.",
            [
                share(
                    metrics.model(metric_names.warning(code)), metrics.units(), 1, FIVE_MINUTES, label=code, color=color
                )
                for code, color in zip(model.alarm_shares, cycle(COLORS))
            ],
            thresholds=[
                (threshold, f"alarm: {', '.join(codes)}") for threshold, codes in sorted(codes_by_threshold.items())
            ],
            legend_position=cloudwatch.LegendPosition.RIGHT,
            width=HALF,
        ),
        graph(
            "Batch sizes",
            f"{model.units} in a request",
            f"Larger batches cost less for each {model.unit}, and take longer.",
            [
                metrics.units(statistic, period=FIVE_MINUTES, label=label, color=color)
                for statistic, (label, color) in sizes.items()
            ],
            width=HALF,
        ),
    ]


def _requests(metrics: Metrics, model: ServedModel, log_group: logs.ILogGroup) -> Row:
    requests, rejected = metrics.model(metric_names.REQUESTS), metrics.model(metric_names.REJECTED_REQUESTS)
    return [
        graph(
            "Model versions",
            f"{model.units} in 5 minutes",
            "The version that answered. Clients may name another than the stage's.",
            [metrics.model_versions(FIVE_MINUTES)],
        ),
        graph(
            "Rejected requests",
            "share of the requests",
            "Clients that send what can't be read; the table beside shows why.",
            [share(rejected, requests, 1, FIVE_MINUTES, label="rejected", color=GREEN)],
            thresholds=[(REJECTED_SHARE, "alarm")],
        ),
        log_query(
            "Rejections by code",
            "The code in the client's answer; SECURITY.md and the API's description explain each.",
            log_group,
            ['filter message = "rejected"', "stats count(*) as requests by code, route", "sort requests desc"],
            width=THIRD,
        ),
    ]
