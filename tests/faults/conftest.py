"""A container that something is done to, called through the stand-in for API Gateway: a test sees what a client sees.

Each test leaves a row of the table in docs/reliability.md: what was done, what the client saw, whether the next request
was answered rightly, and which alarm would tell.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from lambda_fn.settings import Settings
from scripts.local.gateway import Gateway
from tests.container.conftest import ROOT, Container, docker, image, start

__all__ = ["image", "start"]

RESULTS = ROOT / "build" / "reliability" / "faults.json"
RUNTIME = Path(__file__).with_name("runtime.py").read_text()
# Short, to wait little for what hangs; a process that is started anew has to be ready within it as well.
TIMEOUT = "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=6"
ROWS: list["Fault"] = []

Ask = Callable[..., httpx.Response]


@dataclass
class Fault:
    """A row; `alarms` are those of infra_cdk/ that tell of it where it goes on, none where nothing fails."""

    fault: str
    client_sees: str = "the test failed"
    next_right: bool = False
    alarms: list[str] = field(default_factory=list)

    def seen(self, answer: httpx.Response) -> None:
        """Notes an answer as the client gets it."""
        self.client_sees = str(answer.status_code)
        if answer.status_code != 200:
            assert answer.json().keys() == {"error", "code", "request_id"}
            self.client_sees += f" `{answer.json()['code']}`"

    def survived(self, answer: httpx.Response) -> None:
        """The next request, of golden images: fails the test unless it is answered as when the model was built."""
        assert_golden(answer)
        self.next_right = True


@pytest.fixture
def fault() -> Callable[..., Fault]:
    """Begins the test's row: what is done, in words, and the alarms' names."""

    def begin(what: str, *alarms: str) -> Fault:
        ROWS.append(Fault(what, alarms=list(alarms)))
        return ROWS[-1]

    return begin


@pytest.fixture
def ask() -> Ask:
    """Sends a body to /predict/batch; golden images, if none is given."""

    def send(container: Container, body: dict[str, Any] | None = None) -> httpx.Response:
        async def call() -> httpx.Response:
            gateway = httpx.ASGITransport(app=Gateway(lambda event, _: container.invoke(event)))
            async with httpx.AsyncClient(transport=gateway, base_url="http://gateway") as client:
                return await client.post("/predict/batch", params={"probabilities": "true"}, json=body or golden_body())

        return asyncio.run(call())

    return send


def golden() -> tuple[Any, Any]:
    """The default model's golden images and the probabilities that it gave when it was built."""
    with np.load(Settings().model_directory / "golden.npz") as members:
        return members["images"], members["probabilities"]


def golden_body() -> dict[str, Any]:
    return {"x": golden()[0].tolist()}


def assert_golden(answer: httpx.Response) -> None:
    expected = golden()[1]
    assert answer.status_code == 200, answer.text
    assert answer.json()["y"] == expected.argmax(axis=1).tolist()
    assert np.allclose(answer.json()["probabilities"], expected, rtol=0, atol=1e-4)


def signal_runtime(container: Container, *signals: str) -> None:
    """Sends signals to the function's own process."""
    docker("exec", "-i", container.name, "python", "-", "now", *signals, stdin=RUNTIME.encode())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes the rows of a whole run; a part of it would leave a table with holes."""
    if session.config.args == ["tests/faults"] and not session.config.getoption("-k") and ROWS:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps([asdict(row) for row in ROWS], indent=1) + "\n")
