"""REST API in front of the function's alias: methods, keys, usage plan, error responses and logs."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra_cdk.api import gateway_responses
from infra_cdk.api.firewall import LOG_NAME_PREFIX, Firewall
from infra_cdk.api.throttle import HEARTBEAT, Throttle
from infra_cdk.config import CLIENT_KEY, GATEWAY_SECONDS, KEYED_PATHS
from infra_cdk.logs import Logs
from infra_cdk.suppressions import suppress_checkov, suppress_nag

STAGE_NAME = "v1"
# Never $context.path, which includes the stage, nor a query string, a key or a body.
ACCESS_LOG = {
    "request_id": "$context.requestId",
    "extended_request_id": "$context.extendedRequestId",
    "xray_trace_id": "$context.xrayTraceId",
    "time": "$context.requestTimeEpoch",
    "source_ip": "$context.identity.sourceIp",
    "api_key_id": "$context.identity.apiKeyId",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "error_type": "$context.error.responseType",
    "waf": "$context.waf.status",
    "response_bytes": "$context.responseLength",
    "latency_ms": "$context.responseLatency",
    "integration_ms": "$context.integration.latency",
    "integration_status": "$context.integration.status",
}


class Api(Construct):
    """The API of a stage.

    Attributes:
        usage_plan: limits of one key; applies to the keys that are added to it.
        keys: each client's key, by the client's name.
        firewall: None without `waf_requests_per_ip`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        description: str,
        alias: lambda_.Alias,
        logs: Logs,
        clients: Sequence[str],
        keyless: Mapping[tuple[str, str], Throttle],
        keyed_throttle: Throttle,
        quota_per_day: int,
        cors: bool,
        waf_requests_per_ip: int | None,
        counted: Collection[tuple[str, str]],
    ) -> None:
        """Creates the API.

        Args:
            keyless: throttles of the methods without a key, by verb and path.
            counted: keyless methods with metrics of their own, beside those of the whole API.
        """
        super().__init__(scope, id)
        self.access_log = logs.group(self, "AccessLog")
        self.rest_api = apigateway.RestApi(
            self,
            "RestApi",
            # The only dimension of API Gateway's metrics; by default every stack's API has the same name.
            rest_api_name=Stack.of(self).stack_name,
            description=description,
            endpoint_configuration=apigateway.EndpointConfiguration(types=[apigateway.EndpointType.REGIONAL]),
            # Triton's client sends tensors without a Content-Type: nothing narrower passes them unchanged.
            binary_media_types=["*/*"],
            cloud_watch_role=True,
            # A rollback needs the previous deployment: https://github.com/aws/aws-cdk/issues/14660
            retain_deployments=True,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE_NAME,
                throttling_rate_limit=keyed_throttle.rate * len(clients) + HEARTBEAT.rate,
                throttling_burst_limit=keyed_throttle.burst * len(clients) + HEARTBEAT.burst,
                method_options={
                    f"{path}/{verb}": _keyless_options(throttle, counted=(verb, path) in counted)
                    for (verb, path), throttle in keyless.items()
                },
                tracing_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
            ),
        )
        self._add_methods(keyless, alias)
        self._add_gateway_responses(cors)
        self._add_execution_log(logs)
        self.usage_plan = self._add_usage_plan(keyed_throttle, quota_per_day)
        self.keys = {client: self._add_key(client) for client in clients}
        self.firewall = self._add_firewall(waf_requests_per_ip, logs) if waf_requests_per_ip else None
        self._add_suppressions()

    def _add_methods(self, keyless_methods: Iterable[tuple[str, str]], alias: lambda_.Alias) -> None:
        integration = apigateway.LambdaIntegration(
            alias, timeout=Duration.seconds(GATEWAY_SECONDS), allow_test_invoke=False
        )
        for verb, path in keyless_methods:
            # The function answers preflights: a MOCK integration fails where every type is binary.
            method = self.rest_api.root.resource_for_path(path).add_method(verb, integration)
            reason = "Open by contract: a greeting, the model's name, the API's description; no data, and a throttle."
            if verb == "OPTIONS":
                reason = "A browser sends no key with a preflight; the answer names origins and holds no data."
            suppress_nag(method, reason, "APIG4", "COG4")
            suppress_checkov(method, CKV_AWS_59=reason)
        for path in KEYED_PATHS:
            method = self.rest_api.root.resource_for_path(path).add_method("ANY", integration, api_key_required=True)
            reason = (
                "Clients of the earlier service and of the Open Inference Protocol send an API key and nothing else; "
                "all keys may do the same, none reads stored data, and each has its rate and quota."
            )
            suppress_nag(method, reason, "APIG4", "COG4")

    def _add_gateway_responses(self, cors: bool) -> None:
        # A static header can't name the request's origin; any origin may read errors, which hold nothing private.
        cors_headers = {"Access-Control-Allow-Origin": "*"} if cors else {}
        for response in gateway_responses.RESPONSES:
            body = {"error": response.message, "code": response.code, "request_id": "$context.requestId"}
            self.rest_api.add_gateway_response(
                f"Error{response.type.response_type}",
                type=response.type,
                status_code=str(response.status) if response.status else None,
                response_headers={name: f"'{value}'" for name, value in (response.all_headers | cors_headers).items()},
                templates={"application/json": json.dumps(body)},
            )

    def _add_execution_log(self, logs: Logs) -> None:
        """Creates the group that API Gateway would create itself, without expiry and encryption key."""
        name = f"API-Gateway-Execution-Logs_{self.rest_api.rest_api_id}/{STAGE_NAME}"
        self.rest_api.deployment_stage.node.add_dependency(logs.group(self, "ExecutionLog", name=name))

    def _add_usage_plan(self, throttle: Throttle, quota_per_day: int) -> apigateway.UsagePlan:
        return self.rest_api.add_usage_plan(
            "Plan",
            description="Limits of one client's key",
            throttle=apigateway.ThrottleSettings(rate_limit=throttle.rate, burst_limit=throttle.burst),
            quota=apigateway.QuotaSettings(limit=quota_per_day, period=apigateway.Period.DAY),
            api_stages=[apigateway.UsagePlanPerApiStage(api=self.rest_api, stage=self.rest_api.deployment_stage)],
        )

    def _add_key(self, client: str) -> apigateway.IApiKey:
        key = self.rest_api.add_api_key(f"Key-{client}", description=CLIENT_KEY + client)
        self.usage_plan.add_api_key(key)
        return key

    def _add_firewall(self, requests_per_ip: int, logs: Logs) -> Firewall:
        return Firewall(
            self,
            "Firewall",
            stage=self.rest_api.deployment_stage,
            requests_per_ip=requests_per_ip,
            log_group=logs.group(self, "FirewallLog", name=f"{LOG_NAME_PREFIX}{self.rest_api.rest_api_id}"),
        )

    def _add_suppressions(self) -> None:
        stage = self.rest_api.deployment_stage
        suppress_nag(
            self.rest_api,
            "Bodies are binary to the gateway; the function checks every byte and says which image is wrong and why.",
            "APIG2",
        )
        suppress_checkov(stage, CKV_AWS_120="Answers to a POST can't come from a cache.")
        suppress_nag(
            self.rest_api.node.find_child("CloudWatchRole"),
            "API Gateway takes one role of the account for its execution logs, and only with this policy's rights.",
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        )
        if not self.firewall:
            suppress_nag(stage, "This stage has no web ACL, to be cheap; `waf = true` in its file adds one.", "APIG3")


def _keyless_options(throttle: Throttle, *, counted: bool) -> apigateway.MethodDeploymentOptions:
    """A method's own settings, which replace all of the stage's."""
    return apigateway.MethodDeploymentOptions(
        throttling_rate_limit=throttle.rate,
        throttling_burst_limit=throttle.burst,
        logging_level=apigateway.MethodLoggingLevel.ERROR,
        data_trace_enabled=False,
        metrics_enabled=counted or None,
    )
