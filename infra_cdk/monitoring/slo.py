"""The availability objective, and the metric math of its error budget and burn rate.

A burn rate of 1 spends the error budget of 30 days in 30 days.
"""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_applicationsignals as applicationsignals
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk.monitoring.metrics import Metrics

OBJECTIVE = 0.9999
BUDGET = 0.0001  # share of the requests that may fail
DAYS = 30
Objective = applicationsignals.CfnServiceLevelObjective


def burn_rate(metrics: Metrics, period: Duration, minimum_errors: int = 1, **options: str) -> cloudwatch.MathExpression:
    """The share of failed requests as a multiple of BUDGET; 0 if fewer than `minimum_errors` failed."""
    errors, share, using = _failures(metrics, period)
    expression = f"IF({errors} >= {minimum_errors}, {share} / {BUDGET}, 0)"
    return cloudwatch.MathExpression(expression=expression, using_metrics=using, period=period, **options)


def budget_left(metrics: Metrics, period: Duration) -> cloudwatch.MathExpression:
    """Percent of the error budget left in `period`; below 0 it is overspent."""
    _, share, using = _failures(metrics, period)
    expression, label = f"100 * (1 - {share} / {BUDGET})", "Error budget left, %"
    return cloudwatch.MathExpression(expression=expression, using_metrics=using, period=period, label=label)


def availability(metrics: Metrics, period: Duration) -> cloudwatch.MathExpression:
    """Percent of the requests that did not end in a 5xx."""
    _, share, using = _failures(metrics, period)
    expression, label = f"100 * (1 - {share})", "Availability, %"
    return cloudwatch.MathExpression(expression=expression, using_metrics=using, period=period, label=label)


def _failures(metrics: Metrics, period: Duration) -> tuple[str, str, dict[str, cloudwatch.IMetric]]:
    """Expressions of the failed requests and their share, and the metrics in them, with ids unique by period."""
    errors, requests = (f"{name}{period.to_minutes():g}" for name in ("errors", "requests"))
    return (
        f"FILL({errors}, 0)",
        f"FILL({errors}, 0) / FILL({requests}, 1)",
        {errors: _errors(metrics), requests: _requests(metrics)},
    )


def _errors(metrics: Metrics) -> cloudwatch.Metric:
    return metrics.api("5XXError")


def _requests(metrics: Metrics) -> cloudwatch.Metric:
    return metrics.api("Count", "SampleCount")


def add_objective(scope: Construct, id: str, metrics: Metrics, *, windows: Sequence[Duration]) -> Objective:
    """CloudWatch's own objective, with the burn rate over each of the windows."""
    name = Stack.of(scope).stack_name
    return Objective(
        scope,
        id,
        name=f"{name}-availability",
        description=f"{OBJECTIVE:.2%} of the requests to {name} are answered without a 5xx",
        request_based_sli=Objective.RequestBasedSliProperty(
            request_based_sli_metric=Objective.RequestBasedSliMetricProperty(
                total_request_count_metric=[_query("requests", _requests(metrics))],
                monitored_request_count_metric=Objective.MonitoredRequestCountMetricProperty(
                    bad_count_metric=[_query("errors", _errors(metrics))]
                ),
            )
        ),
        goal=Objective.GoalProperty(
            attainment_goal=OBJECTIVE * 100,
            warning_threshold=30,
            interval=Objective.IntervalProperty(
                rolling_interval=Objective.RollingIntervalProperty(duration=DAYS, duration_unit="DAY")
            ),
        ),
        burn_rate_configurations=[
            Objective.BurnRateConfigurationProperty(look_back_window_minutes=minutes)
            for minutes in sorted(window.to_minutes() for window in windows)
        ],
    )


def _query(id: str, metric: cloudwatch.Metric) -> Objective.MetricDataQueryProperty:
    dimensions = [
        Objective.DimensionProperty(name=name, value=value) for name, value in (metric.dimensions or {}).items()
    ]
    return Objective.MetricDataQueryProperty(
        id=id,
        return_data=True,
        metric_stat=Objective.MetricStatProperty(
            metric=Objective.MetricProperty(
                namespace=metric.namespace, metric_name=metric.metric_name, dimensions=dimensions
            ),
            period=60,
            stat=metric.statistic,
        ),
    )
