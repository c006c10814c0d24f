"""A proxy that lets nothing out and remembers who was called, so that no command can reach AWS unnoticed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def closed() -> Iterator[tuple[str, list[str]]]:
    """The proxy's URL, and the list of hosts or addresses that somebody wanted to reach."""
    wanted: list[str] = []

    class Refusal(BaseHTTPRequestHandler):
        def refuse(self) -> None:
            wanted.append(self.path)
            self.send_error(403)

        do_CONNECT = do_GET = do_HEAD = do_POST = do_PUT = refuse  # noqa: N815

        def log_message(self, *_: object) -> None:
            """The list is the log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", wanted
        server.shutdown()
