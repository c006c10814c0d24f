"""CodeDeploy moves the alias to a new version after the pre-traffic check, and back on an alarm."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra_cdk.logs import Logs
from infra_cdk.service.auxiliary_function import AuxiliaryFunction
from infra_cdk.service.container_image import ContainerImage
from infra_cdk.suppressions import suppress_nag, suppress_versions

DEPLOYMENT_CONFIGS = {
    "all_at_once": codedeploy.LambdaDeploymentConfig.ALL_AT_ONCE,
    "canary_10_percent_5_minutes": codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
}


class Delivery(Construct):
    """Deployment of new versions.

    Attributes:
        group: the deployment group; its alarms stop a deployment and roll it back.
        role: CodeDeploy's role.
        hook_role: role of the pre-traffic check.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        function: lambda_.Function,
        alias: lambda_.Alias,
        canary: str,
        rollback_alarms: Sequence[cloudwatch.IAlarm],
        ignore_rollback_alarms: bool,
        image: ContainerImage,
        environment: Mapping[str, str],
        logs: Logs,
    ) -> None:
        """The alarms must not refer to the alias, which waits for them: https://github.com/aws/aws-cdk/issues/13922"""
        super().__init__(scope, id)
        new_version = function.current_version.function_arn
        hook = AuxiliaryFunction(
            self,
            "PreTraffic",
            image=image,
            handler="lambda_fn.pre_traffic.handler",
            description="Checks a new version before it gets traffic",
            environment={**environment, "CHECKED_VERSION": new_version},
            # Longer than all its calls, each slow and tried twice: without its decision CodeDeploy waits an hour.
            timeout=Duration.minutes(10),
            log_group=logs.group(self, "Log"),
        )
        self.hook_role = hook.role
        self.role = self._role(function, alias.alias_name, hook.function)
        self.group = codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            application=codedeploy.LambdaApplication(self, "Application"),
            alias=alias,
            deployment_config=DEPLOYMENT_CONFIGS[canary],
            # The group would add AWS's policy for every function, and every version of the hook.
            role=self.role.without_policy_updates(),
            pre_hook=hook.function,
            alarms=list(rollback_alarms),
            ignore_alarm_configuration=ignore_rollback_alarms,
            auto_rollback=codedeploy.AutoRollbackConfig(failed_deployment=True, stopped_deployment=True),
        )
        for action, resource in (
            ("lambda:InvokeFunction", new_version),
            ("codedeploy:GetDeployment", self.group.deployment_group_arn),
        ):
            self.hook_role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
        # CloudFormation must create hook and policies before it moves the alias for the first time.
        resource_of_alias = alias.node.default_child
        assert resource_of_alias  # noqa: S101
        resource_of_alias.node.add_dependency(self.role, hook)

    def _role(self, function: lambda_.Function, alias_name: str, hook: lambda_.Function) -> iam.Role:
        """The rights of AWSCodeDeployRoleForLambdaLimited for this alias and this hook, without S3."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
        arn = function.function_arn
        for actions, resources in (
            (
                ["lambda:GetAlias", "lambda:UpdateAlias"],
                # Not the alias's own ARN: the alias waits for this role.
                [arn, f"{arn}:{alias_name}"],
            ),
            # It belongs to a version or an alias, and is asked for by that ARN:
            # https://docs.aws.amazon.com/lambda/latest/api/API_GetProvisionedConcurrencyConfig.html
            (["lambda:GetProvisionedConcurrencyConfig"], [f"{arn}:*"]),
            (["lambda:InvokeFunction"], [hook.function_arn]),
            (["cloudwatch:DescribeAlarms"], ["*"]),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        reason = "CodeDeploy describes all its alarms in one call, by name; DescribeAlarms only."
        suppress_nag(role, reason, "IAM5[Resource::*]")
        reason = "The versions and the alias of this one function; GetProvisionedConcurrencyConfig only."
        suppress_versions(role, function, reason)
        return role
