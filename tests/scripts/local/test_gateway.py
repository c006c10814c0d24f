"""The stand-in for API Gateway, with a function of the test's own."""

import asyncio
import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest

from scripts.local.gateway import DEFAULT_STAGE, Gateway, Stage
from scripts.local.workers import Context

Call = Callable[..., httpx.Response]
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
# A request as an ASGI server describes it, for tests that replace the server.
POST = {"type": "http", "method": "POST", "raw_path": b"/", "query_string": b"", "headers": [], "http_version": "1.1"}


class Function:
    """Keeps the events that it receives, and returns `response`."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.contexts: list[Context] = []
        self.response: Mapping[str, Any] = {"statusCode": 200, "headers": {}, "body": "{}", "isBase64Encoded": False}

    def __call__(self, event: dict[str, Any], context: Context) -> dict[str, Any]:
        self.events.append(event)
        self.contexts.append(context)
        return dict(self.response)


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def call(function: Function) -> Iterator[Call]:
    """Calls the gateway like an HTTP client: call("POST", "/path", stage=Stage("/v1"), ...)."""

    def send(
        method: str, path: str, *, stage: Stage = DEFAULT_STAGE, handler: Any = function, **members: Any
    ) -> httpx.Response:
        async def request() -> httpx.Response:
            transport = httpx.ASGITransport(Gateway(handler, stage))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **members)

        return asyncio.run(request())

    return send


def test_the_function_gets_the_event_of_a_rest_api(call: Call, function: Function) -> None:
    headers = [("X-Twice", "1"), ("X-Twice", "2"), ("Content-Type", "application/json")]
    call("POST", "/v1/predict/batch?a=1&a=2&b=", stage=Stage("/v1"), headers=headers, content=b'{"x": 1}')
    (event,) = function.events
    assert (event["httpMethod"], event["path"], event["resource"]) == ("POST", "/predict/batch", "/predict/{proxy+}")
    assert event["pathParameters"] == {"proxy": "batch"}
    assert (event["headers"]["x-twice"], event["multiValueHeaders"]["x-twice"]) == ("2", ["1", "2"])
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["isBase64Encoded"]
    assert base64.b64decode(event["body"]) == b'{"x": 1}'
    context = event["requestContext"]
    assert (context["stage"], context["path"]) == ("v1", "/v1/predict/batch")


def test_the_recorded_events_have_the_same_members(call: Call, function: Function, event: Callable[..., Any]) -> None:
    call("POST", "/predict/batch", content=b"{}")
    recorded = event()
    assert recorded.keys() == function.events[0].keys()
    assert recorded["requestContext"].keys() == function.events[0]["requestContext"].keys()


def test_a_request_without_body_and_query_has_none_in_the_event(call: Call, function: Function) -> None:
    call("GET", "/health")
    (event,) = function.events
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    assert (event["queryStringParameters"], event["pathParameters"]) == (None, None)


def test_the_function_sees_the_time_left(call: Call, function: Function) -> None:
    call("GET", "/")
    assert 0 < function.contexts[0].get_remaining_time_in_millis() <= 29_000


def test_the_client_gets_the_functions_response(call: Call, function: Function) -> None:
    function.response = {
        "statusCode": 418,
        "headers": {"X-One": "1"},
        "multiValueHeaders": {"Content-Type": ["text/plain; charset=utf-8"], "X-Two": ["1", "2"]},
        "body": "é",
        "isBase64Encoded": False,
    }
    response = call("GET", "/")
    assert (response.status_code, response.text) == (418, "é")
    assert response.headers.get_list("x-two") == ["1", "2"]
    assert response.headers["x-one"] == "1"


def test_base64_is_decoded_only_for_a_request_with_accept(call: Call, function: Function) -> None:
    encoded = base64.b64encode(PNG).decode()
    function.response = {"statusCode": 200, "headers": {}, "body": encoded, "isBase64Encoded": True}
    assert call("GET", "/", headers={"accept": "image/png"}).content == PNG

    async def without_accept(scope: Any, receive: Any, send: Any) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"accept"]
        await Gateway(function)({**scope, "headers": headers}, receive, send)

    transport = httpx.ASGITransport(without_accept)

    async def request() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/")

    assert asyncio.run(request()).text == encoded


def test_a_path_outside_the_stage_is_404(call: Call, function: Function) -> None:
    response = call("GET", "/health", stage=Stage("/v1"))
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert call("GET", "/v1", stage=Stage("/v1")).status_code == 200
    assert call("GET", "/v1x/", stage=Stage("/v1")).status_code == 404
    assert [event["path"] for event in function.events] == ["/"]


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        ("/", None, 200),
        ("/health", None, 200),
        ("/predict/batch", None, 403),
        ("/predict/batch", "wrong", 403),
        ("/predict/batch", "sécret", 403),
        ("/predict/batch", "secret", 200),
        ("/v2", None, 403),
        ("/v2/health/live", None, 403),
        ("/v2/health/live", "secret", 200),
    ],
)
def test_predicting_takes_a_key_where_one_is_set(call: Call, path: str, key: str | None, status: int) -> None:
    headers = {} if key is None else {"x-api-key": key.encode()}
    response = call("GET", path, stage=Stage(api_key="secret"), headers=headers)
    assert response.status_code == status
    assert status == 200 or response.json()["code"] == "forbidden"


def test_a_preflight_needs_no_key_if_other_origins_may_call(call: Call) -> None:
    assert call("OPTIONS", "/predict/batch", stage=Stage(api_key="secret", preflights=True)).status_code == 200
    assert call("OPTIONS", "/predict/batch", stage=Stage(api_key="secret")).status_code == 403


@pytest.mark.parametrize(("size", "status"), [(4_600_000, 200), (4_800_000, 413)])
def test_a_request_above_lambdas_limit_is_413_and_says_how_to_send_more(call: Call, size: int, status: int) -> None:
    """An event of 6 MB holds a body of 4.5 MiB in base64."""
    response = call("POST", "/predict/batch", content=bytes(size))
    assert response.status_code == status
    if status == 413:
        assert response.json()["code"] == "request_too_large"
        assert response.json()["request_id"] == response.headers["x-amzn-requestid"]
        assert "whole numbers" in response.json()["error"]


def test_a_body_above_10_mb_is_413_in_the_gateways_own_plain_text(call: Call) -> None:
    """It never reaches the gateway responses."""
    response = call("POST", "/predict/batch", content=bytes(10_500_000))
    assert (response.status_code, response.text) == (413, "HTTP content length exceeded 10485760 bytes.")
    assert not response.headers["content-type"].startswith("application/json")
    assert "x-amzn-requestid" not in response.headers


@pytest.mark.parametrize(
    "response", [{}, {"statusCode": 200}, {"statusCode": "x", "body": ""}, {"statusCode": 200, "body": "x" * 6_300_000}]
)
def test_a_malformed_response_is_502(call: Call, function: Function, response: Mapping[str, Any]) -> None:
    function.response = response
    answer = call("GET", "/")
    assert (answer.status_code, answer.json()["code"]) == (502, "bad_gateway")


def test_a_function_that_raises_is_502_without_its_reason(call: Call) -> None:
    def fails(_event: object, _context: object) -> dict[str, Any]:
        raise RuntimeError("secret")

    response = call("GET", "/", handler=fails)
    assert (response.status_code, response.json()["code"]) == (502, "bad_gateway")
    assert "secret" not in response.text


def test_a_function_that_hangs_is_504(call: Call) -> None:
    released = threading.Event()

    def hangs(_event: object, _context: object) -> dict[str, Any]:
        released.wait(10)
        return {}

    response = call("GET", "/", handler=hangs, stage=Stage(seconds=0.05))
    released.set()
    assert (response.status_code, response.json()["code"]) == (504, "timeout")


def test_too_many_waiting_requests_are_429_with_retry_after(call: Call) -> None:
    response = call("GET", "/", stage=Stage(waiting=0))
    assert (response.status_code, response.json()["code"]) == (429, "too_many_requests")
    assert response.headers["retry-after"] == "1"


def test_answered_requests_no_longer_wait(function: Function) -> None:
    """More requests than may wait, one after another."""

    async def requests() -> set[int]:
        transport = httpx.ASGITransport(Gateway(function, Stage(waiting=2)))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return {(await client.get("/")).status_code for _ in range(5)}

    assert asyncio.run(requests()) == {200}


def test_the_function_gets_one_request_at_a_time() -> None:
    inside, most = 0, 0

    def slow(_event: object, _context: object) -> dict[str, Any]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.02)
        inside -= 1
        return {"statusCode": 200, "headers": {}, "body": "", "isBase64Encoded": False}

    async def requests() -> list[int]:
        transport = httpx.ASGITransport(Gateway(slow))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [answer.status_code for answer in await asyncio.gather(*(client.get("/") for _ in range(8)))]

    assert asyncio.run(requests()) == [200] * 8
    assert most == 1


def test_the_path_is_decoded_and_head_has_no_body(call: Call, function: Function) -> None:
    assert call("HEAD", "/a%20b/%C3%A9").content == b""
    assert function.events[0]["path"] == "/a b/é"


def test_reading_stops_at_10_mb(function: Function) -> None:
    """The gateway does not wait for the end of the body."""
    sent, answers = 0, []

    async def endless() -> dict[str, Any]:
        nonlocal sent
        sent += 1_000_000
        return {"type": "http.request", "body": bytes(1_000_000), "more_body": True}

    async def keep(message: dict[str, Any]) -> None:
        answers.append(message)

    asyncio.run(Gateway(function)(POST, endless, keep))
    assert answers[0]["status"] == 413
    assert sent <= 11_000_000
    assert function.events == []


def test_a_client_that_disconnects_is_not_served(function: Function) -> None:
    messages = [{"type": "http.request", "body": b'{"x"', "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def keep(_message: dict[str, Any]) -> None:
        raise AssertionError("the client has left")

    asyncio.run(Gateway(function)(POST, receive, keep))
    assert function.events == []


def test_errors_have_our_error_body(call: Call) -> None:
    body = json.loads(call("GET", "/nowhere", stage=Stage("/v1")).content)
    assert body.keys() == {"error", "code", "request_id"}
