"""Measures how fast each system answers over HTTP, in rounds in which the systems take turns."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from scripts.measure.bench.over_http.server import LOGS, NotServing, Server, running
from scripts.measure.bench.over_http.systems import OTHER_CORE, ROOT, System, pinned
from scripts.measure.bench.payloads import Payload

LEVELS = (1, 8, 32)  # clients
# The earlier service's objective: 500 predictions, sent as five batches of 100 at the same time.
BURST, BURST_CLIENTS, BURSTS = "100 images, floats", 5, 3
# Every system takes arrays; files and binary tensors go only to our own servers.
ARRAYS, OWN = ("ints", "floats"), ("ours", "http")
MOST = 4000  # images at once for a peer: some take more than a minute for 500 images from each of 32 clients


def compare(
    systems: list[System], payloads: list[Payload], levels: tuple[int, ...], rounds: int, seconds: float
) -> dict[str, Any]:
    """Each system on one core, the clients on another.

    Returns:
        `cells`: {system: {payload: {clients: [summary, one a round]}}}; `burst`: {system: [seconds]};
        `memory`: {system: [bytes after the first answer, and after all requests]}; `missing`: {title: reason}.
    """
    found: dict[str, Any] = {"cells": {}, "burst": {}, "memory": {}, "missing": {}}
    with contextlib.ExitStack() as stack:
        servers = []
        for system in tqdm(systems, desc="starting the servers", unit="server", disable=None):
            try:
                server = stack.enter_context(running(system, payloads[0]))
                memory = server.memory()
                if system.name != "http":  # which answers a constant
                    server.check(next(payload for payload in reversed(payloads) if payload.kind in ARRAYS))
            except NotServing as error:
                if system.name in OWN:
                    raise
                found["missing"][system.title] = str(error)
                continue
            found["memory"][system.name] = [memory]
            server.pause()
            servers.append(server)
        _take_turns(servers, payloads, levels, rounds, seconds, found)
        for server in servers:
            server.resume()
            found["memory"][server.system.name].append(server.memory())
    return found


def starts(systems: list[System], first: Payload, rounds: int, missing: dict[str, str]) -> dict[str, list[float]]:
    """Seconds from each system's start to its first answer; those that fail are added to `missing`."""
    found: dict[str, list[float]] = {system.name: [] for system in systems}
    for system in tqdm(systems * rounds, desc="starts", unit="start", disable=None):
        if system.name in found:
            try:
                with running(system, first) as server:
                    found[system.name].append(server.start)
            except NotServing as error:
                missing[f"the start of {system.title}"] = str(error)
                del found[system.name]
    return found


def _take_turns(
    servers: list[Server],
    payloads: list[Payload],
    levels: tuple[int, ...],
    rounds: int,
    seconds: float,
    found: dict[str, Any],
) -> None:
    turns = list(_turns(servers, payloads, levels))
    bursts = [(server, payload) for payload in payloads if payload.name == BURST for server in servers] * BURSTS
    with tqdm(total=rounds * (len(turns) + len(bursts)), desc="over HTTP", unit="load", disable=None) as progress:
        for _ in range(rounds):
            for server, payload, clients in turns:
                progress.set_postfix_str(f"{server.system.name}: {payload.name}, {clients} clients")
                summary = _measured(server, payload, clients, seconds)
                of_system = found["cells"].setdefault(server.system.name, {}).setdefault(payload.name, {})
                of_system.setdefault(str(clients), []).append(summary)
                progress.update()
            for server, payload in bursts:
                seconds_taken = _measured(server, payload, BURST_CLIENTS, 0)["seconds"]
                found["burst"].setdefault(server.system.name, []).append(seconds_taken)
                progress.update()


def _turns(
    servers: list[Server], payloads: list[Payload], levels: tuple[int, ...]
) -> Iterator[tuple[Server, Payload, int]]:
    for payload in payloads:
        for clients in levels:
            for_peers = payload.kind in ARRAYS and payload.images * clients <= MOST
            for server in servers:
                if server.system.name in OWN or for_peers:
                    yield server, payload, clients


def _measured(server: Server, payload: Payload, clients: int, seconds: float) -> dict[str, Any]:
    request = _request_file(server, payload)
    module = "scripts.measure.bench.over_http.load_generator"
    command = [sys.executable, "-m", module, str(server.port), str(request), str(clients), str(seconds)]
    server.resume()
    try:
        done = subprocess.run(pinned(command, OTHER_CORE), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    finally:
        server.pause()
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def _request_file(server: Server, payload: Payload) -> Path:
    """A file with the whole request as a client sends it."""
    name = "".join(letter if letter.isalnum() else "-" for letter in f"{server.system.name} {payload.name}")
    file = LOGS / f"{name}.http"
    request = server.system.request(payload)
    headers = request.headers | {"host": f"127.0.0.1:{server.port}", "content-length": str(len(request.body))}
    lines = [f"POST {request.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    file.write_bytes("\r\n".join(lines).encode() + request.body)
    return file
