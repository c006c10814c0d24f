"""A small function beside the service: same image, another handler, its own role and log."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.service.container_image import ContainerImage
from infra_cdk.suppressions import suppress_checkov

MEMORY_MB = 512


class AuxiliaryFunction(Construct):
    """The function and its role, which may only write the log until more is granted."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        image: ContainerImage,
        handler: str,
        description: str,
        environment: Mapping[str, str],
        timeout: Duration,
        log_group: logs.LogGroup,
    ) -> None:
        super().__init__(scope, id)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            description=description,
            code=image.code(handler),
            architecture=image.architecture,
            memory_size=MEMORY_MB,
            timeout=timeout,
            environment=dict(environment),
            role=self.role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
        )
        suppress_checkov(
            self.function,
            CKV_AWS_115="It runs once at a time; a reservation would take executions of the quota from the service.",
            CKV_AWS_116="An alarm or the deployment notices a failed run; a later retry is useless.",
            CKV_AWS_117="It reaches public endpoints only; a VPC would need a way out.",
            CKV_AWS_173="Its variables are addresses and names, none is secret.",
        )
