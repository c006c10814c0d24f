"""The REST API in front of the alias: who may call what and how often, what the gateway says itself, and its logs."""

import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra_cdk.api import gateway_responses
from infra_cdk.api.firewall import LOG_NAME, Firewall
from infra_cdk.api.throttle import HEARTBEAT
from infra_cdk.config import GATEWAY_SECONDS, KEYED_PATHS, StageConfig
from infra_cdk.logs import Logs
from infra_cdk.suppressions import checkov, nag

STAGE_NAME = "v1"


class Api(Construct):
    """The API of a stage.

    Attributes:
        rest_api, access_log: the API and its access log.
        usage_plan: what a key may use; every key that is to call has to be added to it.
        keys: each client's key, by the client's name.
        firewall: where the stage has one.
    """

    def __init__(self, scope: Construct, id: str, *, config: StageConfig, alias: lambda_.Alias, logs: Logs) -> None:
        super().__init__(scope, id)
        self.access_log = logs.group(self, "AccessLog")
        self.rest_api = self._rest_api(config)
        self._add_methods(config, alias)
        self._add_errors(config)
        self._add_execution_log(logs)
        self.usage_plan = self._usage_plan(config)
        self.keys = {client: self._key(client) for client in config.clients}
        self.firewall = self._firewall(config, logs) if config.waf else None
        self._accept_exceptions(config)

    @property
    def url(self) -> str:
        """Where the API is, with its stage's path and a slash at the end."""
        return self.rest_api.url

    def _rest_api(self, config: StageConfig) -> apigateway.RestApi:
        # What a method sets for itself replaces all that the stage sets for every method.
        keyless = apigateway.MethodDeploymentOptions(
            throttling_rate_limit=config.keyless.rate,
            throttling_burst_limit=config.keyless.burst,
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            data_trace_enabled=False,
        )
        clients = len(config.clients)
        return apigateway.RestApi(
            self,
            "RestApi",
            # API Gateway's metrics are told apart by it, and without it every stack's API has the same.
            rest_api_name=Stack.of(self).stack_name,
            description=f"Postal Digits, {config.stage}",
            endpoint_configuration=apigateway.EndpointConfiguration(types=[apigateway.EndpointType.REGIONAL]),
            # Triton's client sends tensors with no Content-Type: nothing narrower lets them through unchanged.
            binary_media_types=["*/*"],
            cloud_watch_role=True,
            # A rollback points the stage at the deployment before: https://github.com/aws/aws-cdk/issues/14660
            retain_deployments=True,
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE_NAME,
                throttling_rate_limit=config.keyed.rate * clients + HEARTBEAT.rate,
                throttling_burst_limit=config.keyed.burst * clients + HEARTBEAT.burst,
                method_options={f"{path}/{verb}": keyless for verb, path in config.keyless_methods},
                tracing_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                access_log_destination=apigateway.LogGroupLogDestination(self.access_log),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(ACCESS_LOG)),
            ),
        )

    def _add_methods(self, config: StageConfig, alias: lambda_.Alias) -> None:
        integration = apigateway.LambdaIntegration(
            alias, timeout=Duration.seconds(GATEWAY_SECONDS), allow_test_invoke=False
        )
        for verb, path in config.keyless_methods:
            # The function answers preflights too: a MOCK integration can't, with every type binary.
            method = self.rest_api.root.resource_for_path(path).add_method(verb, integration)
            reason = "Open by contract: a greeting, the model's name, the API's description; no data, and a throttle."
            if verb == "OPTIONS":
                reason = "A browser sends no key with a preflight; the answer names origins and holds no data."
            nag(method, "APIG4", reason)
            nag(method, "COG4", reason)
            checkov(method, "CKV_AWS_59", reason)
        for path in KEYED_PATHS:
            method = self.rest_api.root.resource_for_path(path).add_method("ANY", integration, api_key_required=True)
            reason = (
                "Clients of the earlier service and of the Open Inference Protocol send an API key and nothing else; "
                "all keys may do the same, none reads stored data, and each has its rate and quota."
            )
            nag(method, "APIG4", reason)
            nag(method, "COG4", reason)

    def _add_errors(self, config: StageConfig) -> None:
        # A static header can't name the one origin that asks, and an error holds nothing that others may not read.
        readable = {"Access-Control-Allow-Origin": "*"} if config.cors_origins else {}
        for error in gateway_responses.ERRORS:
            body = {"error": error.message, "code": error.code, "request_id": "$context.requestId"}
            self.rest_api.add_gateway_response(
                f"Error{error.type.response_type}",
                type=error.type,
                status_code=str(error.status) if error.status else None,
                response_headers={name: f"'{value}'" for name, value in (error.headers | readable).items()},
                templates={"application/json": json.dumps(body)},
            )

    def _add_execution_log(self, logs: Logs) -> None:
        """API Gateway would make this group itself, for ever and with no key of ours."""
        name = f"API-Gateway-Execution-Logs_{self.rest_api.rest_api_id}/{STAGE_NAME}"
        self.rest_api.deployment_stage.node.add_dependency(logs.group(self, "ExecutionLog", name=name))

    def _usage_plan(self, config: StageConfig) -> apigateway.UsagePlan:
        return self.rest_api.add_usage_plan(
            "Plan",
            description="What one client's key may send",
            throttle=apigateway.ThrottleSettings(rate_limit=config.keyed.rate, burst_limit=config.keyed.burst),
            quota=apigateway.QuotaSettings(limit=config.quota_per_day, period=apigateway.Period.DAY),
            api_stages=[apigateway.UsagePlanPerApiStage(api=self.rest_api, stage=self.rest_api.deployment_stage)],
        )

    def _key(self, client: str) -> apigateway.IApiKey:
        key = self.rest_api.add_api_key(f"Key-{client}", description=f"Postal Digits client {client}")
        self.usage_plan.add_api_key(key)
        return key

    def _firewall(self, config: StageConfig, logs: Logs) -> Firewall:
        return Firewall(
            self,
            "Firewall",
            stage=self.rest_api.deployment_stage,
            requests_per_ip=config.waf_requests_per_ip,
            log_group=logs.group(self, "FirewallLog", name=f"{LOG_NAME}{self.rest_api.rest_api_id}"),
        )

    def _accept_exceptions(self, config: StageConfig) -> None:
        nag(
            self.rest_api,
            "APIG2",
            "Bodies are binary to the gateway; the function checks every byte and says which image is wrong and why.",
        )
        checkov(self.rest_api.deployment_stage, "CKV_AWS_120", "No answer to a POST could be taken from a cache.")
        nag(
            self.rest_api.node.find_child("CloudWatchRole"),
            "IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
            "API Gateway takes one role of the account for its execution logs, and only with this policy's rights.",
        )
        if not config.waf:
            nag(
                self.rest_api.deployment_stage,
                "APIG3",
                "This stage has no web ACL, to be cheap; `-c waf=true` gives it one.",
            )


# Never $context.path with its stage, a query string, a key or a body.
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
