"""One bad input: a request that a client sends, or an event that only API Gateway could, and the right answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambda_fn.api.proxy_event import proxy_event

SEVEN = json.loads((Path(__file__).parents[1] / "events" / "seven.json").read_bytes())["x"]
GOOD = json.dumps({"x": SEVEN}).encode()
# The largest body that still fits Lambda's 6 MB in base64, without headers.
MOST = 4_400_000


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A request and its answer.

    Attributes:
        group: a letter, see CASES.
        status, code: of the answer; the code of a 200 is "".
        path: with the query string.
        make: gives the body, or None for none; a function, for many bodies are large.
        members: of the event, in place of the request's own; such a case can't be sent over HTTP.
    """

    name: str
    group: str
    status: int
    code: str
    method: str = "POST"
    path: str = "/predict/batch"
    headers: Mapping[str, str] = field(default_factory=dict)
    make: Callable[[], bytes | None] = lambda: GOOD
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def body(self) -> bytes | None:
        """A new one each time."""
        return self.make()

    @property
    def over_http(self) -> bool:
        """Whether a client can send it."""
        return not self.members

    def event(self) -> dict[str, Any]:
        """What API Gateway would send to the function."""
        path, _, query = self.path.partition("?")
        scope = {
            "method": self.method,
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
            "query_string": query.encode(),
            "http_version": "1.1",
        }
        return proxy_event(scope, path, self.body or b"", "bad-input") | dict(self.members)


def of(
    group: str, name: str, body: bytes | str | Callable[[], bytes], status: int, code: str = "", **more: Any
) -> Case:
    """A case with a body, on the route of its group."""
    make = body if callable(body) else (lambda: body.encode() if isinstance(body, str) else body)
    path = "/predict/img" if group in "FM" else "/predict/batch"
    return Case(name, group, status, code, make=make, **({"path": path} | more))
