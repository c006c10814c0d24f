"""A system in, its running process out: started on its core, asked for its first answer, stopped while others run."""

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

from scripts.measure.bench.payloads import RIGHT, Payload
from scripts.measure.bench.systems import CORE, ROOT, System, pinned

LOGS = ROOT / "build" / "bench"


class NotServing(Exception):
    """A server ended, gave no answer in time or a wrong one; the message says which and where its log lies."""


@dataclass(frozen=True, slots=True)
class Server:
    """A system that answers on `port`; `start` is the seconds from its process's start to its first answer."""

    system: System
    process: "subprocess.Popen[bytes]"
    port: int
    start: float

    def check(self, payload: Payload) -> None:
        """Raises NotServing if its answers are not right: a benchmark of wrong answers would mean nothing."""
        asked = self.system.request(payload)
        answer = json.loads(_post(self.port, asked)[1])
        digits = answer["y"] if "y" in answer else np.reshape(answer["outputs"][0]["data"], (-1, 10)).argmax(axis=1)
        if (right := float(np.mean(np.array(digits) == payload.digits))) < RIGHT:
            raise NotServing(f"{payload.name}: only {right:.0%} of the answers are right")

    def pause(self) -> None:
        """Takes its processes off the core until `resume`: what idles must not disturb what is measured."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Undoes `pause`."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def memory(self) -> int:
        """Resident bytes of all its processes, what they share counted once; 0 where Linux does not tell."""
        total = 0
        for process in _group(self.process.pid):
            try:
                rollup = (process / "smaps_rollup").read_text()
            except OSError:  # it ended meanwhile
                continue
            total += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
        return total


@contextmanager
def running(system: System, first: Payload, core: int | None = CORE) -> Iterator[Server]:
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
            command if core is None else pinned(command, core),
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
        # MLServer refuses until its model is loaded: asked more often, it would spend its one core on refusing.
        time.sleep(0.1)
    raise NotServing(f"gave no answer in a minute; {where}")


def _post(port: int, payload: Payload) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", payload.path, payload.body, payload.headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGCONT, signal.SIGTERM):
        if process.poll() is None:
            os.killpg(process.pid, number)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    if _group(process.pid):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _group(group: int) -> list[Path]:
    """The /proc folders of the living processes of a process group; none where there is no /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()  # state, parent, group
        except OSError:
            continue
        if fields[2] == str(group) and fields[0] != "Z":
            found.append(stat.parent)
    return found


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
