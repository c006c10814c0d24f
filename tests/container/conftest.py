"""The container under test, invoked through the Runtime Interface Emulator inside it."""

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PORT = 8080
# Runs inside the container, so that one without a network can be invoked too. Reads an event a line, writes an answer a
# line.
INVOKE = f"""
import sys, urllib.error, urllib.request
url = "http://127.0.0.1:{PORT}/2015-03-31/functions/function/invocations"
for event in sys.stdin.buffer:
    try:
        response = urllib.request.urlopen(url, event, timeout=60)
    except urllib.error.HTTPError as error:
        response = error
    sys.stdout.buffer.write(response.read() + b"\\n")
"""


def docker(*arguments: str, stdin: bytes | None = None, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(["docker", *arguments], input=stdin, capture_output=True)
    assert done.returncode == 0 or not check, done.stderr.decode()
    return done


@dataclass(frozen=True)
class Container:
    """A running container."""

    name: str

    def invoke(self, event: dict[str, Any]) -> dict[str, Any]:
        """What the function returns for the event: a response, or Lambda's description of an error."""
        (response,) = self.invoke_each([event])
        return response

    def invoke_each(self, events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same, one after another."""
        lines = b"".join(json.dumps(event).encode() + b"\n" for event in events)
        done = docker("exec", "-i", self.name, "python", "-c", INVOKE, stdin=lines)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def run(self, *command: str) -> str:
        """What a command prints inside the container."""
        return docker("exec", self.name, *command).stdout.decode()

    def changes(self) -> str:
        """The files written since it started, as Docker lists them."""
        return docker("diff", self.name).stdout.decode()

    def logs(self) -> str:
        """Its standard output and standard error."""
        done = docker("logs", self.name)
        return (done.stdout + done.stderr).decode()


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest) -> str:
    """The image's name; `make test-container` builds it first."""
    name: str = request.config.getoption("--image")
    docker("image", "inspect", name)
    return name


@pytest.fixture
def start(image: str) -> Iterator[Callable[..., Container]]:
    """Starts containers, with options of `docker run`, another CMD or another image, and ends them after the test."""
    started: list[str] = []

    def run(*options: str, command: str = "", image: str = image) -> Container:
        name = docker("run", "--detach", *options, image, *command.split()).stdout.decode().strip()
        started.append(name)
        deadline = time.monotonic() + 30
        probe = f"import socket; socket.create_connection(('127.0.0.1', {PORT}), 1)"
        while docker("exec", name, "python", "-c", probe, check=False).returncode and time.monotonic() < deadline:
            time.sleep(0.1)
        container = Container(name)
        assert time.monotonic() < deadline, container.logs()
        return container

    yield run
    for name in started:
        docker("rm", "--force", name)
