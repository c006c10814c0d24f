"""The two dashboards, each from its alarms down to the log lines that explain them."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import Limits
from infra_cdk.monitoring.dashboards import model as model_dashboard
from infra_cdk.monitoring.dashboards import service as service_dashboard
from infra_cdk.monitoring.dashboards import widgets
from infra_cdk.monitoring.metrics import Metrics
from infra_cdk.served_model import Expectations, ServedModel

DEFAULT_INTERVAL = Duration.hours(12)


class Dashboards(Construct):
    """Two dashboards, at three dollars a month each."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        metrics: Metrics,
        model: ServedModel,
        service_alarms: Sequence[cloudwatch.IAlarm],
        model_alarms: Sequence[cloudwatch.IAlarm],
        log_group: logs.ILogGroup,
        expected: Expectations,
        limits: Limits,
    ) -> None:
        super().__init__(scope, id)
        self.service = self._dashboard(
            "service",
            "Do clients get answers, and in time? If an alarm is red, begin with its entry in `docs/runbook.md`.",
            service_alarms,
            service_dashboard.rows(metrics, limits, log_group, units=model.units),
        )
        self.model = self._dashboard(
            "model",
            f"Are the answers of {model.name}, version {model.version}, right? All graphs include the heartbeat's "
            f"{model.units}, about one of each class a minute.",
            model_alarms,
            model_dashboard.rows(metrics, model, expected, log_group),
        )

    def _dashboard(
        self,
        name: str,
        question: str,
        alarms: Sequence[cloudwatch.IAlarm],
        rows: Sequence[Sequence[cloudwatch.Column]],
    ) -> cloudwatch.Dashboard:
        stack = Stack.of(self).stack_name
        heading = widgets.text(f"# {stack}: {name}\n{question} Times are UTC.")
        return cloudwatch.Dashboard(
            self,
            name.title(),
            # CloudWatch has one list of dashboards for all regions.
            dashboard_name=f"{stack}-{Aws.REGION}-{name}",
            default_interval=DEFAULT_INTERVAL,
            widgets=cast(list[list[cloudwatch.IWidget]], [[heading], [widgets.alarm_states("Alarms", alarms)], *rows]),
        )
