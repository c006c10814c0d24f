"""Metrics from the function's log that Lambda does not have: memory, and 5xx answers by version."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.monitoring import metric_names


def namespace(stage: str) -> str:
    """One for each stage: the platform's reports have no value that could be a dimension."""
    return f"{metric_names.NAMESPACE}/{stage}"


def add_metric_filters(scope: Construct, log_group: logs.ILogGroup, *, stage: str) -> None:
    logs.MetricFilter(
        scope,
        "Memory",
        log_group=log_group,
        filter_pattern=logs.FilterPattern.string_value("$.type", "=", "platform.report"),
        metric_namespace=namespace(stage),
        metric_name=metric_names.MAX_MEMORY_USED,
        metric_value="$.record.metrics.maxMemoryUsedMB",
        unit=cloudwatch.Unit.MEGABYTES,
    )
    logs.MetricFilter(
        scope,
        "Failed",
        log_group=log_group,
        filter_pattern=logs.FilterPattern.string_value("$.message", "=", "failed"),
        metric_namespace=namespace(stage),
        metric_name=metric_names.FAILED_CALLS,
        metric_value="1",
        dimensions={"function_version": "$.function_version"},
        unit=cloudwatch.Unit.COUNT,
    )
