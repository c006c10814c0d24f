"""A function beside the service's: the same image with another entry, a role and a log of its own, and no way in."""

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra_cdk.config import StageConfig
from infra_cdk.service.function import PLATFORMS, environment, image
from infra_cdk.suppressions import checkov

MEMORY_MB = 512


class Companion(Construct):
    """A small function of the service's image.

    Attributes:
        function, role: the function, and what it may do: write its log, and what is added.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: StageConfig,
        source: Path,
        entry: str,
        description: str,
        timeout: Duration,
        log_group: logs.LogGroup,
        variables: dict[str, str],
        model_uri: str,
    ) -> None:
        super().__init__(scope, id)
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = lambda_.DockerImageFunction(
            self,
            "Function",
            description=description,
            code=image(config, source, entry),
            architecture=PLATFORMS[config.architecture][1],
            memory_size=MEMORY_MB,
            timeout=timeout,
            environment=environment(config, model_uri) | variables,
            role=self.role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
        )
        checkov(
            self.function,
            "CKV_AWS_115",
            "It runs once at a time by its nature; what it reserved, the account's quota would lose for the service.",
        )
        checkov(self.function, "CKV_AWS_116", "A run that fails is missed by who waits for it, and is of no use later.")
        checkov(self.function, "CKV_AWS_117", "It reaches public endpoints only; in a VPC it would need a way out.")
        checkov(self.function, "CKV_AWS_173", "Its variables are addresses and names, none is secret.")
