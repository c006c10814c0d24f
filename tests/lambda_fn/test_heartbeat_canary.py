"""How many bad versions the heartbeat notices while they have a tenth of the traffic, with the real handler."""

import io
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lambda_fn import heartbeat
from lambda_fn.api.proxy_event import proxy_event
from lambda_fn.handler import handler
from tests.lambda_fn.aws import serving

Handler = Callable[[dict[str, Any]], dict[str, Any]]
SHARE = 0.1
MINUTES = 5
DEPLOYMENTS = 25


@contextmanager
def gateway(old: Handler, new: Handler) -> Iterator[str]:
    """An API whose requests reach the new version by chance, as the alias's weights have it. Gives its address."""
    chance = random.Random(13)  # noqa: S311

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            scope = {"method": "POST", "headers": [], "query_string": b"", "http_version": "1.1"}
            version = new if chance.random() < SHARE else old
            response = version(proxy_event(scope, self.path, body, "request"))
            self.send_response(response["statusCode"])
            self.end_headers()
            self.wfile.write(response["body"].encode())

        def log_message(self, *_: object) -> None:
            """Writes nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_each_bad_version_is_noticed_not_two_in_five(
    swapped: Path, handler_with: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone, five requests through the public API notice 1 - 0.9^5 = 41 % of them."""
    bad = handler_with(MODEL_REPOSITORY=str(swapped))
    with (
        serving(lambda event: bad(event, None)) as aws,
        gateway(lambda event: handler(event, None), lambda event: bad(event, None)) as url,  # type: ignore[arg-type]
    ):
        aws.weights = {"7": SHARE}
        for name, value in {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "API_URL": url,
            "API_KEY_ID": "key-1",
            "FUNCTION_NAME": "digits",
            "ALIAS_NAME": "live",
            "SERVICE_NAME": "canary",
        }.items():
            monkeypatch.setenv(name, value)
        with redirect_stdout(io.StringIO()) as written:
            for _ in range(DEPLOYMENTS * MINUTES):
                heartbeat.handler({}, None)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    public = [line["wrong"] for line in lines if line.get("message") == "answered" and "version" not in line]
    metric = [line["HeartbeatWrong"][0] for line in lines if "HeartbeatWrong" in line]
    assert deployments_noticed(metric) == DEPLOYMENTS
    assert 0.2 * DEPLOYMENTS < deployments_noticed(public) < 0.6 * DEPLOYMENTS


def deployments_noticed(wrong: list[float]) -> int:
    """Of how many deployments at least one minute had a wrong answer."""
    assert len(wrong) == DEPLOYMENTS * MINUTES
    return sum(any(wrong[first : first + MINUTES]) for first in range(0, len(wrong), MINUTES))
