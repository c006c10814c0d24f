"""Builds the event that API Gateway sends for an HTTP request: for the pre-traffic hook, the local server and tests.

Payload format 1.0 of a REST API's Lambda proxy integration. With binary media types `*/*`, every body is base64.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import pybase64

Scope = Mapping[str, Any]

# Resources below these take a key and every method.
KEYED = ("/predict/", "/v2/")


def proxy_event(scope: Scope, path: str, body: bytes, request_id: str, base: str = "") -> dict[str, Any]:
    """The event for a request as ASGI describes it.

    ASGI has header names in lower case; API Gateway keeps the client's.

    Args:
        scope: `method`, `headers`, `query_string`, `http_version` and, optionally, `client` of an ASGI scope.
        path: below the stage.
        base: the stage's own path, "" or "/v1".
    """
    headers: dict[str, list[str]] = defaultdict(list)
    for name, value in scope["headers"]:
        headers[name.decode("latin-1")].append(value.decode("latin-1"))
    query: dict[str, list[str]] = defaultdict(list)
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        query[name].append(value)
    prefix = next((p for p in KEYED if path.startswith(p)), None)
    resource = f"{prefix}{{proxy+}}" if prefix else path
    return {
        "resource": resource,
        "path": path,
        "httpMethod": scope["method"],
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": dict(headers),
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": dict(query) or None,
        "pathParameters": {"proxy": path.removeprefix(prefix)} if prefix else None,
        "stageVariables": None,
        "requestContext": _request_context(scope, path, resource, request_id, base),
        "body": pybase64.b64encode(body).decode() if body else None,
        "isBase64Encoded": bool(body),
    }


def _request_context(scope: Scope, path: str, resource: str, request_id: str, base: str) -> dict[str, Any]:
    now = time.time()
    user_agent = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"), None)
    return {
        "resourceId": "local",
        "resourcePath": resource,
        "httpMethod": scope["method"],
        "extendedRequestId": request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "path": f"{base}{path}",
        "accountId": "000000000000",
        "protocol": f"HTTP/{scope['http_version']}",
        "stage": base.strip("/") or "local",
        "domainPrefix": "local",
        "domainName": "localhost",
        "requestId": request_id,
        "identity": {"sourceIp": (scope.get("client") or ("127.0.0.1", 0))[0], "userAgent": user_agent},
        "apiId": "local",
    }
