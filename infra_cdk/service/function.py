"""The function that answers requests: its settings, role, version and alias."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import MB_PER_CPU, Limits
from infra_cdk.service.container_image import ContainerImage
from infra_cdk.suppressions import suppress_checkov, suppress_nag

ALIAS_NAME = "live"


class Service(Construct):
    """The function and its alias `live`, through which all requests go; a deployment moves the alias."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        image: ContainerImage,
        description: str,
        environment: Mapping[str, str],
        log_group: logs.LogGroup,
        log_level: str,
        limits: Limits,
        reserve_concurrency: bool,
        provisioned_concurrency: int | None,
    ) -> None:
        super().__init__(scope, id)
        self.log_group = log_group
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            description=description,
            code=image.code(),
            architecture=image.architecture,
            memory_size=limits.memory_mb,
            timeout=Duration.seconds(limits.timeout_seconds),
            reserved_concurrent_executions=limits.concurrency if reserve_concurrency else None,
            environment={
                **environment,
                "INFERENCE_THREADS": str(max(1, limits.memory_mb // MB_PER_CPU)),
                # By default onnxruntime reports usage over the network and writes files.
                "ORT_DISABLE_TELEMETRY": "1",
            },
            role=self.role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            # Metrics are log lines: a level above INFO would drop them and the platform's reports. LOG_LEVEL filters
            # the function's own lines.
            application_log_level_v2=lambda_.ApplicationLogLevel.DEBUG
            if log_level == "DEBUG"
            else lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.INFO,
            tracing=lambda_.Tracing.ACTIVE,
            # A version whose first deployment failed goes with it. If it stayed, the next try would find the function
            # unchanged since then, and CloudFormation would refuse: "Version already exists".
            current_version_options=lambda_.VersionOptions(removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE),
        )
        self.alias = lambda_.Alias(
            self,
            "Live",
            alias_name=ALIAS_NAME,
            version=self.function.current_version,
            provisioned_concurrent_executions=provisioned_concurrency,
        )
        suppress_nag(
            self.role,
            "X-Ray has no resource to name; the role allows PutTraceSegments and PutTelemetryRecords only.",
            "IAM5[Resource::*]",
        )
        quota = "An account with a quota of ten can't reserve any; the API's throttle keeps it below that."
        suppress_checkov(
            self.function,
            CKV_AWS_116="Calls are synchronous only: the caller gets the error.",
            CKV_AWS_117="It reaches nothing in a VPC; in one it would start later and gain no rights.",
            CKV_AWS_173="Its variables are settings, none is secret; Lambda encrypts them anyway.",
            **({} if reserve_concurrency else {"CKV_AWS_115": quota}),
        )
