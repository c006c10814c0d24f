"""Calls the public API once a minute with its own key and usage plan."""

from collections.abc import Mapping

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra_cdk.api.throttle import HEARTBEAT
from infra_cdk.logs import Logs
from infra_cdk.service.auxiliary_function import AuxiliaryFunction
from infra_cdk.service.container_image import ContainerImage
from infra_cdk.suppressions import suppress_versions

# A day has 1,440 minutes; the rest is for calls by hand.
QUOTA_PER_DAY = 3000


class Heartbeat(Construct):
    """The scheduled function, its role, and its key, which takes nothing from the clients' limits."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        rest_api: apigateway.RestApi,
        alias: lambda_.Alias,
        image: ContainerImage,
        environment: Mapping[str, str],
        logs: Logs,
    ) -> None:
        super().__init__(scope, id)
        self.key, plan = self._add_key(rest_api)
        auxiliary = AuxiliaryFunction(
            self,
            "Beat",
            image=image,
            handler="lambda_fn.heartbeat.handler",
            description="Sends golden requests through the public API",
            environment={
                **environment,
                "API_URL": rest_api.url,
                "API_KEY_ID": self.key.key_id,
                "FUNCTION_NAME": alias.lambda_.function_name,
                "ALIAS_NAME": alias.alias_name,
            },
            # All its calls, each as slow as it may be, take 52 seconds; the next run begins after 60.
            timeout=Duration.seconds(55),
            log_group=logs.group(self, "Log"),
        )
        self.function, self.role = auxiliary.function, auxiliary.role
        # The next run begins before a retry of this one would.
        self.function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
        key_arn = f"arn:{Stack.of(self).partition}:apigateway:{Stack.of(self).region}::/apikeys/{self.key.key_id}"
        self.role.add_to_policy(iam.PolicyStatement(actions=["apigateway:GET"], resources=[key_arn]))
        self._allow_calls_of_new_versions(alias)
        schedule = self._add_schedule()
        # A heartbeat before the API and its key work would fail, and page, while the stage is created.
        schedule.node.add_dependency(rest_api, plan)

    def _allow_calls_of_new_versions(self, alias: lambda_.Alias) -> None:
        service = alias.lambda_.function_arn
        for action, resources in (
            ("lambda:GetAlias", [service, f"{service}:{alias.alias_name}"]),
            ("lambda:InvokeFunction", [f"{service}:*"]),
        ):
            self.role.add_to_policy(iam.PolicyStatement(actions=[action], resources=resources))
        reason = "It learns from the alias which version of the service's function gets its first traffic."
        suppress_versions(self.role, alias.lambda_, reason)

    def _add_key(self, rest_api: apigateway.RestApi) -> tuple[apigateway.ApiKey, apigateway.UsagePlan]:
        key = apigateway.ApiKey(self, "Key", description="Postal Digits heartbeat")
        plan = apigateway.UsagePlan(
            self,
            "Plan",
            description="Limits of the heartbeat's key",
            throttle=apigateway.ThrottleSettings(rate_limit=HEARTBEAT.rate, burst_limit=HEARTBEAT.burst),
            quota=apigateway.QuotaSettings(limit=QUOTA_PER_DAY, period=apigateway.Period.DAY),
            api_stages=[apigateway.UsagePlanPerApiStage(api=rest_api, stage=rest_api.deployment_stage)],
        )
        plan.add_api_key(key)
        return key, plan

    def _add_schedule(self) -> scheduler.Schedule:
        account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        role = iam.Role(
            self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=account)
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function_arn])
        )
        schedule = scheduler.Schedule(
            self,
            "EveryMinute",
            description="The heartbeat of Postal Digits",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
            target=targets.LambdaInvoke(
                self.function,
                # The target would let the role call every version and alias of the function.
                role=role.without_policy_updates(),
                retry_attempts=0,
                max_event_age=Duration.minutes(1),
            ),
        )
        schedule.node.add_dependency(role)
        return schedule
