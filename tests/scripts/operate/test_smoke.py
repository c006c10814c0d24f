"""`make smoke` against a good deployment, and against deployments with one fault each."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from scripts.operate import smoke
from tests.server import free_port, running


@pytest.fixture(scope="module")
def keyed() -> Iterator[str]:
    with running(base="/v1", workers="1", API_KEY="a-key") as client:
        yield str(client.base_url)


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The mark of each check."""
    lines = capsys.readouterr().out.splitlines()
    return {line[6:21].strip(): line[:4].strip() for line in lines}


def test_a_good_deployment_passes(keyed: str, capsys: pytest.CaptureFixture[str]) -> None:
    smoke.main([keyed, "--api-key", "a-key"])
    marks = report(capsys)
    assert marks.keys() == smoke.CHECKS.keys()
    assert marks.pop("alarms' mail") == "--"
    assert set(marks.values()) == {"ok"}


def test_a_wrong_key_fails(keyed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="of 8 checks failed"):
        smoke.main([keyed, "--api-key", "wrong"])
    marks = report(capsys)
    assert marks["golden answers"] == marks["error bodies"] == marks["limits"] == "FAIL"


def test_without_a_key_the_check_of_keys_is_skipped(server: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    smoke.main([str(server.base_url)])
    assert report(capsys)["API key"] == "--"


def test_with_a_stage_an_unreachable_account_fails_the_check_of_the_alarms_mail(
    keyed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SystemExit, match="1 of 8 checks failed"):
        smoke.main([keyed, "--api-key", "a-key", "--stage", "prod"])
    assert report(capsys)["alarms' mail"] == "FAIL"


def test_above_10_mb_any_413_will_do() -> None:
    """There API Gateway answers in plain text, and another gateway in its own words."""

    def gateway(request: httpx.Request) -> httpx.Response:
        size = len(request.content)
        if size > 10 * smoke.MEGABYTE:
            return httpx.Response(413, text="too long")
        if size > 6 * smoke.MEGABYTE:
            return httpx.Response(413, json={"error": "6 MB", "code": "request_too_large", "request_id": "r"})
        return httpx.Response(200, json={"y": [0] * 1000})

    with httpx.Client(base_url="http://gateway/", transport=httpx.MockTransport(gateway)) as client:
        assert "413 at 7 MB and at 11 MB" in smoke.limits(smoke.Deployment(client, ""))


LENGTH = "inference-header-content-length"
THROUGH = ("x-api-key", "content-type", "accept", LENGTH)
Spoil = Callable[[str, int, bytes], tuple[int, bytes]]


@contextmanager
def spoiling(upstream: str, spoil: Spoil) -> Iterator[str]:
    """A proxy for a good deployment that passes the path, status and body of each answer through `spoil`."""

    class Proxy(BaseHTTPRequestHandler):
        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name: self.headers[name] for name in THROUGH if name in self.headers}
            request = httpx.Request(
                self.command, upstream.removesuffix("/v1/") + self.path, content=content, headers=headers
            )
            with httpx.Client(timeout=30) as client:
                found = client.send(request)
            status, body = spoil(self.path, found.status_code, found.content)
            self.send_response(status)
            for name, value in (
                ("content-type", "application/json"),
                ("retry-after", "0"),
                ("content-length", len(body)),
                *((name, value) for name, value in found.headers.items() if name == LENGTH),
            ):
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}/v1/"
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()


def other_digits(path: str, status: int, body: bytes) -> tuple[int, bytes]:
    if status == 200 and "predict/batch" in path:
        answer = json.loads(body)
        body = json.dumps(answer | {"y": [3 if digit == 8 else digit for digit in answer["y"]]}).encode()
    return status, body


def gateways_own_403(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return status, b'{"message": "Forbidden"}' if status == 403 else body


def errors_of_the_server(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return (502, b'{"message": "Internal server error"}') if status == 400 else (status, body)


def no_limit(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return (200, b'{"y": []}') if status == 413 else (status, body)


def no_json_above_the_functions_limit(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return status, b"HTTP content length exceeded 10485760 bytes." if status == 413 else body


def other_model(path: str, status: int, body: bytes) -> tuple[int, bytes]:
    if path.endswith("/health"):
        served = next(model for model in json.loads(body)["models"] if model["default"])
        body = body.replace(served["sha256"].encode(), b"0" * 64)
    return status, body


@pytest.mark.parametrize(
    ("spoil", "failing"),
    [
        (other_digits, {"golden answers"}),
        (gateways_own_403, {"API key"}),
        (errors_of_the_server, {"error bodies"}),
        (no_limit, {"limits"}),
        (no_json_above_the_functions_limit, {"limits"}),
        (other_model, {"GET /health"}),
    ],
)
def test_a_fault_fails_its_own_check(
    keyed: str, capsys: pytest.CaptureFixture[str], spoil: Spoil, failing: set[str]
) -> None:
    with spoiling(keyed, spoil) as url, pytest.raises(SystemExit, match="1 of 8 checks failed"):
        smoke.main([url, "--api-key", "a-key"])
    assert {name for name, mark in report(capsys).items() if mark == "FAIL"} == failing


def test_a_429_is_repeated(keyed: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"count": 0}

    def full(_: str, status: int, body: bytes) -> tuple[int, bytes]:
        asked["count"] += 1
        return (
            (429, b'{"error": "full", "code": "too_many_requests", "request_id": "1"}')
            if asked["count"] % 2
            else (status, body)
        )

    with spoiling(keyed, full) as url:
        smoke.main([url, "--api-key", "a-key"])
    assert "FAIL" not in report(capsys).values()
