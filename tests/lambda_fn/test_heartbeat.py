"""One question to a server of the test's own, and what is measured of it."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lambda_fn import heartbeat
from lambda_fn.heartbeat import Beat, Target, Unanswered, beat
from lambda_fn.inference.golden import Golden
from lambda_fn.settings import Settings

GOLDEN = Golden.read(Settings().model_directory).one_of_each()
Answer = Callable[["Server"], None]


class Server(BaseHTTPRequestHandler):
    """Keeps what it was sent, and lets the test answer."""

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
        """Nothing: it is a test's."""


@pytest.fixture
def server() -> Iterator[Any]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


def asked(server: Any, answer: Answer, seconds: float = 10) -> Beat:
    server.answer = answer
    return beat(lambda: Target(GOLDEN, f"http://127.0.0.1:{server.server_port}/v1/", "a-key"), seconds)


def digits(*values: object) -> Answer:
    return lambda request: request.send(200, json.dumps({"y": values}).encode())


def test_ten_images_are_sent_one_of_each_digit(server: Any) -> None:
    assert asked(server, digits(*range(10))).wrong == 0
    assert GOLDEN.digits == list(range(10))
    assert server.body == {"x": GOLDEN.images.tolist()}


def test_it_comes_as_a_client_does(server: Any) -> None:
    asked(server, digits(*range(10)))
    assert server.path == "/v1/predict/batch"
    assert server.headers["x-api-key"] == "a-key"
    assert server.headers["Content-Type"] == "application/json"
    assert server.headers["User-Agent"], "the firewall's common rules refuse a request without one"


def test_each_wrong_digit_is_counted(server: Any) -> None:
    assert asked(server, digits(*reversed(range(10)))).wrong == 10
    assert asked(server, digits(0, 1, 2, 8, 4, 5, 6, 7, 3, 9)).wrong == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (digits(), "status 200, and not a digit for each image"),
        (digits(*range(9)), "status 200, and not a digit for each image"),
        (digits(*"0123456789"), "status 200, and not a digit for each image"),
        (digits(*[True] * 10), "status 200, and not a digit for each image"),
        (lambda request: request.send(200, b"[]"), "status 200, and not a digit for each image"),
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
def test_anything_but_ten_digits_is_a_failure(server: Any, answer: Answer, reason: str) -> None:
    assert asked(server, answer) == Beat(failure=reason)


def test_the_key_goes_nowhere_else(server: Any) -> None:
    """A redirect is not followed."""
    away = f"http://127.0.0.1:{server.server_port}/elsewhere"
    found = asked(server, lambda request: request.send(307, b"{}", location=away))
    assert found == Beat(failure="status 307, code unknown")
    assert server.path == "/v1/predict/batch"


def test_a_silent_service_is_a_failure_in_time(server: Any) -> None:
    ended = threading.Event()
    found = asked(server, lambda _: ended.wait(60) and None, seconds=0.1)
    ended.set()
    assert found == Beat(failure="TimeoutError")


def test_an_answer_that_drips_is_a_failure_in_time(server: Any) -> None:
    ended = threading.Event()

    def drip(request: Server) -> None:
        request.send(200, b" ", **{"content-length": "1000000"})
        for _ in range(100):
            if not ended.wait(0.01):
                request.wfile.write(b" ")

    found = asked(server, drip, seconds=0.2)
    ended.set()
    assert found == Beat(failure="TimeoutError")


def test_what_can_not_be_found_is_a_failure_without_its_words() -> None:
    def find() -> Target:
        raise ValueError("Invalid header value b'a-key'")

    assert beat(find) == Beat(failure="ValueError")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "eu-central-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    return boto3.client("apigateway")


def test_the_key_is_read_with_its_value(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response("get_api_key", {"id": "1", "value": "a-key"}, {"apiKey": "1", "includeValue": True})
        assert heartbeat.read_key(client, "1") == "a-key"


def test_a_permission_that_lacks_is_named(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_client_error("get_api_key", "AccessDeniedException", "not on arn:aws:apigateway:x::/apikeys/1")
        with pytest.raises(Unanswered, match="the API key can't be read: AccessDeniedException"):
            heartbeat.read_key(client, "1")
