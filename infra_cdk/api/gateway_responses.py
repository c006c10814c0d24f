"""What the gateway itself answers where a request never reaches the function: the same error body, a stable code."""

from dataclasses import dataclass, field

from aws_cdk import aws_apigateway as apigateway

TOO_LARGE = (
    "the request is larger than the service takes in one call (6 MB, base64 included); send whole numbers 0 to 255 "
    "instead of fractions, PNG files instead of arrays, gzip (Content-Encoding), UINT8 as binary tensors (about 6,000 "
    "images), or several smaller calls"
)


@dataclass(frozen=True, slots=True)
class GatewayError:
    """One type of the gateway's responses; `status` 0 leaves the gateway's own."""

    type: apigateway.ResponseType
    status: int
    code: str
    message: str
    headers: dict[str, str] = field(default_factory=dict)


def _errors() -> tuple[GatewayError, ...]:
    kinds = apigateway.ResponseType
    key, failed = "this path takes an API key in the header x-api-key", "the service failed; try again"
    unreadable = "the gateway can't read the request; its headers, encoding or query are malformed"
    return (
        GatewayError(kinds.ACCESS_DENIED, 403, "forbidden", key),
        GatewayError(kinds.INVALID_API_KEY, 403, "forbidden", key),
        # A path that no method matches is this, not RESOURCE_NOT_FOUND.
        GatewayError(kinds.MISSING_AUTHENTICATION_TOKEN, 404, "not_found", "no such path"),
        GatewayError(kinds.RESOURCE_NOT_FOUND, 404, "not_found", "no such path"),
        GatewayError(kinds.REQUEST_TOO_LARGE, 413, "request_too_large", TOO_LARGE),
        GatewayError(kinds.UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_encoding", "the content's encoding is not known"),
        GatewayError(
            kinds.THROTTLED,
            429,
            "too_many_requests",
            "more requests than can be served; try again",
            {"Retry-After": "1"},
        ),
        GatewayError(
            kinds.QUOTA_EXCEEDED,
            429,
            "quota_exceeded",
            "this key's requests of today are used up",
            {"Retry-After": "3600"},
        ),
        GatewayError(kinds.WAF_FILTERED, 403, "filtered", "the request was refused by the firewall"),
        GatewayError(kinds.BAD_REQUEST_BODY, 400, "bad_request", unreadable),
        GatewayError(kinds.BAD_REQUEST_PARAMETERS, 400, "bad_request", unreadable),
        GatewayError(kinds.INTEGRATION_TIMEOUT, 504, "timeout", "the service did not answer in time"),
        GatewayError(kinds.INTEGRATION_FAILURE, 504, "bad_gateway", failed),
        GatewayError(kinds.DEFAULT_4_XX, 0, "bad_request", unreadable),
        GatewayError(kinds.DEFAULT_5_XX, 0, "bad_gateway", failed),
    )


ERRORS = _errors()
