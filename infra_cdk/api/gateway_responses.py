"""Error responses of API Gateway itself, with the service's error body and stable codes."""

from dataclasses import dataclass, field

from aws_cdk import aws_apigateway as apigateway

TOO_LARGE = (
    "the request is larger than the service takes in one call (6 MB, base64 included); send whole numbers 0 to 255 "
    "instead of fractions, PNG files instead of arrays, gzip (Content-Encoding), UINT8 as binary tensors (about 6,000 "
    "images), or several smaller calls"
)
KEY = "this path takes an API key in the header x-api-key"
FAILED = "the service failed; try again"
UNREADABLE = "the gateway can't read the request; its headers, encoding or query are malformed"
TOO_MANY = "more requests than can be served; try again"
QUOTA = "this key's requests of today are used up"


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """The response for one error type; status None keeps API Gateway's own."""

    type: apigateway.ResponseType
    status: int | None
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        """Its own, and that of every JSON answer."""
        return {"X-Content-Type-Options": "nosniff"} | self.headers


Type = apigateway.ResponseType
RESPONSES = (
    GatewayResponse(Type.ACCESS_DENIED, 403, "forbidden", KEY),
    GatewayResponse(Type.INVALID_API_KEY, 403, "forbidden", KEY),
    # API Gateway answers with this, not RESOURCE_NOT_FOUND, where no method matches the path.
    GatewayResponse(Type.MISSING_AUTHENTICATION_TOKEN, 404, "not_found", "no such path"),
    GatewayResponse(Type.RESOURCE_NOT_FOUND, 404, "not_found", "no such path"),
    GatewayResponse(Type.REQUEST_TOO_LARGE, 413, "request_too_large", TOO_LARGE),
    GatewayResponse(Type.UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_encoding", "the content's encoding is not known"),
    GatewayResponse(Type.THROTTLED, 429, "too_many_requests", TOO_MANY, {"Retry-After": "1"}),
    GatewayResponse(Type.QUOTA_EXCEEDED, 429, "quota_exceeded", QUOTA, {"Retry-After": "3600"}),
    GatewayResponse(Type.WAF_FILTERED, 403, "filtered", "the request was refused by the firewall"),
    GatewayResponse(Type.BAD_REQUEST_BODY, 400, "bad_request", UNREADABLE),
    GatewayResponse(Type.BAD_REQUEST_PARAMETERS, 400, "bad_request", UNREADABLE),
    GatewayResponse(Type.INTEGRATION_TIMEOUT, 504, "timeout", "the service did not answer in time"),
    GatewayResponse(Type.INTEGRATION_FAILURE, 504, "bad_gateway", FAILED),
    GatewayResponse(Type.DEFAULT_4_XX, None, "bad_request", UNREADABLE),
    GatewayResponse(Type.DEFAULT_5_XX, None, "bad_gateway", FAILED),
)
