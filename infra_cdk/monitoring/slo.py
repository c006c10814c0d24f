"""The availability objective as CloudWatch keeps it: the share of requests answered in 30 days, and its burn rates."""

from aws_cdk import Stack
from aws_cdk import aws_applicationsignals as applicationsignals
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk.monitoring.burn_rate import OBJECTIVE, PAIRS
from infra_cdk.monitoring.metrics import Metrics

DAYS = 30
Objective = applicationsignals.CfnServiceLevelObjective


def add(scope: Construct, id: str, metrics: Metrics) -> applicationsignals.CfnServiceLevelObjective:
    """A request-based objective on the API's own counts, which need nothing more in the function."""
    windows = {window.to_minutes() for pair in PAIRS for window in (pair.long, pair.short)}
    name = Stack.of(scope).stack_name
    return Objective(
        scope,
        id,
        name=f"{name}-availability",
        description=f"{OBJECTIVE:.2%} of the requests to {name} are answered without a 5xx",
        request_based_sli=Objective.RequestBasedSliProperty(
            request_based_sli_metric=Objective.RequestBasedSliMetricProperty(
                total_request_count_metric=[_query("requests", metrics.api("Count", "SampleCount"))],
                monitored_request_count_metric=Objective.MonitoredRequestCountMetricProperty(
                    bad_count_metric=[_query("errors", metrics.api("5XXError"))]
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
            Objective.BurnRateConfigurationProperty(look_back_window_minutes=minutes) for minutes in sorted(windows)
        ],
    )


def _query(id: str, metric: cloudwatch.Metric) -> applicationsignals.CfnServiceLevelObjective.MetricDataQueryProperty:
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
