"""Systems and payloads in, how fast each answers over HTTP out, in rounds in which the systems take turns."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from scripts.measure.bench.payloads import Payload
from scripts.measure.bench.server import LOGS, NotServing, Server, running
from scripts.measure.bench.systems import OTHER_CORE, ROOT, System, ours, pinned

LEVELS = (1, 8, 32)
# The objective of the earlier service: 500 predictions, sent as five batches of 100 at the same time.
BURST, BURST_CLIENTS, BURSTS = "100 images, floats", 5, 3
# What every system can read; pictures and binary tensors are sent to ours and to HTTP alone.
ARRAYS, OWN = ("ints", "floats"), ("ours", "http")
MOST = 4000  # images at once for a peer: 500 from each of 32 clients take some of them more than a minute


def compare(
    systems: list[System], payloads: list[Payload], levels: tuple[int, ...], rounds: int, seconds: float
) -> dict[str, Any]:
    """Each system on one core, the clients on another.

    Returns:
        `cells`: {system: {payload: {clients: [summary, one a round]}}}; `burst`: {system: [seconds, one a round]};
        `memory`: {system: [bytes after the first answer, and after all requests]};
        `missing`: {title: reason}.
    """
    found: dict[str, Any] = {"cells": {}, "burst": {}, "memory": {}, "missing": {}}
    with contextlib.ExitStack() as stack:
        servers = []
        for system in tqdm(systems, desc="starting the servers", unit="server", disable=None):
            try:
                server = stack.enter_context(running(system, payloads[0]))
                memory = server.memory()
                if system.name != "http":  # which answers nothing
                    server.check(next(payload for payload in reversed(payloads) if payload.kind in ARRAYS))
            except NotServing as error:
                if system.name in OWN:
                    raise
                found["missing"][system.title] = str(error)
                continue
            found["memory"][system.name] = [memory]
            server.pause()
            servers.append(server)
        _turns(servers, payloads, levels, rounds, seconds, found)
        for server in servers:
            server.resume()
            found["memory"][server.system.name].append(server.memory())
    return found


def starts(systems: list[System], first: Payload, rounds: int, missing: dict[str, str]) -> dict[str, list[float]]:
    """Seconds from the start of each system's process to its first answer; who fails once is named in `missing`."""
    found: dict[str, list[float]] = {system.name: [] for system in systems}
    with tqdm(total=rounds * len(systems), desc="starts", unit="start", disable=None) as progress:
        for _ in range(rounds):
            for system in systems:
                progress.update()
                if system.name not in found:
                    continue
                try:
                    with running(system, first) as server:
                        found[system.name].append(server.start)
                except NotServing as error:
                    missing[f"the start of {system.title}"] = str(error)
                    del found[system.name]
    return found


def hold(payload: Payload, rate: float, seconds: float) -> dict[str, Any]:
    """`make serve` as it stands (two workers, any core) under `rate` requests a second: summary, and memory in bytes.

    Memory is taken after a warm-up of a tenth of the time, and at the end.
    """
    with running(ours(workers=2), payload, core=None) as server:
        request = _request_file(server, payload)
        options = ["--clients", "32", "--rate", str(rate)]
        _load(server.port, request, *options, "--seconds", str(seconds / 10), core=None)
        before = server.memory()
        found = _load(server.port, request, *options, "--seconds", str(seconds), core=None)
        return found | {"memory": [before, server.memory()]}


def _turns(
    servers: list[Server],
    payloads: list[Payload],
    levels: tuple[int, ...],
    rounds: int,
    seconds: float,
    found: dict[str, Any],
) -> None:
    taken = [(s, p) for s in servers for p in payloads if s.system.name in OWN or p.kind in ARRAYS]
    requests = {(server.port, payload.name): _request_file(server, payload) for server, payload in taken}
    bursts = [payload for payload in payloads if payload.name == BURST]
    total = rounds * len(servers) * (len(payloads) * len(levels) + len(bursts) * BURSTS)
    with tqdm(total=total, desc="over HTTP", unit="load", disable=None) as progress:
        for _ in range(rounds):
            for payload in payloads:
                for clients in levels:
                    for server in servers:
                        if server.system.name not in OWN and not _for_peers(payload, clients):
                            progress.update()
                            continue
                        progress.set_postfix_str(f"{server.system.name}: {payload.name}, {clients} clients")
                        options = ("--clients", str(clients), "--seconds", str(seconds))
                        summary = _measured(server, requests[server.port, payload.name], *options)
                        of_system = found["cells"].setdefault(server.system.name, {}).setdefault(payload.name, {})
                        of_system.setdefault(str(clients), []).append(summary)
                        progress.update()
            for payload in bursts * BURSTS:
                for server in servers:
                    options = ("--clients", str(BURST_CLIENTS), "--seconds", "0")
                    summary = _measured(server, requests[server.port, payload.name], *options)
                    found["burst"].setdefault(server.system.name, []).append(summary["seconds"])
                    progress.update()


def _for_peers(payload: Payload, clients: int) -> bool:
    return payload.kind in ARRAYS and payload.images * clients <= MOST


def _measured(server: Server, request: Path, *options: str) -> dict[str, Any]:
    server.resume()
    try:
        return _load(server.port, request, *options)
    finally:
        server.pause()


def _load(port: int, request: Path, *options: str, core: int | None = OTHER_CORE) -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.measure.bench.load", str(port), str(request), *options]
    command = command if core is None else pinned(command, core)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def _request_file(server: Server, payload: Payload) -> Path:
    """The whole request as the bytes that a client sends, in a file."""
    asked = server.system.request(payload)
    headers = asked.headers | {"host": f"127.0.0.1:{server.port}", "content-length": str(len(asked.body))}
    lines = [f"POST {asked.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    name = "".join(letter if letter.isalnum() else "-" for letter in f"{server.system.name} {payload.name}")
    file = LOGS / f"{name}.http"
    file.write_bytes("\r\n".join(lines).encode() + asked.body)
    return file
