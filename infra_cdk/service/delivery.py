"""Delivery: a new version gets traffic by CodeDeploy, after a check with golden images, and loses it on an alarm."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra_cdk.config import StageConfig
from infra_cdk.logs import Logs
from infra_cdk.service.auxiliary_function import Companion
from infra_cdk.service.function import ALIAS_NAME, Service
from infra_cdk.suppressions import nag

CONFIGS = {
    "all_at_once": codedeploy.LambdaDeploymentConfig.ALL_AT_ONCE,
    "canary_10_percent_5_minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
}


class Delivery(Construct):
    """Moves the alias from version to version.

    Attributes:
        group: the deployment group; its alarms stop a deployment and roll it back.
        role: what CodeDeploy may do.
        hook_role: what the check before traffic may do.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: StageConfig,
        source: Path,
        service: Service,
        logs: Logs,
        rollback_alarms: Sequence[cloudwatch.IAlarm],
        model_uri: str = "",
    ) -> None:
        """The alarms must not lead back to the alias, which waits for them: https://github.com/aws/aws-cdk/issues/13922"""
        super().__init__(scope, id)
        hook = Companion(
            self,
            "PreTraffic",
            config=config,
            source=source,
            entry="lambda_fn.pre_traffic.handler",
            description="Checks a new version before it gets traffic",
            timeout=Duration.minutes(5),
            log_group=logs.group(self, "Log"),
            variables={"CHECKED_VERSION": service.function.current_version.function_arn},
            model_uri=model_uri,
        )
        self.hook_role = hook.role
        self.role = self._role(service, hook)
        self.group = codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            application=codedeploy.LambdaApplication(self, "Application"),
            alias=service.alias,
            deployment_config=CONFIGS[config.canary],
            # The group would add AWS's policy for every function, and every version of the hook.
            role=self.role.without_policy_updates(),
            pre_hook=hook.function,
            alarms=list(rollback_alarms),
            ignore_alarm_configuration=config.ignore_rollback_alarms,
            auto_rollback=codedeploy.AutoRollbackConfig(failed_deployment=True, stopped_deployment=True),
        )
        self._allow_the_hook(service)
        # The first deployment by it comes with the rights that it takes.
        alias = service.alias.node.default_child
        assert alias  # noqa: S101
        alias.node.add_dependency(self.role, hook)
        self._accept_exceptions()

    def _role(self, service: Service, hook: Companion) -> iam.Role:
        """AWSCodeDeployRoleForLambdaLimited, for this alias and this hook only, and without S3."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
        function = service.function.function_arn
        for actions, resources in (
            # Not by the alias itself, which waits for this role.
            (("GetAlias", "GetProvisionedConcurrencyConfig", "UpdateAlias"), [function, f"{function}:{ALIAS_NAME}"]),
            (("InvokeFunction",), [hook.function.function_arn]),
        ):
            role.add_to_policy(
                iam.PolicyStatement(actions=[f"lambda:{action}" for action in actions], resources=resources)
            )
        role.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=["*"]))
        return role

    def _allow_the_hook(self, service: Service) -> None:
        version = service.function.current_version.function_arn
        self.hook_role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[version]))
        self.hook_role.add_to_policy(
            iam.PolicyStatement(actions=["codedeploy:GetDeployment"], resources=[self.group.deployment_group_arn])
        )

    def _accept_exceptions(self) -> None:
        nag(self.role, "IAM5[Resource::*]", "CodeDeploy asks for all its alarms at once, by name; DescribeAlarms only.")
