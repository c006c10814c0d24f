"""A container with a fault, called through the local gateway, so that a test sees what a client sees.

Each test adds a row to the table in docs/reliability.md: the fault, what the client saw, whether the next answer was
right, and which alarms would fire.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from lambda_fn.inference import golden
from scripts.local.gateway import Gateway
from tests.conftest import DIGITS
from tests.container.conftest import ROOT, Container, docker, image, start

__all__ = ["image", "start"]

RESULTS = ROOT / "build" / "reliability" / "faults.json"
RUNTIME = Path(__file__).with_name("runtime.py").read_text()
# Short, because a test waits for it. A process that is started again must be ready within it too.
TIMEOUT = "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=6"
ROWS: list["Fault"] = []
# Twenty digits with their probabilities.
(GOLDEN,) = (request for request in golden.read_requests(DIGITS) if request.name == "pixels 0 to 255")

Ask = Callable[..., httpx.Response]


@dataclass
class Fault:
    """A row. `alarms` are those that fire if the fault continues; none if nothing fails."""

    fault: str
    client_sees: str = "the test failed"
    next_right: bool = False
    alarms: list[str] = field(default_factory=list)

    def seen(self, answer: httpx.Response) -> None:
        """Records the client's answer."""
        self.client_sees = str(answer.status_code)
        if answer.status_code != 200:
            assert answer.json().keys() == {"error", "code", "request_id"}
            self.client_sees += f" `{answer.json()['code']}`"

    def survived(self, answer: httpx.Response) -> None:
        """Records that the next request got its golden answer; fails the test if it did not."""
        assert answer.status_code == 200, answer.text
        assert GOLDEN.mismatches(answer.json()) == {}
        self.next_right = True


@pytest.fixture
def fault() -> Callable[..., Fault]:
    """Adds the test's row: the fault in words, and the names of the alarms."""

    def begin(what: str, *alarms: str) -> Fault:
        ROWS.append(Fault(what, alarms=list(alarms)))
        return ROWS[-1]

    return begin


@pytest.fixture
def ask() -> Ask:
    """Sends a body to /predict/batch; by default the golden request."""

    def send(container: Container, body: dict[str, Any] | None = None) -> httpx.Response:
        async def call() -> httpx.Response:
            gateway = httpx.ASGITransport(app=Gateway(lambda event, _: container.invoke(event)))
            async with httpx.AsyncClient(transport=gateway, base_url="http://gateway") as client:
                return await client.post(GOLDEN.path, params=GOLDEN.query, json=body or GOLDEN.body)

        return asyncio.run(call())

    return send


def signal_runtime(container: Container, *signals: str) -> None:
    """Sends signals to the function's own process."""
    docker("exec", "-i", container.name, "python", "-", "now", *signals, stdin=RUNTIME.encode())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the rows of a whole run; those of a part would leave gaps in the table."""
    if session.config.args == ["tests/faults"] and not session.config.getoption("-k") and ROWS:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps([asdict(row) for row in ROWS], indent=1) + "\n")
