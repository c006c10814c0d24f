"""Methods, keys, throttles and logs of the API."""

import json
import re
from collections.abc import Callable
from typing import Any

from infra_cdk.api.throttle import KEYLESS_SECONDS
from tests.infra_cdk.conftest import PROD, Synthesised

KEYLESS = {("GET", path) for path in ("/", "/health", "/openapi.json", "/docs", "/console")}
KEYED = {("ANY", path) for path in ("/predict/{proxy+}", "/v2", "/v2/{proxy+}")}


def methods(stage: Synthesised) -> dict[tuple[str, str], dict[str, Any]]:
    """The methods' properties by verb and path."""
    resources = stage.of("AWS::ApiGateway::Resource")

    def path(reference: dict[str, Any]) -> str:
        if "Ref" not in reference:
            return ""
        resource = resources[reference["Ref"]]["Properties"]
        return path(resource["ParentId"]) + "/" + str(resource["PathPart"])

    found = stage.properties("AWS::ApiGateway::Method")
    return {(each["HttpMethod"], path(each["ResourceId"]) or "/"): each for each in found}


def test_only_these_methods_need_no_key(stage: Synthesised) -> None:
    found = methods(stage)
    assert {name for name, each in found.items() if each.get("ApiKeyRequired")} == KEYED
    assert {name for name, each in found.items() if not each.get("ApiKeyRequired")} == KEYLESS


def test_every_method_passes_the_request_to_the_alias_unchanged(stage: Synthesised) -> None:
    ((alias, _),) = stage.of("AWS::Lambda::Alias").items()
    for method in stage.properties("AWS::ApiGateway::Method"):
        integration = method["Integration"]
        assert integration["Type"] == "AWS_PROXY"
        assert {"Ref": alias} in integration["Uri"]["Fn::Join"][1]
        assert integration["TimeoutInMillis"] == 29_000
    assert stage.only("AWS::ApiGateway::RestApi")["BinaryMediaTypes"] == ["*/*"]
    assert stage.only("AWS::ApiGateway::RestApi")["EndpointConfiguration"] == {"Types": ["REGIONAL"]}


def test_this_api_may_call_the_alias_and_nothing_else(stage: Synthesised) -> None:
    ((alias, _),) = stage.of("AWS::Lambda::Alias").items()
    ((api, _),) = stage.of("AWS::ApiGateway::RestApi").items()
    permissions = stage.properties("AWS::Lambda::Permission")
    assert len(permissions) == len(KEYED | KEYLESS)
    for permission in permissions:
        assert permission["FunctionName"] == {"Ref": alias}
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert {"Ref": api} in permission["SourceArn"]["Fn::Join"][1]
        assert "test-invoke-stage" not in json.dumps(permission["SourceArn"])


def test_the_throttle_answers_429_before_lambda_throttles(stage: Synthesised) -> None:
    """Even if every bucket is used up at once and refills, and each request is as slow as p99."""
    config = stage.config
    settings = {
        each["HttpMethod"] + each["ResourcePath"].replace("~1", "/").replace("//", "/"): each
        for each in stage.only("AWS::ApiGateway::Stage")["MethodSettings"]
    }
    keyless = [settings[verb + path] for verb, path in KEYLESS]
    plans = stage.of("AWS::ApiGateway::UsagePlan")
    keyed = [
        plans[each["UsagePlanId"]["Ref"]]["Properties"]["Throttle"]
        for each in stage.properties("AWS::ApiGateway::UsagePlanKey")
    ]
    concurrent = sum(
        each["ThrottlingBurstLimit"] + each["ThrottlingRateLimit"] * KEYLESS_SECONDS for each in keyless
    ) + sum(each["BurstLimit"] + each["RateLimit"] * config.request_seconds for each in keyed)
    assert 0 < concurrent <= config.concurrency
    others = settings["*/*"]
    assert others["ThrottlingRateLimit"] == sum(each["RateLimit"] for each in keyed)
    assert others["ThrottlingBurstLimit"] == sum(each["BurstLimit"] for each in keyed)


def test_every_client_has_a_key_in_the_usage_plan_with_the_quota(stage: Synthesised) -> None:
    keys = {output["Value"]["Ref"] for name, output in stage.template["Outputs"].items() if "ApiKeyId" in name}
    assert len(keys) == len(stage.config.clients)
    ((name, plan),) = (
        (name, each["Properties"])
        for name, each in stage.of("AWS::ApiGateway::UsagePlan").items()
        if each["Properties"]["Quota"] == {"Limit": stage.config.quota_per_day, "Period": "DAY"}
    )
    in_plan = [
        each for each in stage.properties("AWS::ApiGateway::UsagePlanKey") if each["UsagePlanId"] == {"Ref": name}
    ]
    assert {each["KeyId"]["Ref"] for each in in_plan} == keys
    assert not any("Value" in each for each in stage.properties("AWS::ApiGateway::ApiKey")), "AWS generates the keys"
    assert {"Ref": next(iter(stage.of("AWS::ApiGateway::Stage")))} == plan["ApiStages"][0]["Stage"]


def test_the_access_log_is_json_without_query_key_or_body(stage: Synthesised) -> None:
    setting = stage.only("AWS::ApiGateway::Stage")["AccessLogSetting"]
    entry = json.loads(setting["Format"])
    assert {"$context.requestId", "$context.status", "$context.resourcePath"} <= set(entry.values())
    allowed = re.compile(r"\$context\.[A-Za-z.]+")
    assert all(allowed.fullmatch(value) for value in entry.values())
    assert not any(re.search(r"apiKey$|querystring|request\.|\.path$|input", value) for value in entry.values())


def test_the_execution_log_belongs_to_the_stack_and_has_errors_without_data(stage: Synthesised) -> None:
    ((api, _),) = stage.of("AWS::ApiGateway::RestApi").items()
    ((_, api_stage),) = stage.of("AWS::ApiGateway::Stage").items()
    for settings in api_stage["Properties"]["MethodSettings"]:
        assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("ERROR", False)
    name = {"Fn::Join": ["", ["API-Gateway-Execution-Logs_", {"Ref": api}, "/v1"]]}
    groups = {
        each["Properties"].get("LogGroupName", {}) == name: logical
        for logical, each in stage.of("AWS::Logs::LogGroup").items()
    }
    assert groups[True] in api_stage["DependsOn"], "otherwise API Gateway creates it first, and the deployment fails"
    assert api_stage["Properties"]["TracingEnabled"]
    assert api_stage["Properties"]["StageName"] == "v1"


def test_previous_deployments_are_kept_for_a_rollback(stage: Synthesised) -> None:
    for deployment in stage.of("AWS::ApiGateway::Deployment").values():
        assert deployment["DeletionPolicy"] == "Retain"


CORS = PROD | {"cors_origins": "https://a.example,https://b.example"}


def test_with_cors_preflights_go_to_the_function_without_a_key(synth: Callable[..., Synthesised]) -> None:
    stage = synth(CORS)
    preflights = {("OPTIONS", path) for _, path in KEYLESS | KEYED}
    found = methods(stage)
    assert set(found) == KEYLESS | KEYED | preflights
    assert not any(found[name].get("ApiKeyRequired") for name in preflights)
    variables = stage.function["Environment"]["Variables"]
    assert variables["CORS_ORIGINS"] == CORS["cors_origins"]
    for response in stage.properties("AWS::ApiGateway::GatewayResponse"):
        assert response["ResponseParameters"]["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"


def test_with_cors_the_throttle_still_answers_429_before_lambda_throttles(synth: Callable[..., Synthesised]) -> None:
    config = synth(CORS).config
    keyless = sum(each.concurrent_requests(KEYLESS_SECONDS) for each in config.keyless.values())
    assert (
        keyless + len(config.clients) * config.keyed.concurrent_requests(config.request_seconds) <= config.concurrency
    )
