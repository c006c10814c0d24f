"""A stand-in for AWS on this machine, as the heartbeat and the hook use it: Lambda, CodeDeploy, and API Gateway's keys.

Its function `digits` has an alias `live`, which leads to version 6, and by its weights to others.

Standard library only, because it also runs inside the container: `python -m aws 9000` serves the handler there.
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
    """Calls `function` in place of Lambda, keeps the messages to CodeDeploy, and has one API key.

    Attributes:
        invoked: the names of the invoked functions.
        messages: to CodeDeploy.
        creator: of the deployment; None if it may not be read.
        key: the key's value; None if it may not be read.
        weights: of the alias, by version; None if it may not be read.
    """

    daemon_threads = True

    def __init__(self, function: Function, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.function = function
        self.invoked: list[str] = []
        self.messages: list[dict[str, str]] = []
        self.creator: str | None = "CloudFormation"
        self.key: str | None = "the-heartbeats-key"
        self.weights: dict[str, float] | None = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def statuses(self) -> list[str]:
        """The statuses sent to CodeDeploy, in order."""
        return [message["status"] for message in self.messages]


class _Request(BaseHTTPRequestHandler):
    server: Aws

    def do_GET(self) -> None:
        if self.path == "/statuses":
            self._send(200, self.server.statuses)
        elif self.path == "/2015-03-31/functions/digits/aliases/live":
            if self.server.weights is None:
                self._refuse()
            else:
                routing = {"RoutingConfig": {"AdditionalVersionWeights": self.server.weights}}
                self._send(200, {"FunctionVersion": "6"} | (routing if self.server.weights else {}))
        elif self.server.key is None:
            self._refuse()
        else:
            assert self.path == "/apikeys/key-1?includeValue=true"
            self._send(200, {"id": "key-1", "value": self.server.key})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        target = self.headers.get("x-amz-target", "").partition(".")[2]
        if target == "PutLifecycleEventHookExecutionStatus":
            self.server.messages.append(body)
            self._send(200, {"lifecycleEventHookExecutionId": body["lifecycleEventHookExecutionId"]})
        elif target == "GetDeployment":
            if self.server.creator is None:
                self._send(400, {"__type": "AccessDeniedException", "message": "no"})
            else:
                self._send(200, {"deploymentInfo": {"creator": self.server.creator}})
        else:
            self.server.invoked.append(self.path.removeprefix("/2015-03-31/functions/").removesuffix("/invocations"))
            try:
                answer: object = self.server.function(body)
                failed: tuple[str, ...] = ()
            except Exception as error:
                answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
                failed = ("x-amz-function-error", "Unhandled")
            self._send(200, answer, *failed)

    def _refuse(self) -> None:
        self._send(403, {"message": "no"}, "x-amzn-errortype", "AccessDeniedException")

    def _send(self, status: int, body: object, *header: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        if header:
            self.send_header(*header)
        with suppress(BrokenPipeError):  # the client did not wait
            self.end_headers()
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


@contextmanager
def serving(function: Function) -> Iterator[Aws]:
    with Aws(function) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


if __name__ == "__main__":
    from lambda_fn.api.proxy_event import proxy_event
    from lambda_fn.handler import handler

    def call(body: dict[str, Any]) -> object:
        """Answers an invocation's event, or the body of a request to the public API."""
        if "httpMethod" in body:
            return handler(body, None)  # type: ignore[arg-type]
        scope = {"method": "POST", "headers": [], "query_string": b"", "http_version": "1.1"}
        event = proxy_event(scope, "/predict/batch", json.dumps(body).encode(), "heartbeat")
        return json.loads(handler(event, None)["body"])  # type: ignore[arg-type]

    Aws(call, int(sys.argv[1])).serve_forever()
