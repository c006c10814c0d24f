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


def _headers(stage: Synthesised, name: str) -> dict[str, str | None]:
    """The header of each response, by its type."""
    return {
        each["ResponseType"]: each["ResponseParameters"].get(f"gatewayresponse.header.{name}")
        for each in stage.properties("AWS::ApiGateway::GatewayResponse")
    }


def test_a_429_says_after_how_many_seconds_to_try_again(stage: Synthesised) -> None:
    found = {kind: value for kind, value in _headers(stage, "Retry-After").items() if value is not None}
    assert found == {"THROTTLED": "'1'", "QUOTA_EXCEEDED": "'3600'"}


def test_no_browser_guesses_the_type_of_an_error(stage: Synthesised) -> None:
    assert set(_headers(stage, "X-Content-Type-Options").values()) == {"'nosniff'"}


def test_a_request_too_large_gets_the_message_of_the_function(stage: Synthesised) -> None:
    bodies = {
        each["ResponseType"]: json.loads(each["ResponseTemplates"]["application/json"])
        for each in stage.properties("AWS::ApiGateway::GatewayResponse")
    }
    assert bodies["REQUEST_TOO_LARGE"]["error"] == TOO_LARGE
