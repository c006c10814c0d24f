"""Events in, the function's responses out, from processes that each answer one event at a time.

So Lambda's execution environments do: an event goes to one that is idle, one that dies or hangs is replaced, and what
it was working on is lost. Started as a program, this file is such an environment.
"""

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

ROOT = Path(__file__).resolve().parents[2]


class RefusedToStart(Exception):
    """The function's init failed; the message is its reason."""


class EnvironmentFailed(Exception):
    """An environment died, or its function raised."""


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
        """Milliseconds until the function would be ended."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class Environments:
    """Calls the function, from as many threads as there are environments."""

    def __init__(self, count: int, log: Path) -> None:
        """Starts them and waits until each is ready; what they print goes to `log`.

        Raises:
            RefusedToStart: the function's init fails.
        """
        self._count = count
        self._idle: SimpleQueue[_Environment] = SimpleQueue()
        started = [_Environment(log) for _ in range(count)]
        try:
            for environment in started:
                environment.wait()
                self._idle.put(environment)
        except RefusedToStart:
            for environment in started:
                environment.end()
            raise

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """The function's response.

        Raises:
            EnvironmentFailed: the function raised, or its process died.
            TimeoutError: there is none when the context's time is up.
            RefusedToStart: a replaced environment's init fails.
        """
        environment = self._idle.get()
        try:
            return environment.call(event, context.get_remaining_time_in_millis() / 1000)
        except (TimeoutError, EnvironmentFailed, RefusedToStart):
            if environment.hangs_or_died():
                environment = environment.replaced()
            raise
        finally:
            self._idle.put(environment)

    def close(self) -> None:
        """Ends them, each when its event is answered."""
        for _ in range(self._count):
            self._idle.get().end()


class _Environment:
    """A process with the function in it, and this side's end of the pipe to it."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._ready = self._busy = False
        self._pipe, theirs = Pipe()
        with log.open("ab") as output, theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scripts.local.environments", str(theirs.fileno())],
                cwd=ROOT,
                stdout=output,
                pass_fds=[theirs.fileno()],
            )

    def wait(self) -> None:
        if not self._ready:
            try:
                refusal = self._pipe.recv()
            except EOFError:
                refusal = "the function's process ended in its init"
            if refusal is not None:
                raise RefusedToStart(refusal)
            self._ready = True

    def call(self, event: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        self.wait()
        self._busy = True
        try:
            # Pickled with the rest, a body of a megabyte would be copied several times.
            self._pipe.send(({**event, "body": None}, seconds))
            self._pipe.send_bytes((event["body"] or "").encode())
            if not self._pipe.poll(seconds):
                raise TimeoutError
            response: dict[str, Any] | None = self._pipe.recv()
        except (EOFError, ConnectionError) as error:
            raise EnvironmentFailed("the function's process ended") from error
        self._busy = False
        if response is None:
            raise EnvironmentFailed("the function raised")
        return response

    def hangs_or_died(self) -> bool:
        return self._busy or not self._ready

    def replaced(self) -> "_Environment":
        self.end()
        return _Environment(self._log)

    def end(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.wait()


def _serve(pipe: Connection) -> None:
    """Loads the function and answers events until the other side closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server, which closes the pipe
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
