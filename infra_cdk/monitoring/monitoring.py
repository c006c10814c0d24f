"""All alarms of a stage, their topics, and the availability objective.

An alarm costs 0.10 dollars a month for each of its metrics, a composite alarm 0.50 (scripts/operate/cost.py).
"""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import Limits
from infra_cdk.monitoring import slo
from infra_cdk.monitoring.alarms.alarm_spec import create_alarm
from infra_cdk.monitoring.alarms.burn_rate import WINDOWS, create_burn_rate_alarms
from infra_cdk.monitoring.alarms.heartbeat_and_traffic import heartbeat_alarms, traffic_alarms
from infra_cdk.monitoring.alarms.model import model_alarms
from infra_cdk.monitoring.alarms.notifications import notification_alarms
from infra_cdk.monitoring.alarms.service import firewall_alarms, provisioned_concurrency_alarms, service_alarms
from infra_cdk.monitoring.metric_filters import add_metric_filters
from infra_cdk.monitoring.metrics import Metrics
from infra_cdk.monitoring.topics import AlarmTopics
from infra_cdk.served_model import Expectations, ServedModel

# Never cold starts or latency, which are high in the first minutes of any deployment.
ROLLBACK = ("new-version-errors", "heartbeat-failed", "heartbeat-wrong")


class Monitoring(Construct):
    """The alarms of a stage.

    Attributes:
        service_alarms, model_alarms: the alarms that notify somebody, so not the parts of composite alarms.
        rollback_alarms: stop a deployment and roll it back.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: str,
        metrics: Metrics,
        log_group: logs.ILogGroup,
        model: ServedModel,
        expected: Expectations,
        limits: Limits,
        busy_hours: str,
        email: str,
        pager_url: str,
    ) -> None:
        super().__init__(scope, id)
        topics = AlarmTopics(self, "AlarmsTopic", email=email, pager_url=pager_url).by_severity
        add_metric_filters(self, log_group, stage=stage)
        specs = [
            *service_alarms(metrics, limits),
            *(provisioned_concurrency_alarms(metrics, limits) if limits.most_warm else []),
            *(firewall_alarms(metrics) if metrics.has_firewall else []),
            *heartbeat_alarms(metrics, unit=model.unit),
            *(traffic_alarms(metrics, busy_hours=busy_hours) if busy_hours else []),
            # Without an address each would set off the other for ever.
            *(notification_alarms(topics) if email else []),
        ]
        service_scope, model_scope = Construct(self, "ServiceAlarms"), Construct(self, "ModelAlarms")
        composites = create_burn_rate_alarms(service_scope, metrics, topics)
        alarms = {spec.name: create_alarm(service_scope, spec, topics) for spec in specs}
        self.rollback_alarms = [alarms[name] for name in ROLLBACK]
        self.service_alarms: list[cloudwatch.IAlarm] = [*composites, *alarms.values()]
        self.model_alarms = [create_alarm(model_scope, spec, topics) for spec in model_alarms(metrics, model, expected)]
        self.objective = slo.add_objective(self, "Availability", metrics, windows=WINDOWS)
