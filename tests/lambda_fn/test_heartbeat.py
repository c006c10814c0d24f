"""One probe of a server that the test controls, and its result."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambda_fn import heartbeat
from lambda_fn.heartbeat import ProbeFailed, ProbeResult, Target, probe
from lambda_fn.inference import golden
from tests.conftest import DIGITS

REQUEST = golden.read_requests(DIGITS)[0]
Answer = Callable[["Server"], None]


class Server(BaseHTTPRequestHandler):
    """Keeps the last request, and lets the test answer it."""

    server: Any

    def do_POST(self) -> None:
        self.server.path = self.path
        self.server.headers = dict(self.headers)
        self.server.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.answer(self)

    def send(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"content-length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


def probed(server: Any, answer: Answer, seconds: float = 10) -> ProbeResult:
    server.answer = answer
    return probe(lambda: Target(REQUEST, f"http://127.0.0.1:{server.server_port}/v1/", "a-key"), seconds)


def digits(*values: object) -> Answer:
    return lambda request: request.send(200, json.dumps({"y": values}).encode())


def test_the_golden_request_is_sent(server: Any) -> None:
    result = probed(server, digits(*range(10)))
    assert (result.failure, result.wrong) == ("", 0)
    assert result.milliseconds > 0
    assert server.body == REQUEST.body


def test_it_is_sent_as_a_client_would(server: Any) -> None:
    probed(server, digits(*range(10)))
    assert server.path == "/v1/predict/batch"
    assert server.headers["x-api-key"] == "a-key"
    assert server.headers["Content-Type"] == "application/json"
    assert server.headers["User-Agent"], "the firewall's common rules refuse a request without one"


def test_each_wrong_answer_is_counted(server: Any) -> None:
    assert probed(server, digits(*reversed(range(10)))).wrong == 10
    assert probed(server, digits(0, 1, 2, 8, 4, 5, 6, 7, 3, 9)).wrong == 2
    assert probed(server, digits(*"0123456789")).wrong == 10


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (digits(), "status 200, and not an answer for each input"),
        (digits(*range(9)), "status 200, and not an answer for each input"),
        (lambda request: request.send(200, b"[]"), "status 200, and not an answer for each input"),
        (lambda request: request.send(200, b""), "status 200, and no JSON"),
        (lambda request: request.send(200, b"<html>"), "status 200, and no JSON"),
        (lambda request: request.send(200, b"\xff"), "status 200, and no JSON"),
        (lambda request: request.send(502, b"<html>"), "status 502, and no JSON"),
        (lambda request: request.send(429, b'{"code": "too_many_requests"}'), "status 429, code too_many_requests"),
        (lambda request: request.send(403, b'{"message": "a-key"}'), "status 403, code unknown"),
        (lambda request: request.send(403, b'{"code": "a-key"}'), "status 403, code unknown"),
        (lambda request: request.send(500, b"null"), "status 500, code unknown"),
        (lambda request: request.send(200, b"1" * 2 * heartbeat.MOST_BYTES), "status 200, and more than 65536 bytes"),
        (lambda request: request.wfile.write(b"SSH-2.0\r\n\r\n"), "BadStatusLine"),
        (lambda request: request.connection.close(), "RemoteDisconnected"),
    ],
)
def test_an_answer_of_another_form_is_a_failure(server: Any, answer: Answer, reason: str) -> None:
    assert probed(server, answer) == ProbeResult(failure=reason)


def test_a_redirect_is_not_followed_with_the_key(server: Any) -> None:
    away = f"http://127.0.0.1:{server.server_port}/elsewhere"
    found = probed(server, lambda request: request.send(307, b"{}", location=away))
    assert found == ProbeResult(failure="status 307, code unknown")
    assert server.path == "/v1/predict/batch"


def test_a_silent_service_is_a_failure_after_the_time_limit(server: Any) -> None:
    ended = threading.Event()
    found = probed(server, lambda _: ended.wait(60) and None, seconds=0.1)
    ended.set()
    assert found == ProbeResult(failure="TimeoutError")


def test_a_slow_answer_is_a_failure_after_the_time_limit(server: Any) -> None:
    ended = threading.Event()

    def drip(request: Server) -> None:
        request.send(200, b" ", **{"content-length": "1000000"})
        for _ in range(100):
            if not ended.wait(0.01):
                request.wfile.write(b" ")

    found = probed(server, drip, seconds=0.2)
    ended.set()
    assert found == ProbeResult(failure="TimeoutError")


def test_a_target_that_can_not_be_found_is_a_failure_without_its_message() -> None:
    def find() -> Target:
        raise ValueError("Invalid header value b'a-key'")

    assert probe(find) == ProbeResult(failure="ValueError")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "eu-central-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    return boto3.client("apigateway")


def test_the_key_is_read_with_its_value(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response("get_api_key", {"id": "1", "value": "a-key"}, {"apiKey": "1", "includeValue": True})
        assert heartbeat.read_key(client, "1") == "a-key"


def test_a_missing_permission_is_named(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_client_error("get_api_key", "AccessDeniedException", "not on arn:aws:apigateway:x::/apikeys/1")
        with pytest.raises(ProbeFailed, match="the API key can't be read: AccessDeniedException"):
            heartbeat.read_key(client, "1")
