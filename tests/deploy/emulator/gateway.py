"""API Gateway's limits on a request's body, `*/*` as a binary media type, and keys that belong to a region."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ministack.services import apigateway_v1

MEGABYTE = 2**20
# Lambda takes an event of 6 MB, in which a body is base64; the rest of the event needs some of it.
MOST_OF_THE_FUNCTION = (6 * MEGABYTE - 4096) * 3 // 4
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MOST = 10 * MEGABYTE
PATH = "/_aws/execute-api/"
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def refuse_longest(send: Send, receive: Receive) -> None:
    """Reads a request to its end and answers as API Gateway does above 10 MB, in plain text of its own."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": f"HTTP content length exceeded {MOST} bytes.".encode()})


def install() -> None:
    """Makes the emulator's gateway refuse what Lambda can't take, with the API's own answer for it."""
    matches, check = apigateway_v1._media_type_matches, apigateway_v1._check_request_validation

    def media_type_matches(media: str, kinds: Sequence[str]) -> bool:
        # A request without a type is binary too where everything is.
        return "*/*" in (kinds or ()) or matches(media, kinds)

    def check_request(*arguments: Any) -> Any:
        body = arguments[4]
        if len(body or b"") > MOST_OF_THE_FUNCTION:
            return apigateway_v1._gw_error("REQUEST_TOO_LARGE", "Request Too Long")
        return check(*arguments)

    def usage_plans(query: dict[str, Any]) -> Any:
        key = apigateway_v1._qp(query, "keyId")
        plans = [
            plan
            for plan in apigateway_v1._usage_plans.values()
            if not key or key in apigateway_v1._usage_plan_keys.get(plan["id"], {})
        ]
        return apigateway_v1._v1_paginated_response(plans, query)

    def resolve_api_key(value: str) -> Any:
        # Two regions may have a key with the same value.
        keys = [key for key in apigateway_v1._api_keys.values() if value and key["value"] == value]
        return next((key for key in keys if key.get("enabled", True)), None)

    apigateway_v1._get_usage_plans = usage_plans
    apigateway_v1._resolve_api_key = resolve_api_key
    apigateway_v1._media_type_matches = media_type_matches
    apigateway_v1._check_request_validation = check_request
