"""Who is told of what: the topic, every alarm of the stage, and the objective that they defend.

An alarm costs by its metrics, 0.10 dollars each a month, and a composite 0.50: in prod 30 on 58 metrics and three
composites are 7.30 dollars, in dev 26 on 52 are 6.70.
"""

from pathlib import Path

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra_cdk.api.rest_api import Api
from infra_cdk.config import StageConfig
from infra_cdk.monitoring import drift, slo
from infra_cdk.monitoring.alarms import model, presence, service
from infra_cdk.monitoring.alarms.spec import Alarms
from infra_cdk.monitoring.metrics import Metrics
from infra_cdk.monitoring.topic import AlarmsTopic
from infra_cdk.service.function import Service


class Monitoring(Construct):
    """The alarms of a stage.

    Attributes:
        topic: where they go.
        metrics: what they look at.
        reference_shares: of the digits 0 to 9, which the answers are held against.
        service_alarms, model_alarms: those that call somebody, by what they watch; no children of composites.
        rollback_alarms: metric alarms that a deployment is rolled back for: errors of the new version, and the
            heartbeat's failures and wrong answers; never cold starts or latency, which its first minutes have anyway.
    """

    def __init__(
        self, scope: Construct, id: str, *, config: StageConfig, source: Path, api: Api, service: Service
    ) -> None:
        super().__init__(scope, id)
        self.topic = AlarmsTopic(self, "AlarmsTopic", email=config.alarm_email)
        self.metrics = Metrics(
            config=config,
            stage=api.rest_api.deployment_stage,
            api_name=api.rest_api.rest_api_name,
            alias=service.alias,
            version=service.function.current_version.version,
        )
        self.metrics.add_filters(self, service.log_group)
        self.reference_shares = drift.reference_shares(config, source)
        self.service_alarms, self.rollback_alarms = self._watch_service(config)
        self.model_alarms = self._watch_model(config)
        self.objective = slo.add(self, "Availability", self.metrics)

    def _watch_service(self, config: StageConfig) -> tuple[list[cloudwatch.IAlarm], list[cloudwatch.IAlarm]]:
        alarms = Alarms(self, "ServiceAlarms", topic=self.topic.topic)
        service.add_error_budget(alarms, self.metrics)
        service.add_latency(alarms, self.metrics)
        service.add_function(alarms, self.metrics, config)
        new_version = service.add_new_version(alarms, self.metrics)
        if config.provisioned_lowest:
            service.add_warm(alarms, self.metrics, config)
        heartbeat = presence.add_heartbeat(alarms, self.metrics)
        if config.busy_hours:
            presence.add_no_traffic(alarms, self.metrics, config.busy_hours)
        return alarms.all, [new_version, *heartbeat]

    def _watch_model(self, config: StageConfig) -> list[cloudwatch.IAlarm]:
        alarms = Alarms(self, "ModelAlarms", topic=self.topic.topic)
        model.add_drift(alarms, drift.index(self.metrics, self.reference_shares))
        model.add_doubt(alarms, self.metrics, config.low_confidence_share)
        model.add_warnings(alarms, self.metrics, config.usual_warnings)
        model.add_rejected(alarms, self.metrics)
        return alarms.all
