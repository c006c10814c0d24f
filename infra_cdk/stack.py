"""The stack of a stage: composes the function, its API, monitoring and deployment."""

from pathlib import Path

from aws_cdk import CfnOutput, DefaultStackSynthesizer, PermissionsBoundary, RemovalPolicy, Stack, Tags
from constructs import Construct

from infra_cdk import naming
from infra_cdk.api.domain import Domain
from infra_cdk.api.rest_api import Api
from infra_cdk.config import HEALTH_PATH, StageConfig
from infra_cdk.logs import Logs
from infra_cdk.monitoring.budget import Budget
from infra_cdk.monitoring.dashboards.dashboards import Dashboards
from infra_cdk.monitoring.heartbeat import Heartbeat
from infra_cdk.monitoring.metrics import Metrics
from infra_cdk.monitoring.monitoring import Monitoring
from infra_cdk.served_model import ServedModel
from infra_cdk.service.container_image import ContainerImage
from infra_cdk.service.delivery import Delivery
from infra_cdk.service.function import Service
from infra_cdk.service.model_bucket import ModelBucket
from infra_cdk.service.provisioned_concurrency import add_scaling


class PostalDigits(Stack):
    """One stage.

    Attributes:
        models: the bucket of model versions, or None.
        domain: the API's own name, or None.
    """

    def __init__(self, scope: Construct, id: str, *, config: StageConfig, source: Path) -> None:
        """Composes the stage from the repository in `source`.

        Raises:
            ConfigError: the configuration does not fit the model's contract.
        """
        super().__init__(
            scope,
            id,
            description=f"Model inference by REST, stage {config.stage}",
            termination_protection=config.protected,
            synthesizer=DefaultStackSynthesizer(qualifier=naming.qualifier(config.stage)),
            permissions_boundary=PermissionsBoundary.from_name(naming.boundary(config.stage)),
        )
        model = ServedModel.read(source, config.model_name, config.model_version)
        image = ContainerImage(source, config.architecture)
        self.logs = Logs(
            self,
            "Logs",
            retention_days=config.log_retention_days,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if config.keep_logs else RemovalPolicy.DESTROY,
        )
        self.models = ModelBucket(self, "Models") if config.model_bucket else None
        environment = self._shared_environment(config)
        self.service = Service(
            self,
            "Service",
            image=image,
            description=f"Answers requests for the model {config.model_name}",
            environment=environment | self._service_environment(config),
            log_group=self.logs.group(self, "ServiceLog"),
            log_level=config.log_level,
            limits=config.limits,
            reserve_concurrency=config.reserve_concurrency,
            provisioned_concurrency=config.provisioned_lowest or None,
        )
        if config.provisioned_lowest:
            add_scaling(
                self.service.alias,
                lowest=config.provisioned_lowest,
                highest=config.provisioned_highest,
                utilisation=config.provisioned_utilisation,
                schedules=config.schedules,
                time_zone=config.time_zone,
            )
        self.api = Api(
            self,
            "Api",
            description=f"Postal Digits, {config.stage}",
            alias=self.service.alias,
            logs=self.logs,
            clients=config.clients,
            keyless=config.keyless,
            keyed_throttle=config.keyed,
            quota_per_day=config.quota_per_day,
            cors=bool(config.cors_origins),
            waf_requests_per_ip=config.waf_requests_per_ip if config.waf else None,
            counted=[("GET", HEALTH_PATH)] if config.domain else [],
        )
        self.domain = self._add_domain(config) if config.domain else None
        self.heartbeat = Heartbeat(
            self,
            "Heartbeat",
            rest_api=self.api.rest_api,
            alias=self.service.alias,
            image=image,
            environment=environment,
            logs=self.logs,
        )
        metrics = Metrics(
            stage=config.stage,
            service_name=config.service_name,
            model=model,
            rest_api=self.api.rest_api,
            alias=self.service.alias,
            function_version=self.service.function.current_version.version,
            firewall=self.api.firewall,
            health_checked=self.domain is not None,
        )
        expected = model.expectations(
            reference_shares=config.reference_shares,
            low_confidence_share=config.low_confidence_share,
            usual_warnings=config.usual_warnings,
        )
        self.monitoring = Monitoring(
            self,
            "Monitoring",
            stage=config.stage,
            metrics=metrics,
            log_group=self.service.log_group,
            model=model,
            expected=expected,
            limits=config.limits,
            busy_hours=config.busy_hours,
            email=config.alarm_email,
            pager_url=config.pager_url,
        )
        if config.monthly_budget:
            Budget(self, "Budget", stage=config.stage, dollars=config.monthly_budget, email=config.alarm_email)
        self.dashboards = Dashboards(
            self,
            "Dashboards",
            metrics=metrics,
            model=model,
            expected=expected,
            limits=config.limits,
            service_alarms=self.monitoring.service_alarms,
            model_alarms=self.monitoring.model_alarms,
            log_group=self.service.log_group,
        )
        self.delivery = Delivery(
            self,
            "Delivery",
            function=self.service.function,
            alias=self.service.alias,
            canary=config.canary,
            rollback_alarms=self.monitoring.rollback_alarms,
            ignore_rollback_alarms=config.ignore_rollback_alarms,
            image=image,
            environment=environment,
            logs=self.logs,
        )
        self._grant_models(config)
        self._add_outputs()
        Tags.of(self).add("project", naming.PROJECT)
        Tags.of(self).add("stage", config.stage)

    def _add_domain(self, config: StageConfig) -> Domain:
        return Domain(
            self, "Domain", rest_api=self.api.rest_api, domain=config.domain, hosted_zone_id=config.hosted_zone_id
        )

    def _shared_environment(self, config: StageConfig) -> dict[str, str]:
        """Settings (lambda_fn/settings.py) of all functions."""
        settings = {
            "MODELS": f"{config.model_name}={config.model_version}",
            "SERVICE_NAME": config.service_name,
            "LOG_LEVEL": config.log_level,
        }
        if self.models and config.model_from_bucket:
            settings["MODEL_URI"] = self.models.uri
        return settings

    def _service_environment(self, config: StageConfig) -> dict[str, str]:
        """Settings of the service's function only; other values stay at the setting's default."""
        settings = {}
        if config.cors_origins:
            settings["CORS_ORIGINS"] = ",".join(config.cors_origins)
        if config.image_links:
            settings["IMAGE_LINKS"] = "true"
        return settings

    def _grant_models(self, config: StageConfig) -> None:
        if self.models:
            checks = [self.heartbeat.role, self.delivery.hook_role] if config.model_from_bucket else []
            for role in (self.service.role, *checks):
                self.models.grant_read(role)

    def _add_outputs(self) -> None:
        CfnOutput(self, "ApiUrl", value=self.api.rest_api.url)
        if self.domain:
            CfnOutput(self, "DomainUrl", value=self.domain.url)
            CfnOutput(self, "DomainHealthCheckId", value=self.domain.health_check.health_check_id)
        for client, key in self.api.keys.items():
            CfnOutput(self, f"ApiKeyId{client.title().replace('-', '')}", value=key.key_id)
        if self.models:
            CfnOutput(self, "ModelBucketName", value=self.models.bucket.bucket_name)
