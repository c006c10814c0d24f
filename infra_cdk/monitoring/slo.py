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
    return _math(metrics, period, f"IF({{errors}} >= {minimum_errors}, {{share}} / {BUDGET}, 0)", **options)


def budget_left(metrics: Metrics, period: Duration) -> cloudwatch.MathExpression:
    """Percent of the error budget left in `period`; below 0 it is overspent."""
    return _math(metrics, period, f"100 * (1 - {{share}} / {BUDGET})", label="Error budget left, %")


def availability(metrics: Metrics, period: Duration) -> cloudwatch.MathExpression:
    """Percent of the requests that did not end in a 5xx."""
    return _math(metrics, period, "100 * (1 - {share})", label="Availability, %")


def _math(metrics: Metrics, period: Duration, expression: str, **options: str) -> cloudwatch.MathExpression:
    """`expression` of {errors} and {share}; metrics have the period in their ids, which a widget's must not share."""
    errors, requests = (f"{name}{period.to_minutes():g}" for name in ("errors", "requests"))
    filled = f"FILL({errors}, 0)"
    return cloudwatch.MathExpression(
        expression=expression.format(errors=filled, share=f"{filled} / FILL({requests}, 1)"),
        using_metrics={errors: metrics.errors(), requests: metrics.requests()},
        period=period,
        **options,
    )


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
                total_request_count_metric=[_query("requests", metrics.requests())],
                monitored_request_count_metric=Objective.MonitoredRequestCountMetricProperty(
                    bad_count_metric=[_query("errors", metrics.errors())]
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
    values = (metric.dimensions or {}).items()
    name = Objective.MetricProperty(
        namespace=metric.namespace,
        metric_name=metric.metric_name,
        dimensions=[Objective.DimensionProperty(name=key, value=value) for key, value in values],
    )
    stat = Objective.MetricStatProperty(metric=name, period=60, stat=metric.statistic)
    return Objective.MetricDataQueryProperty(id=id, return_data=True, metric_stat=stat)
