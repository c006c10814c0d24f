"""What heartbeat and hook ask of AWS, on this machine, for the real boto3: Lambda, CodeDeploy, and API Gateway's keys.

Standard library only, for it runs inside the container as well: `python -m aws 9000` serves the handler beside it.
"""

import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Function = Callable[[dict[str, Any]], object]


class Aws(ThreadingHTTPServer):
    """Calls `function` where Lambda would, keeps what CodeDeploy is told, and has one API key.

    Attributes:
        asked: the functions that were called; told: the messages to CodeDeploy.
        creator: who began the deployment; None where that may not be asked.
        key: the key's value; None where it may not be read.
    """

    daemon_threads = True

    def __init__(self, function: Function, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.function = function
        self.asked: list[str] = []
        self.told: list[dict[str, str]] = []
        self.creator: str | None = "CloudFormation"
        self.key: str | None = "the-heartbeats-key"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def statuses(self) -> list[str]:
        """What CodeDeploy was told, in order."""
        return [message["status"] for message in self.told]


class _Request(BaseHTTPRequestHandler):
    server: Aws

    def do_GET(self) -> None:
        if self.path == "/statuses":
            self._send(200, self.server.statuses)
        elif self.server.key is None:
            self._send(403, {"message": "no"}, "x-amzn-errortype", "AccessDeniedException")
        else:
            assert self.path == "/apikeys/key-1?includeValue=true"
            self._send(200, {"id": "key-1", "value": self.server.key})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        target = self.headers.get("x-amz-target", "").partition(".")[2]
        if target == "PutLifecycleEventHookExecutionStatus":
            self.server.told.append(body)
            self._send(200, {"lifecycleEventHookExecutionId": body["lifecycleEventHookExecutionId"]})
        elif target == "GetDeployment":
            if self.server.creator is None:
                self._send(400, {"__type": "AccessDeniedException", "message": "no"})
            else:
                self._send(200, {"deploymentInfo": {"creator": self.server.creator}})
        else:
            self.server.asked.append(self.path.removeprefix("/2015-03-31/functions/").removesuffix("/invocations"))
            try:
                answer: object = self.server.function(body)
                failed: tuple[str, ...] = ()
            except Exception as error:
                answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
                failed = ("x-amz-function-error", "Unhandled")
            self._send(200, answer, *failed)

    def _send(self, status: int, body: object, *header: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        if header:
            self.send_header(*header)
        with suppress(BrokenPipeError):  # who asked did not wait
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: it is a test's."""


@contextmanager
def serving(function: Function) -> Iterator[Aws]:
    with Aws(function) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


if __name__ == "__main__":
    from lambda_fn import pre_traffic
    from lambda_fn.handler import handler

    def call(body: dict[str, Any]) -> object:
        if "x" not in body:
            return handler(body, None)  # type: ignore[arg-type]
        event = pre_traffic._event("POST", "/predict/batch", body)  # it came to the public API, and not to Lambda
        return json.loads(handler(event, None)["body"])  # type: ignore[arg-type]

    Aws(call, int(sys.argv[1])).serve_forever()
