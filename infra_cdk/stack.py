"""The stack of a stage: the function, the API before it, and where their logs and models lie."""

from pathlib import Path

from aws_cdk import CfnOutput, Stack, Tags
from constructs import Construct

from infra_cdk.api.rest_api import Api
from infra_cdk.config import StageConfig
from infra_cdk.logs import Logs
from infra_cdk.monitoring.dashboards.dashboards import Dashboards
from infra_cdk.monitoring.heartbeat import Heartbeat
from infra_cdk.monitoring.monitoring import Monitoring
from infra_cdk.service.delivery import Delivery
from infra_cdk.service.function import Service
from infra_cdk.service.model_bucket import ModelBucket


class PostalDigits(Stack):
    """One stage.

    Attributes:
        config, logs, models, service, api, heartbeat, monitoring, dashboards, delivery: its values and its parts;
            `models` is None where the stage has no bucket.
    """

    def __init__(self, scope: Construct, id: str, *, config: StageConfig, source: Path) -> None:
        super().__init__(
            scope,
            id,
            description=f"Handwritten digits by REST, stage {config.stage}",
            termination_protection=config.protected,
        )
        self.config = config
        self.logs = Logs(self, "Logs", config=config)
        self.models = ModelBucket(self, "Models") if config.model_bucket else None
        model_uri = self.models.uri if self.models and config.model_from_bucket else ""
        self.service = Service(
            self,
            "Service",
            config=config,
            source=source,
            log_group=self.logs.group(self, "ServiceLog"),
            model_uri=model_uri,
        )
        self.api = Api(self, "Api", config=config, alias=self.service.alias, logs=self.logs)
        self.heartbeat = Heartbeat(
            self, "Heartbeat", config=config, source=source, api=self.api, logs=self.logs, model_uri=model_uri
        )
        self.monitoring = Monitoring(
            self, "Monitoring", config=config, source=source, api=self.api, service=self.service
        )
        self.dashboards = Dashboards(
            self, "Dashboards", config=config, monitoring=self.monitoring, log_group=self.service.log_group
        )
        self.delivery = Delivery(
            self,
            "Delivery",
            config=config,
            source=source,
            service=self.service,
            logs=self.logs,
            rollback_alarms=self.monitoring.rollback_alarms,
            model_uri=model_uri,
        )
        if self.models:
            readers = (self.heartbeat.role, self.delivery.hook_role) if config.model_from_bucket else ()
            for role in (self.service.role, *readers):
                self.models.grant_read(role)
        self._tell()
        Tags.of(self).add("project", "postal-digits")
        Tags.of(self).add("stage", config.stage)

    def _tell(self) -> None:
        CfnOutput(self, "ApiUrl", value=self.api.url)
        for client, key in self.api.keys.items():
            CfnOutput(self, f"ApiKeyId{client.title().replace('-', '')}", value=key.key_id)
        if self.models:
            CfnOutput(self, "ModelBucketName", value=self.models.bucket.bucket_name)
