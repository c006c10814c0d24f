"""The real handler and the real heartbeat, fed with each kind of post; what they write to standard output comes out.

A line {"kind": ...} stands before what belongs to it. In a process of its own, because the handler is built at import,
from the environment, and writes where standard output was then.
"""

import hashlib
import json
import resource
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from unittest import mock

from lambda_fn import heartbeat
from lambda_fn.handler import handler
from lambda_fn.inference import model
from lambda_fn.inference.golden import Golden
from lambda_fn.settings import MODEL_REPOSITORY, Settings
from model.digits.data import mnist
from scripts.local.proxy_event import proxy_event
from scripts.simulate import post

COUNTS = {"odd": 40}
COUNT = 150  # requests of each other kind: about 1,700 images


def call(path: str, body: bytes, request_id: str) -> dict[str, Any]:
    scope = {"method": "POST", "headers": [], "query_string": b"", "http_version": "1.1"}
    return handler(proxy_event(scope, path, body, request_id), None)  # type: ignore[arg-type]


def record(kind: str, bodies: Iterable[bytes]) -> None:
    for number, body in enumerate(bodies):
        print(json.dumps({"kind": kind}), flush=True)
        call("/predict/batch", body, hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest()[:12])


def beat(kind: str) -> None:
    """One heartbeat over HTTP. It expects the answers of the model version that was tested, whichever answers here."""
    golden = Golden.read(MODEL_REPOSITORY / "digits" / Settings.from_environment().model_version).one_of_each()
    with _server() as url:
        print(json.dumps({"kind": kind}), flush=True)
        found = heartbeat.beat(lambda: heartbeat.Target(golden, url, "local"))
        heartbeat._emit(found, Settings.from_environment())


@contextmanager
def _server() -> Iterator[str]:
    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            response = call(self.path, self.rfile.read(int(self.headers["content-length"])), "heartbeat")
            self.send_response(response["statusCode"])
            self.end_headers()
            self.wfile.write(response["body"].encode())

        def log_message(self, *_: object) -> None:
            """The handler's own lines are what counts."""

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
    """Records these kinds of post, then what the service does by itself."""
    images, labels = mnist.load("test")
    record("start", post.requests("normal", 1, images, labels))
    for kind in kinds:
        record(kind, post.requests(kind, COUNTS.get(kind, COUNT), images, labels))
    record("refused", post.refused(6))
    beat("heartbeat")
    with mock.patch.object(model.Model, "run", side_effect=RuntimeError("simulated")):
        record("failed", post.requests("normal", 20, images, labels))
        beat("failed heartbeat")
    report()


def report() -> None:
    """What Lambda's platform says of memory after each call, of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"kind": "report"}))
    print(json.dumps({"type": "platform.report", "record": {"metrics": {"maxMemoryUsedMB": used}}}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
