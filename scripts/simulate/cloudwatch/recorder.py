"""Child process: sends each kind of mail to the real handler and heartbeat, whose metrics and logs go to stdout.

A line {"kind": ...} precedes the lines of each request. It is a process of its own because the handler is built at
import, from the environment, and keeps the standard output of that moment.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from unittest import mock

from lambda_fn import heartbeat
from lambda_fn.api.proxy_event import proxy_event
from lambda_fn.handler import handler
from lambda_fn.inference import golden, model
from lambda_fn.settings import MODEL_REPOSITORY, Settings
from model.digits.data import mnist
from scripts.simulate import mail

COUNTS = {"odd": 40}
COUNT = 150  # requests of each other kind, with about 1,700 images


def call(path: str, body: bytes, request_id: str) -> dict[str, Any]:
    scope = {"method": "POST", "headers": [], "query_string": b"", "http_version": "1.1"}
    return handler(proxy_event(scope, path, body, request_id), None)  # type: ignore[arg-type]


def record(kind: str, bodies: Iterable[bytes]) -> None:
    for number, body in enumerate(bodies):
        print(json.dumps({"kind": kind}), flush=True)
        call("/predict/batch", body, hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest()[:12])


def record_heartbeat(kind: str) -> None:
    """One heartbeat over HTTP. It expects the answers of the deployed version, even if the wrong model answers."""
    settings = Settings.from_environment()
    name, version = next(iter(settings.models.items()))
    request = golden.read_requests(MODEL_REPOSITORY / name / version)[0]
    with _server() as url:
        print(json.dumps({"kind": kind}), flush=True)
        heartbeat.write_results([heartbeat.probe(lambda: heartbeat.Target(request, url, "local"))], settings)


@contextmanager
def _server() -> Iterator[str]:
    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            response = call(self.path, self.rfile.read(int(self.headers["content-length"])), "heartbeat")
            self.send_response(response["statusCode"])
            self.end_headers()
            self.wfile.write(response["body"].encode())

        def log_message(self, *_: object) -> None:
            """Only the handler's own lines are recorded."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main(kinds: list[str]) -> None:
    """Records these kinds of mail, refused and failed requests, and the heartbeat."""
    images, labels = mnist.load("test")
    record("start", mail.requests("normal", 1, images, labels))  # the only request with a cold start
    for kind in kinds:
        record(kind, mail.requests(kind, COUNTS.get(kind, COUNT), images, labels))
    record("refused", mail.refused(6))
    record_heartbeat("heartbeat")
    with mock.patch.object(model.Model, "run", side_effect=RuntimeError("simulated")):
        record("failed", mail.requests("normal", 20, images, labels))
        record_heartbeat("failed heartbeat")


if __name__ == "__main__":
    main(sys.argv[1:])
