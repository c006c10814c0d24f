"""Every metric that an alarm or a widget names: namespace, dimensions and statistic, in one place.

The names of the function's own metrics are those of lambda_fn/telemetry.py, and the heartbeat's those of
lambda_fn/heartbeat.py; a test runs both and compares.
"""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import StageConfig

NAMESPACE = "PostalDigits"

REQUESTS = "Requests"
REJECTED_REQUESTS = "RejectedRequests"
FAILED_REQUESTS = "FailedRequests"
IMAGES = "Images"
CONFIDENCE = "Confidence"
LOW_CONFIDENCE = "LowConfidence"
COLD_START = "ColdStart"
STEPS = {"decode": "DecodeTime", "inference": "InferenceTime", "whole function": "TotalTime"}
DIGITS = tuple(f"Digit{digit}" for digit in range(10))

HEARTBEAT_RUNS = "HeartbeatRuns"
HEARTBEAT_FAILED = "HeartbeatFailed"
HEARTBEAT_WRONG = "HeartbeatWrong"
HEARTBEAT_TIME = "HeartbeatTime"
# What the heartbeat sends through the same function, beside the clients' pictures: a run a minute, each of ten.
HEARTBEAT_IMAGES_PER_MINUTE = 10

MAX_MEMORY_USED = "MaxMemoryUsed"
FAILED_CALLS = "FailedCalls"


def warning(code: str) -> str:
    """The metric of a warning's code: low_contrast is WarningLowContrast."""
    return "Warning" + "".join(word.capitalize() for word in code.split("_"))


class Metrics:
    """Makes the metrics of a stage; the alarm or widget that takes one sets its period."""

    def __init__(
        self, *, config: StageConfig, stage: apigateway.Stage, api_name: str, alias: lambda_.Alias, version: str
    ) -> None:
        self._service = config.service_name
        self._model_version = config.model_version
        self._api = {"ApiName": api_name, "Stage": stage.stage_name}
        name = alias.lambda_.function_name
        self._function = {"FunctionName": name}
        self._alias = {"FunctionName": name, "Resource": f"{name}:{alias.alias_name}"}
        self._version = version
        self._platform = f"{NAMESPACE}/{config.stage}"

    def own(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """One that the function emits, of the model version that the stage serves."""
        dimensions = {"service": self._service, "model_version": self._model_version}
        return _metric(NAMESPACE, name, statistic, dimensions, options)

    def heartbeat(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """One that the heartbeat emits."""
        return _metric(NAMESPACE, name, statistic, {"service": self._service}, options)

    def api(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """One of API Gateway's, of this API and stage."""
        return _metric("AWS/ApiGateway", name, statistic, self._api, options)

    def alias(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """One of Lambda's, of the alias, whichever version it leads to."""
        return _metric("AWS/Lambda", name, statistic, self._alias, options)

    def function(self, name: str, statistic: str = "Maximum", **options: Any) -> cloudwatch.Metric:
        """One of Lambda's that it keeps for a function as a whole."""
        return _metric("AWS/Lambda", name, statistic, self._function, options)

    def new_version(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """One of Lambda's, of what this deployment's version answered through the alias, and no other version."""
        return _metric("AWS/Lambda", name, statistic, self._alias | {"ExecutedVersion": self._version}, options)

    def failed_by_new_version(self, **options: Any) -> cloudwatch.Metric:
        """The calls that this deployment's version answered with a 5xx; `add_filters` makes it."""
        return _metric(self._platform, FAILED_CALLS, "Sum", {"function_version": self._version}, options)

    def memory(self, **options: Any) -> cloudwatch.Metric:
        """Megabytes that an environment had used at most; `add_filters` makes it."""
        return _metric(self._platform, MAX_MEMORY_USED, "Maximum", {}, options)

    def add_filters(self, scope: Construct, log_group: logs.ILogGroup) -> None:
        """What only the function's log says.

        Lambda has no metric of memory, but says in the report of each call how much was used; and it counts by version
        what crashed, but not what the function itself answered with a 5xx.
        """
        logs.MetricFilter(
            scope,
            "Memory",
            log_group=log_group,
            filter_pattern=logs.FilterPattern.string_value("$.type", "=", "platform.report"),
            metric_namespace=self._platform,  # a report holds nothing that could tell the stages apart by a dimension
            metric_name=MAX_MEMORY_USED,
            metric_value="$.record.metrics.maxMemoryUsedMB",
            unit=cloudwatch.Unit.MEGABYTES,
        )
        logs.MetricFilter(
            scope,
            "Failed",
            log_group=log_group,
            filter_pattern=logs.FilterPattern.string_value("$.message", "=", "failed"),
            metric_namespace=self._platform,
            metric_name=FAILED_CALLS,
            metric_value="1",
            dimensions={"function_version": "$.function_version"},
            unit=cloudwatch.Unit.COUNT,
        )

    def versions_served(self, period: Duration) -> cloudwatch.MathExpression:
        """The pictures that each model version answered."""
        search = (
            f'SEARCH(\'{{{NAMESPACE},model_version,service}} MetricName="{IMAGES}" service="{self._service}"\', '
            f"'Sum', {period.to_seconds()})"
        )
        return cloudwatch.MathExpression(expression=search, label="${PROP('Dim.model_version')}", period=period)

    def function_versions(self, period: Duration) -> cloudwatch.MathExpression:
        """The calls that each version of the function answered while a deployment moves from one to the next."""
        search = (
            'SEARCH(\'{AWS/Lambda,ExecutedVersion,FunctionName,Resource} MetricName="Invocations" '
            f"Resource=\"{self._alias['Resource']}\"', 'Sum', {period.to_seconds()})"
        )
        return cloudwatch.MathExpression(expression=search, label="${PROP('Dim.ExecutedVersion')}", period=period)


def _metric(
    namespace: str, name: str, statistic: str, dimensions: Mapping[str, str], options: Mapping[str, Any]
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, statistic=statistic, dimensions_map=dict(dimensions), **options
    )


def share(
    part: cloudwatch.Metric, whole: cloudwatch.Metric, at_least: int, period: Duration, **options: str
) -> cloudwatch.MathExpression:
    """`part` as a share of `whole`, 0 to 1; 0 while `whole` is below `at_least`, and where there is no data."""
    some, all_ = (metric.metric_name[0].lower() + metric.metric_name[1:] for metric in (part, whole))
    return cloudwatch.MathExpression(
        expression=f"IF(FILL({all_}, 0) >= {at_least}, FILL({some}, 0) / FILL({all_}, 1), 0)",
        using_metrics={some: part, all_: whole},
        period=period,
        **options,
    )
