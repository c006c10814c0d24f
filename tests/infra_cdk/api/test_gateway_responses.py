"""API Gateway's own error responses."""

import json

from lambda_fn.limits import TOO_LARGE
from tests.infra_cdk.conftest import Synthesised

EXPECTED = {
    "ACCESS_DENIED": ("403", "forbidden"),
    "INVALID_API_KEY": ("403", "forbidden"),
    "WAF_FILTERED": ("403", "filtered"),
    "MISSING_AUTHENTICATION_TOKEN": ("404", "not_found"),
    "RESOURCE_NOT_FOUND": ("404", "not_found"),
    "REQUEST_TOO_LARGE": ("413", "request_too_large"),
    "UNSUPPORTED_MEDIA_TYPE": ("415", "unsupported_encoding"),
    "THROTTLED": ("429", "too_many_requests"),
    "QUOTA_EXCEEDED": ("429", "quota_exceeded"),
    "BAD_REQUEST_BODY": ("400", "bad_request"),
    "BAD_REQUEST_PARAMETERS": ("400", "bad_request"),
    "INTEGRATION_TIMEOUT": ("504", "timeout"),
    "INTEGRATION_FAILURE": ("504", "bad_gateway"),
    "DEFAULT_4XX": (None, "bad_request"),
    "DEFAULT_5XX": (None, "bad_gateway"),
}


def test_each_error_type_has_the_services_body_and_its_status(stage: Synthesised) -> None:
    found = {}
    for response in stage.properties("AWS::ApiGateway::GatewayResponse"):
        body = json.loads(response["ResponseTemplates"]["application/json"])
        assert body.keys() == {"error", "code", "request_id"}
        assert body["error"]
        assert body["request_id"] == "$context.requestId"
        assert "$" not in body["error"] + body["code"], "the template would read it as a variable"
        found[response["ResponseType"]] = (response.get("StatusCode"), body["code"])
    assert found == EXPECTED


def test_a_429_has_a_retry_after_header(stage: Synthesised) -> None:
    for response in stage.properties("AWS::ApiGateway::GatewayResponse"):
        headers = response.get("ResponseParameters", {})
        retry = headers.get("gatewayresponse.header.Retry-After")
        assert (retry is not None) == (response.get("StatusCode") == "429")
        assert retry is None or retry.strip("'").isdigit()


def test_a_request_too_large_gets_the_message_of_the_function(stage: Synthesised) -> None:
    bodies = {
        each["ResponseType"]: json.loads(each["ResponseTemplates"]["application/json"])
        for each in stage.properties("AWS::ApiGateway::GatewayResponse")
    }
    assert bodies["REQUEST_TOO_LARGE"]["error"] == TOO_LARGE
