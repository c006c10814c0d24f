"""Starts a system on its core, waits for its first answer, and pauses it while others are measured."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.measure import processes
from scripts.measure.bench.over_http.systems import ROOT, System, pinned
from scripts.measure.bench.payloads import RIGHT, Payload

LOGS = ROOT / "build" / "bench"


class NotServing(Exception):
    """A server ended, did not answer in time, or answered wrongly; the message names its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running system; `start` is the seconds from its process's start to its first answer."""

    system: System
    process: "subprocess.Popen[bytes]"
    port: int
    start: float

    def check(self, payload: Payload) -> None:
        """Raises NotServing unless its answers are right."""
        request = self.system.request(payload)
        answer = json.loads(_post(self.port, request)[1])
        digits = answer["y"] if "y" in answer else np.reshape(answer["outputs"][0]["data"], (-1, 10)).argmax(axis=1)
        if (right := float(np.mean(np.array(digits) == payload.digits))) < RIGHT:
            raise NotServing(f"{payload.name}: only {right:.0%} of the answers are right")

    def pause(self) -> None:
        """Stops its processes until `resume`, so that they don't disturb what is measured."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def memory(self) -> int:
        """Resident bytes of all its processes; 0 without /proc."""
        found = processes.sample(self.process.pid)
        return found.memory if found else 0


@contextmanager
def running(system: System, first: Payload) -> Iterator[Server]:
    """Starts a system, waits until it answers `first`, and ends it afterwards.

    Raises:
        NotServing: it does not answer within a minute.
    """
    port = _free_port()
    ports = {"{port}": str(port), "{port+1}": str(_free_port()), "{port+2}": str(_free_port())}
    command = [ports.get(part, part) for part in system.command]
    environment = os.environ | {name: ports.get(value, value) for name, value in system.environment.items()}
    environment |= {"PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}"}
    with (LOGS / f"{system.name}.log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            pinned(command),
            cwd=system.folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, port, system, system.request(first))
        yield Server(system, process, port, time.perf_counter() - began)
    finally:
        _end(process)


def _wait(process: "subprocess.Popen[bytes]", port: int, system: System, first: Payload) -> None:
    deadline = time.monotonic() + 60
    where = f"its log is {(LOGS / system.name).relative_to(ROOT)}.log"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise NotServing(f"ended with status {process.returncode}; {where}")
        try:
            status, _ = _post(port, first)
        except OSError:
            time.sleep(0.005)
            continue
        if status == 200:
            return
        # MLServer refuses until its model is loaded; more frequent requests would slow the loading down.
        time.sleep(0.1)
    raise NotServing(f"no answer within a minute; {where}")


def _post(port: int, payload: Payload) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", payload.path, payload.body, payload.headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the whole process group."""
    for number in (signal.SIGCONT, signal.SIGTERM):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
