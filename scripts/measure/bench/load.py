"""A child process: a request in, how a server took it from many clients out, as JSON on standard output.

Connections are kept open and requests are bytes made beforehand; answers are found by their Content-Length and counted
as errors unless 200. What is left of the generator's own cost stands in the row of the server that does nothing.
"""

import argparse
import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import uvloop

from scripts.measure.bench.figures import percentile

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[int]
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport  # type: ignore[assignment]

    async def send(self, request: bytes) -> int:
        """The status of the answer, when all of it has come."""
        self._answer = asyncio.get_running_loop().create_future()
        self._received.clear()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        """Called by the loop; an answer without Content-Length would never end."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end) if end >= 0 else None
        if length and len(self._received) >= end + 4 + int(length[1]):
            self._answer.set_result(int(self._received[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        if not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server closed the connection"))


async def closed(port: int, request: bytes, clients: int, seconds: float, least: int = 1) -> dict[str, Any]:
    """Each client sends its next request when it has its answer; at least `least` each, however long that takes."""
    connections = [await _connect(port) for _ in range(clients)]
    times: list[float] = []
    statuses: list[int] = []
    began = time.perf_counter()

    async def client(connection: Connection) -> None:
        sent = 0
        while sent < least or time.perf_counter() - began < seconds:
            start = time.perf_counter()
            statuses.append(await connection.send(request))
            times.append(time.perf_counter() - start)
            sent += 1

    await asyncio.gather(*map(client, connections))
    return _summary(times, statuses, time.perf_counter() - began)


async def steady(port: int, request: bytes, clients: int, seconds: float, rate: float) -> dict[str, Any]:
    """Requests at fixed times, whether earlier ones are answered or not; each time counts from when it was due."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(clients):
        free.put_nowait(await _connect(port))
    times: list[float] = []
    statuses: list[int] = []
    began = time.perf_counter()

    async def one(due: float) -> None:
        connection = await free.get()
        statuses.append(await connection.send(request))
        free.put_nowait(connection)
        times.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(one(due))
    return _summary(times, statuses, time.perf_counter() - began)


async def _connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def _summary(times: list[float], statuses: list[int], seconds: float) -> dict[str, Any]:
    answered = sum(status == 200 for status in statuses)
    return {
        "requests": len(times),
        "errors": len(statuses) - answered,
        "seconds": seconds,
        "rate": answered / seconds,
        "p50": percentile(times, 0.5),
        "p95": percentile(times, 0.95),
        "p99": percentile(times, 0.99),
        "max": max(times),
    }


def main() -> None:
    """Prints the summary of one load; times are seconds, rates a second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("request", type=Path, help="a file with the whole request: line, headers, body")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rate", type=float, help="requests a second; without it, as fast as answers come")
    options = parser.parse_args()
    request = options.request.read_bytes()
    port, clients, seconds = options.port, options.clients, options.seconds
    load = (
        steady(port, request, clients, seconds, options.rate)
        if options.rate
        else closed(port, request, clients, seconds)
    )
    print(json.dumps(uvloop.run(load)))


if __name__ == "__main__":
    main()
