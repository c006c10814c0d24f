"""Events to processes with the real function, as to Lambda's execution environments."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.local.environments import Context, EnvironmentFailed, Environments, RefusedToStart

EVENT = {
    "httpMethod": "GET",
    "path": "/",
    "headers": None,
    "multiValueHeaders": None,
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "requestContext": {"requestId": "r"},
    "body": None,
    "isBase64Encoded": False,
}


def children() -> set[int]:
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
    return {int(number) for number in listed.split()}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], tuple[Environments, int]]]:
    """Starts one environment; gives what calls it, and the number of its process."""
    before, started = children(), []

    def environment() -> tuple[Environments, int]:
        started.append(Environments(1, tmp_path / "log"))
        (process,) = children() - before
        return started[0], process

    yield environment
    for environments in started:
        environments.close()
    assert children() == before


Start = Callable[[], tuple[Environments, int]]


def greeting(environments: Environments) -> Any:
    return environments(EVENT, Context(20))["body"]


def test_an_environment_answers_one_event_after_the_other(start: Start) -> None:
    environments, _ = start()
    assert [greeting(environments) for _ in range(3)] == ['{"message":"Hello World"}'] * 3


def test_what_the_function_prints_goes_to_the_log(start: Start, tmp_path: Path) -> None:
    greeting(start()[0])
    assert '"message":"answered"' in (tmp_path / "log").read_text()


def test_one_that_dies_fails_its_request_and_is_replaced(start: Start) -> None:
    environments, process = start()
    os.kill(process, signal.SIGKILL)
    with pytest.raises(EnvironmentFailed):
        greeting(environments)
    assert greeting(environments) == '{"message":"Hello World"}'


def test_one_that_hangs_is_ended_and_replaced(start: Start) -> None:
    environments, process = start()
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        environments(EVENT, Context(0.05))
    assert greeting(environments) == '{"message":"Hello World"}'
    assert process not in children()


def test_one_whose_function_raises_stays(start: Start) -> None:
    environments, process = start()
    with pytest.raises(EnvironmentFailed, match="raised"):
        environments({"body": None}, Context(20))
    assert greeting(environments) == '{"message":"Hello World"}'
    assert process in children()


def test_an_init_that_fails_is_told(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_VERSION", "99")
    with pytest.raises(RefusedToStart, match="99"):
        start()
