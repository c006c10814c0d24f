"""Serves the toy with the real handler in a process of its own, and lets the heartbeat and the hook check it.

Usage: process.py MODEL_FOLDER RESULT_FILE. Standard output gets the handler's own lines.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from lambda_fn.tasks import TASKS
from tests.lambda_fn.toy.repository import PIXELS
from tests.lambda_fn.toy.task import TASK

TASKS["strongest_colour"] = TASK

from lambda_fn import heartbeat, version_check  # noqa: E402
from lambda_fn.api.proxy_event import proxy_event  # noqa: E402
from lambda_fn.handler import handler  # noqa: E402
from lambda_fn.inference import golden  # noqa: E402


def send(method: str, path: str, body: object = None) -> dict[str, Any]:
    """The handler's response to a request."""
    scope = {"method": method, "headers": [], "query_string": b"", "http_version": "1.1"}
    event = proxy_event(scope, path, json.dumps(body).encode() if body is not None else b"", "toy")
    response = handler(event, None)  # type: ignore[arg-type]
    return {"status": response["statusCode"], "body": json.loads(response["body"])}


class Gateway(BaseHTTPRequestHandler):
    """Passes requests on to the handler."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = send("POST", self.path, json.loads(body))
        content = json.dumps(answer["body"]).encode()
        self.send_response(answer["status"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Writes nothing: standard output is the handler's."""


def main(folder: Path, result: Path) -> None:
    requests = golden.read_requests(folder)
    tensor = {"name": "pixels", "datatype": "FP32", "shape": [4, 3], "data": PIXELS}
    found: dict[str, Any] = {
        "predict": send("POST", "/predict/colour", {"pixels": PIXELS}),
        "bad": send("POST", "/predict/colour", {"pixels": "red"}),
        "health": send("GET", "/health"),
        "metadata": send("GET", "/v2/models/colours"),
        "ready": send("GET", "/v2/health/ready"),
        "infer": send("POST", "/v2/models/colours/infer", {"inputs": [tensor]}),
        "openapi": send("GET", "/openapi.json"),
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    Thread(target=server.serve_forever, daemon=True).start()
    target = heartbeat.Target(requests[0], f"http://127.0.0.1:{server.server_port}/", "key")
    probe = heartbeat.probe(lambda: target)
    server.shutdown()
    found["heartbeat"] = {"failure": probe.failure, "wrong": probe.wrong}
    expected = [(golden.read_contract(folder), requests)]
    found["pre_traffic"] = version_check.problems(lambda event: handler(event, None), expected)  # type: ignore[arg-type]
    result.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
