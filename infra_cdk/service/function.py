"""The function that reads digits: its image, version and alias, what it may do, and how many stay warm."""

from pathlib import Path

from aws_cdk import Duration, RemovalPolicy, TimeZone
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import MB_PER_CPU, StageConfig
from infra_cdk.suppressions import checkov, nag

# One value decides for image and function: a mismatch is found only when the function starts.
PLATFORMS = {
    "x86_64": (ecr_assets.Platform.LINUX_AMD64, lambda_.Architecture.X86_64),
    "arm64": (ecr_assets.Platform.LINUX_ARM64, lambda_.Architecture.ARM_64),
}
ALIAS_NAME = "live"


class Service(Construct):
    """The function.

    Attributes:
        function, role, log_group: the function, what it may do, and its log.
        alias: `live`, the only way in; a deployment moves it from version to version.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: StageConfig,
        source: Path,
        log_group: logs.LogGroup,
        model_uri: str = "",
    ) -> None:
        super().__init__(scope, id)
        self.log_group = log_group
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = self._function(config, source, model_uri)
        self._accept_exceptions(config)
        self.alias = lambda_.Alias(
            self,
            "Live",
            alias_name=ALIAS_NAME,
            version=self.function.current_version,
            provisioned_concurrent_executions=config.provisioned_lowest or None,
        )
        if config.provisioned_lowest:
            self._keep_warm(config)

    def _function(self, config: StageConfig, source: Path, model_uri: str) -> lambda_.DockerImageFunction:
        return lambda_.DockerImageFunction(
            self,
            "Function",
            description="Reads handwritten digits",
            code=image(config, source),
            architecture=PLATFORMS[config.architecture][1],
            memory_size=config.memory_mb,
            timeout=Duration.seconds(config.timeout_seconds),
            reserved_concurrent_executions=config.concurrency if config.reserve_concurrency else None,
            environment=environment(config, model_uri) | _tuning(config),
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            # Metrics are log lines too, and below INFO neither they nor the platform's reports get through; the
            # function's own lines are held back by its own LOG_LEVEL.
            application_log_level_v2=lambda_.ApplicationLogLevel.DEBUG
            if config.log_level == "DEBUG"
            else lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.INFO,
            tracing=lambda_.Tracing.ACTIVE,
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN),
        )

    def _keep_warm(self, config: StageConfig) -> None:
        target = self.alias.add_auto_scaling(
            min_capacity=config.provisioned_lowest, max_capacity=config.provisioned_highest
        )
        target.scale_on_utilization(utilization_target=config.provisioned_utilisation)
        for number, schedule in enumerate(config.schedules, 1):
            target.scale_on_schedule(
                f"Schedule{number}",
                schedule=scaling.Schedule.expression(schedule.cron),
                min_capacity=schedule.lowest,
                max_capacity=schedule.highest,
                time_zone=TimeZone.of(config.time_zone),
            )

    def _accept_exceptions(self, config: StageConfig) -> None:
        nag(
            self.role,
            "IAM5[Resource::*]",
            "X-Ray takes segments for no resource that could be named; PutTraceSegments and PutTelemetryRecords only.",
        )
        checkov(self.function, "CKV_AWS_116", "It is called synchronously only: whoever calls gets the error.")
        checkov(
            self.function, "CKV_AWS_117", "It reaches nothing in a VPC; in one it would start later and gain no rights."
        )
        checkov(
            self.function, "CKV_AWS_173", "Its variables are settings, none is secret; Lambda encrypts them anyway."
        )
        if not config.reserve_concurrency:
            checkov(
                self.function,
                "CKV_AWS_115",
                "An account whose quota is ten can reserve none; the gateway's throttle holds it below that.",
            )


def image(config: StageConfig, source: Path, entry: str = "") -> lambda_.DockerImageCode:
    """The one image of a stage; `entry` is another handler in it than the service's."""
    return lambda_.DockerImageCode.from_image_asset(
        str(source),
        file="lambda_fn/Dockerfile",
        platform=PLATFORMS[config.architecture][0],
        asset_name="postal-digits",
        cmd=[entry] if entry else None,
    )


def environment(config: StageConfig, model_uri: str) -> dict[str, str]:
    """Settings of lambda_fn/settings.py that all functions of a stage share."""
    settings = {
        "MODEL_VERSION": config.model_version,
        "SERVICE_NAME": config.service_name,
        "LOG_LEVEL": config.log_level,
    }
    return settings | ({"MODEL_URI": model_uri} if model_uri else {})


def _tuning(config: StageConfig) -> dict[str, str]:
    """Those that the service alone has; what a stage does not decide keeps its default."""
    settings = {
        "INFERENCE_THREADS": str(max(1, config.memory_mb // MB_PER_CPU)),
        # onnxruntime reports usage over the network and writes files unless told not to.
        "ORT_DISABLE_TELEMETRY": "1",
    }
    if config.cors_origins:
        settings["CORS_ORIGINS"] = ",".join(config.cors_origins)
    if config.image_links:
        settings["IMAGE_LINKS"] = "true"
    return settings
