"""The metrics of a stage: namespace, dimensions and statistic of everything that alarms and dashboards show."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_

from infra_cdk.api.firewall import Firewall
from infra_cdk.config import HEALTH_PATH
from infra_cdk.monitoring import metric_filters, metric_names
from infra_cdk.monitoring.metric_names import NAMESPACE
from infra_cdk.served_model import ServedModel


class Metrics:
    """Creates metrics; `options` are those of cloudwatch.Metric, such as period, label and color."""

    def __init__(
        self,
        *,
        stage: str,
        service_name: str,
        model: ServedModel,
        rest_api: apigateway.RestApi,
        alias: lambda_.Alias,
        function_version: str,
        firewall: Firewall | None,
        health_checked: bool,
    ) -> None:
        function_name = alias.lambda_.function_name
        self._service = {"service": service_name}
        self._model_version = self._service | {"model_name": model.name, "model_version": model.version}
        self._units_metric = model.units_metric
        self._api = {"ApiName": rest_api.rest_api_name, "Stage": rest_api.deployment_stage.stage_name}
        self._function = {"FunctionName": function_name}
        self._alias = self._function | {"Resource": f"{function_name}:{alias.alias_name}"}
        self._function_version = function_version
        self._firewall = firewall
        self.health_checked = health_checked
        self._filters_namespace = metric_filters.namespace(stage)

    def model(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """A metric of the function, for the stage's model version."""
        return _metric(NAMESPACE, name, statistic, self._model_version, options)

    def units(self, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """The number of inputs of each request, for the stage's model version."""
        return self.model(self._units_metric, statistic, **options)

    def service(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """A metric of the function or the heartbeat that has no model version."""
        return _metric(NAMESPACE, name, statistic, self._service, options)

    def api(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """A metric of API Gateway."""
        return _metric("AWS/ApiGateway", name, statistic, self._api, options)

    def requests(self, **options: Any) -> cloudwatch.Metric:
        """All requests at API Gateway."""
        return self.api("Count", "SampleCount", **options)

    def health_checks(self, **options: Any) -> cloudwatch.Metric:
        """Requests to GET /health, where Route 53 sends some; the method has no metrics elsewhere."""
        dimensions = self._api | {"Method": "GET", "Resource": HEALTH_PATH}
        return _metric("AWS/ApiGateway", "Count", "SampleCount", dimensions, options)

    def errors(self, **options: Any) -> cloudwatch.Metric:
        """Requests that API Gateway answered with a 5xx."""
        return self.api("5XXError", **options)

    @property
    def has_firewall(self) -> bool:
        return self._firewall is not None

    def blocked_with_key(self, **options: Any) -> cloudwatch.Metric:
        """Requests with an API key that the stage's firewall blocked."""
        assert self._firewall  # noqa: S101
        return _metric("AWS/WAFV2", "BlockedRequests", "Sum", self._firewall.keyed_label, options)

    def alias(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """A metric of Lambda for the calls of the alias."""
        return _metric("AWS/Lambda", name, statistic, self._alias, options)

    def function(self, name: str, statistic: str = "Maximum", **options: Any) -> cloudwatch.Metric:
        """A metric that Lambda has only for the whole function."""
        return _metric("AWS/Lambda", name, statistic, self._function, options)

    def new_version(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """A metric of Lambda for the calls of the alias that this deployment's version answered."""
        dimensions = self._alias | {"ExecutedVersion": self._function_version}
        return _metric("AWS/Lambda", name, statistic, dimensions, options)

    def new_version_past_alias(self, name: str, statistic: str = "Sum", **options: Any) -> cloudwatch.Metric:
        """A metric of Lambda for the calls of this deployment's version by its number, as the heartbeat calls it."""
        dimensions = self._function | {"Resource": f"{self._function['FunctionName']}:{self._function_version}"}
        return _metric("AWS/Lambda", name, statistic, dimensions, options)

    def failed_by_new_version(self, **options: Any) -> cloudwatch.Metric:
        """Calls that this deployment's version answered with a 5xx."""
        dimensions = {"function_version": self._function_version}
        return _metric(self._filters_namespace, metric_names.FAILED_CALLS, "Sum", dimensions, options)

    def memory(self, **options: Any) -> cloudwatch.Metric:
        """The most memory that an environment used, in MB."""
        return _metric(self._filters_namespace, metric_names.MAX_MEMORY_USED, "Maximum", {}, options)

    def model_versions(self, period: Duration) -> cloudwatch.MathExpression:
        """The inputs that each model version answered."""
        search = (
            f'SEARCH(\'{{{NAMESPACE},model_name,model_version,service}} MetricName="{self._units_metric}" '
            f"service=\"{self._service['service']}\"', 'Sum', {period.to_seconds()})"
        )
        return cloudwatch.MathExpression(expression=search, label="${PROP('Dim.model_version')}", period=period)

    def function_versions(self, period: Duration) -> cloudwatch.MathExpression:
        """The calls that each version of the function answered."""
        search = (
            'SEARCH(\'{AWS/Lambda,ExecutedVersion,FunctionName,Resource} MetricName="Invocations" '
            f"Resource=\"{self._alias['Resource']}\"', 'Sum', {period.to_seconds()})"
        )
        return cloudwatch.MathExpression(expression=search, label="${PROP('Dim.ExecutedVersion')}", period=period)


def _metric(
    namespace: str, name: str, statistic: str, dimensions: dict[str, str], options: dict[str, Any]
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, statistic=statistic, dimensions_map=dimensions, **options
    )


def share(
    part: cloudwatch.Metric, whole: cloudwatch.Metric, minimum: int, period: Duration, **options: str
) -> cloudwatch.MathExpression:
    """`part` as a share of `whole`, 0 to 1; 0 if `whole` is below `minimum`, or without data."""
    part_id, whole_id = (metric.metric_name[0].lower() + metric.metric_name[1:] for metric in (part, whole))
    return cloudwatch.MathExpression(
        expression=f"IF(FILL({whole_id}, 0) >= {minimum}, FILL({part_id}, 0) / FILL({whole_id}, 1), 0)",
        using_metrics={part_id: part, whole_id: whole},
        period=period,
        **options,
    )
