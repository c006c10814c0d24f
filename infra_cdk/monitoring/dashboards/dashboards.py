"""What people look at: a dashboard of the service and one of the model, from the alarms down to the last errors."""

from typing import cast

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import StageConfig
from infra_cdk.monitoring.dashboards import model, service, widgets
from infra_cdk.monitoring.monitoring import Monitoring

SHOWN = Duration.hours(12)


class Dashboards(Construct):
    """Two dashboards, at three dollars a month each.

    Attributes:
        service, model: the dashboards.
    """

    def __init__(
        self, scope: Construct, id: str, *, config: StageConfig, monitoring: Monitoring, log_group: logs.ILogGroup
    ) -> None:
        super().__init__(scope, id)
        metrics, shares = monitoring.metrics, monitoring.reference_shares
        self.service = self._dashboard(
            "service",
            "Whether clients get answers, in time. Where an alarm is red, begin with its entry in `docs/runbook.md`.",
            monitoring.service_alarms,
            service.rows(metrics, config, log_group),
        )
        self.model = self._dashboard(
            "model",
            f"Whether the answers are right: model version {config.model_version}. Pictures of the heartbeat, ten a "
            "minute, are among all that is shown.",
            monitoring.model_alarms,
            model.rows(metrics, config, shares, log_group),
        )

    def _dashboard(
        self,
        name: str,
        reading: str,
        alarms: list[cloudwatch.IAlarm],
        rows: list[list[cloudwatch.Column]],
    ) -> cloudwatch.Dashboard:
        stack = Stack.of(self).stack_name
        heading = widgets.text(f"# {stack}: {name}\n{reading} Times are UTC.", height=2)
        return cloudwatch.Dashboard(
            self,
            name.title(),
            dashboard_name=f"{stack}-{name}",
            default_interval=SHOWN,
            widgets=cast(list[list[cloudwatch.IWidget]], [[heading], [widgets.states("Alarms", alarms)], *rows]),
        )
