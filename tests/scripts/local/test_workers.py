"""Workers run the real function, and are replaced when they die or hang."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.local.workers import Context, RefusedToStart, WorkerFailed, Workers

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
def start(tmp_path: Path) -> Iterator[Callable[[], tuple[Workers, int]]]:
    """Starts one worker, and returns what calls it and the id of its process."""
    before, started = children(), []

    def worker() -> tuple[Workers, int]:
        started.append(Workers(1, tmp_path / "log"))
        (process,) = children() - before
        return started[0], process

    yield worker
    for workers in started:
        workers.close()
    assert children() == before


Start = Callable[[], tuple[Workers, int]]


def greeting(workers: Workers) -> Any:
    return workers(EVENT, Context(20))["body"]


def test_a_worker_answers_one_event_after_another(start: Start) -> None:
    workers, _ = start()
    assert [greeting(workers) for _ in range(3)] == ['{"message":"Hello World"}'] * 3


def test_the_functions_output_is_appended_to_the_log(start: Start, tmp_path: Path) -> None:
    greeting(start()[0])
    assert '"message":"answered"' in (tmp_path / "log").read_text()


def test_a_worker_that_dies_fails_its_event_and_is_replaced(start: Start) -> None:
    workers, process = start()
    os.kill(process, signal.SIGKILL)
    with pytest.raises(WorkerFailed):
        greeting(workers)
    assert greeting(workers) == '{"message":"Hello World"}'


def test_a_worker_that_hangs_is_ended_and_replaced(start: Start) -> None:
    workers, process = start()
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(TimeoutError):
        workers(EVENT, Context(0.05))
    assert greeting(workers) == '{"message":"Hello World"}'
    assert process not in children()


def test_a_worker_whose_function_raises_is_kept(start: Start) -> None:
    workers, process = start()
    with pytest.raises(WorkerFailed, match="raised"):
        workers({"body": None}, Context(20))
    assert greeting(workers) == '{"message":"Hello World"}'
    assert process in children()


def test_a_failed_init_reports_its_reason(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELS", "digits=99")
    with pytest.raises(RefusedToStart, match="99"):
        start()
