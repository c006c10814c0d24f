"""Stand-in for API Gateway: an ASGI application that passes HTTP requests to the function.

To a client and to the function it behaves like a Regional REST API with Lambda proxy integration and binary media
types `*/*`: stage path, base64 bodies, limits of size and time, API keys, error bodies.
"""

import asyncio
import base64
import hmac
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lambda_fn.api.proxy_event import KEYED, Scope, proxy_event
from lambda_fn.limits import BODY_BYTES, TOO_LARGE
from scripts.local.workers import Context

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
GATEWAY_BYTES = 10 * 1024 * 1024
# What it answers to more, without a gateway response: https://github.com/koki-develop/lgtm-generator/issues/10
TOO_LONG = b"HTTP content length exceeded 10485760 bytes."


@dataclass(frozen=True, slots=True)
class Stage:
    """The settings of a deployed stage.

    Attributes:
        base: the stage's path, "" or such as "/v1".
        api_key: the key that predicting takes, or "" for none.
        preflights: whether OPTIONS takes no key, because other origins may call.
        seconds: the integration's time limit.
        concurrency: requests that the function handles at the same time.
        waiting: unanswered requests above which the answer is 429, in place of the stage's throttle.
    """

    base: str = ""
    api_key: str = ""
    preflights: bool = False
    seconds: float = 29
    concurrency: int = 1
    waiting: int = 200


DEFAULT_STAGE = Stage()


class GatewayError(Exception):
    """A response by the gateway itself, with our error body."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class BodyTooLong(Exception):
    """The body is larger than API Gateway takes."""


class Gateway:
    """The ASGI application; `handler` is called in as many threads as the stage's concurrency."""

    def __init__(self, handler: Handler, stage: Stage = DEFAULT_STAGE) -> None:
        self._handler = handler
        self._stage = stage
        self._threads = ThreadPoolExecutor(stage.concurrency, thread_name_prefix="worker")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one HTTP request."""
        if scope["type"] != "http":
            return
        request_id = str(uuid.uuid4())
        try:
            event = self._event(scope, await _body(receive), request_id)
            status, headers, content = _decode(await self._invoke(event), has_accept="accept" in event["headers"])
            headers.append((b"x-amzn-requestid", request_id.encode()))
        except ConnectionAbortedError:
            return
        except BodyTooLong:
            status, content = 413, TOO_LONG
            headers = [(b"content-type", b"text; charset=utf-8"), (b"connection", b"close")]
        except GatewayError as error:
            body = {"error": error.message, "code": error.code, "request_id": request_id}
            status, content = error.status, json.dumps(body).encode()
            headers = [(b"content-type", b"application/json"), (b"x-amzn-requestid", request_id.encode())]
            headers.append((b"x-content-type-options", b"nosniff"))
            headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
        headers.append((b"content-length", b"%d" % len(content)))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    def _event(self, scope: Scope, body: bytes, request_id: str) -> dict[str, Any]:
        path = unquote(scope["raw_path"].decode("ascii"))
        base = self._stage.base
        if base and path != base and not path.startswith(base + "/"):
            raise GatewayError(404, "not_found", f"no such path; this stage lies under {base}")
        event = proxy_event(scope, path.removeprefix(base) or "/", body, request_id, base)
        self._check_key(event)
        size = len(event["body"] or "") + len(json.dumps({**event, "body": ""}))
        if size > BODY_BYTES:  # Lambda's limit counts the whole event
            raise GatewayError(413, "request_too_large", TOO_LARGE)
        return event

    def _check_key(self, event: Mapping[str, Any]) -> None:
        keyed = event["path"].startswith(KEYED) or event["path"] == "/v2"
        keyed = keyed and not (self._stage.preflights and event["httpMethod"] == "OPTIONS")
        given = event["headers"].get("x-api-key", "")
        if self._stage.api_key and keyed and not hmac.compare_digest(given.encode(), self._stage.api_key.encode()):
            raise GatewayError(403, "forbidden", "this path takes an API key in the header x-api-key")

    async def _invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        if self._waiting >= self._stage.waiting:
            raise GatewayError(429, "too_many_requests", "more requests than can be served; try again", Retry_After="1")
        self._waiting += 1
        seconds = self._stage.seconds
        call = asyncio.get_running_loop().run_in_executor(self._threads, self._handler, event, Context(seconds))
        call.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(call), seconds)
        except TimeoutError:
            raise GatewayError(504, "timeout", "the service did not answer in time") from None
        except Exception as error:
            raise GatewayError(502, "bad_gateway", "the service failed; try again") from error

    def _done(self, call: "asyncio.Future[dict[str, Any]]") -> None:
        self._waiting -= 1
        call.cancelled() or call.exception()  # else asyncio warns of an exception that nobody retrieved


async def _body(receive: Receive) -> bytes:
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError("the client left")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = message.get("more_body", False)
        if size > GATEWAY_BYTES:
            raise BodyTooLong
    return b"".join(chunks)


def _decode(response: Mapping[str, Any], has_accept: bool) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """The function's response as HTTP; base64 is decoded only for a request with an Accept header."""
    try:
        body = response["body"] or ""
        encoded = bool(response.get("isBase64Encoded"))
        content = base64.b64decode(body) if encoded and has_accept else body.encode()
        values = {name: [value] for name, value in (response.get("headers") or {}).items()}
        values |= response.get("multiValueHeaders") or {}
        headers = [(n.lower().encode(), str(v).encode()) for n, several in values.items() for v in several]
        status = int(response["statusCode"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GatewayError(502, "bad_gateway", "the service gave a malformed answer") from None
    if len(json.dumps({**response, "body": ""})) + len(body) > BODY_BYTES:
        raise GatewayError(502, "bad_gateway", "the answer is larger than 6 MB; send fewer images in one request")
    return status, headers, content
