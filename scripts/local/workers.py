"""Runs the function in worker processes that each answer one event at a time, like Lambda's execution environments.

An event goes to an idle worker; a worker that dies or hangs is replaced and its event fails. Run as a program, this
file is a worker.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast
from uuid import uuid4

from scripts.local.image_environment import image_environment

ROOT = Path(__file__).resolve().parents[2]


class RefusedToStart(Exception):
    """The function's init failed; the message is its reason."""


class WorkerFailed(Exception):
    """A worker died, or its function raised."""


@dataclass(frozen=True, slots=True)
class Context:
    """The part of Lambda's context object that a handler may use."""

    seconds: InitVar[float]
    function_name: str = "postal-digits-local"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:local:000000000000:function:postal-digits-local"
    aws_request_id: str = field(default_factory=lambda: str(uuid4()))
    deadline: float = field(init=False)

    def __post_init__(self, seconds: float) -> None:
        object.__setattr__(self, "deadline", time.monotonic() + seconds)

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class Workers:
    """Calls the function, from up to as many threads as there are workers."""

    def __init__(self, count: int, log: Path) -> None:
        """Starts the workers and waits until all are ready; their standard output is appended to `log`.

        Raises:
            RefusedToStart: the function's init failed.
        """
        self._count = count
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        started = [_Worker(log) for _ in range(count)]
        try:
            for worker in started:
                worker.wait_until_ready()
                self._idle.put(worker)
        except RefusedToStart:
            for worker in started:
                worker.end()
            raise

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """The function's response.

        Raises:
            WorkerFailed: the function raised, or its process died.
            TimeoutError: the context's time is up.
            RefusedToStart: the init of a replaced worker failed.
        """
        worker = self._idle.get()
        try:
            return worker.call(event, context.get_remaining_time_in_millis() / 1000)
        except (TimeoutError, WorkerFailed, RefusedToStart):
            if worker.is_stuck():
                worker = worker.replaced()
            raise
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """Ends each worker once its event is answered."""
        for _ in range(self._count):
            self._idle.get().end()


class _Worker:
    """A process with the function, and our end of the pipe to it."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._ready = self._busy = False
        self._pipe, theirs = Pipe()
        with log.open("ab") as output, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scripts.local.workers", str(theirs.fileno())],
                cwd=ROOT,
                env=image_environment() | os.environ,
                stdout=output,
                pass_fds=[theirs.fileno()],
            )

    def wait_until_ready(self) -> None:
        if not self._ready:
            try:
                refusal = self._pipe.recv()
            except EOFError:
                refusal = "the function's process ended in its init"
            if refusal is not None:
                raise RefusedToStart(refusal)
            self._ready = True

    def call(self, event: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        self.wait_until_ready()
        self._busy = True
        try:
            # The body goes separately: pickling would copy it several times.
            self._pipe.send(({**event, "body": None}, seconds))
            self._pipe.send_bytes((event["body"] or "").encode())
            if not self._pipe.poll(seconds):
                raise TimeoutError
            response: dict[str, Any] | None = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise WorkerFailed("the function's process ended") from error
        self._busy = False
        if response is None:
            raise WorkerFailed("the function raised")
        return response

    def is_stuck(self) -> bool:
        """Whether it hangs, died, or never became ready."""
        return self._busy or not self._ready

    def replaced(self) -> "_Worker":
        self.end()
        return _Worker(self._log)

    def end(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.wait()


def _serve(pipe: Connection) -> None:
    """Loads the function and answers events until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the server, which closes the pipe
    from lambda_fn.errors import ModelRejected
    from lambda_fn.settings import SettingsError

    try:
        from lambda_fn.handler import handler
    except (ModelRejected, SettingsError) as error:
        pipe.send(str(error))
        return
    pipe.send(None)
    while True:
        try:
            event, seconds = pipe.recv()
            body = pipe.recv_bytes()
        except EOFError:
            return
        event["body"] = body.decode() or None
        try:
            response = handler(event, cast(Any, Context(seconds)))
        except Exception as error:
            print(f"the function raised {error!r}", file=sys.stderr, flush=True)
            response = None
        pipe.send(response)


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
