"""The heartbeat: a function that asks the public API every minute, with a key and a usage plan of its own."""

from pathlib import Path

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra_cdk.api.rest_api import Api
from infra_cdk.api.throttle import HEARTBEAT
from infra_cdk.config import StageConfig
from infra_cdk.logs import Logs
from infra_cdk.service.auxiliary_function import Companion

# Of the 1,440 minutes of a day, and as many again for who calls it by hand.
QUOTA_PER_DAY = 3000


class Heartbeat(Construct):
    """Asks once a minute.

    Attributes:
        function, role: what asks, and what it may do: read its one key.
        key: its own, so that what clients may send stays theirs.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        config: StageConfig,
        source: Path,
        api: Api,
        logs: Logs,
        model_uri: str = "",
    ) -> None:
        super().__init__(scope, id)
        self.key = self._key(api)
        companion = Companion(
            self,
            "Beat",
            config=config,
            source=source,
            entry="lambda_fn.heartbeat.handler",
            description="Sends golden images through the public API",
            # Reading the key takes 10 seconds at most and the request as many; the next one begins after 60.
            timeout=Duration.seconds(40),
            log_group=logs.group(self, "Log"),
            variables={"API_URL": api.url, "API_KEY_ID": self.key.key_id},
            model_uri=model_uri,
        )
        self.function, self.role = companion.function, companion.role
        # The next one is on its way before a second try of this one would be.
        self.function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
        key_arn = f"arn:{Stack.of(self).partition}:apigateway:{Stack.of(self).region}::/apikeys/{self.key.key_id}"
        self.role.add_to_policy(iam.PolicyStatement(actions=["apigateway:GET"], resources=[key_arn]))
        self._schedule()

    def _key(self, api: Api) -> apigateway.ApiKey:
        key = apigateway.ApiKey(self, "Key", description="Postal Digits heartbeat")
        plan = apigateway.UsagePlan(
            self,
            "Plan",
            description="What the heartbeat sends",
            throttle=apigateway.ThrottleSettings(rate_limit=HEARTBEAT.rate, burst_limit=HEARTBEAT.burst),
            quota=apigateway.QuotaSettings(limit=QUOTA_PER_DAY, period=apigateway.Period.DAY),
            api_stages=[apigateway.UsagePlanPerApiStage(api=api.rest_api, stage=api.rest_api.deployment_stage)],
        )
        plan.add_api_key(key)
        return key

    def _schedule(self) -> None:
        account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        role = iam.Role(
            self, "ScheduleRole", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=account)
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function_arn])
        )
        scheduler.Schedule(
            self,
            "EveryMinute",
            description="The heartbeat of Postal Digits",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
            target=targets.LambdaInvoke(
                self.function,
                # The target would add every version and alias of the function to what the role may call.
                role=role.without_policy_updates(),
                retry_attempts=0,
                max_event_age=Duration.minutes(1),
            ),
        )
