"""Child process: sends one request to a server from many clients, and prints rates and times as JSON.

Not locust: one process of it sends 2,300 to 5,200 requests a second to the server that answers a constant, this one
4,900 to 18,100, so locust's own cost would make up most of the rows with one image. Connections stay open and requests
are bytes made beforehand; any status but 200 counts as an error.
"""

import asyncio
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from scripts.measure.figures import percentile

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One connection, one request at a time; the answer must have a Content-Length."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._answer: asyncio.Future[int]
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    async def send(self, request: bytes) -> int:
        """The status of the answer, once it has arrived."""
        self._answer = asyncio.get_running_loop().create_future()
        self._received.clear()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        length = _LENGTH.search(self._received, 0, end) if end >= 0 else None
        if length and len(self._received) >= end + 4 + int(length[1]):
            self._answer.set_result(int(self._received[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server closed the connection"))


async def load(port: int, request: bytes, clients: int, seconds: float) -> dict[str, Any]:
    """Each client sends its next request when it has its answer, and at least one."""
    connections = [await _connect(port) for _ in range(clients)]
    times: list[float] = []
    statuses: list[int] = []
    began = time.perf_counter()

    async def client(connection: Connection) -> None:
        sent = 0
        while not sent or time.perf_counter() - began < seconds:
            start = time.perf_counter()
            statuses.append(await connection.send(request))
            times.append(time.perf_counter() - start)
            sent += 1

    await asyncio.gather(*map(client, connections))
    return _summary(times, statuses, time.perf_counter() - began)


async def _connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


def _summary(times: list[float], statuses: list[int], seconds: float) -> dict[str, Any]:
    answered = sum(status == 200 for status in statuses)
    return {
        "errors": len(statuses) - answered,
        "seconds": seconds,
        "rate": answered / seconds,
        "p50": percentile(times, 0.5),
        "p95": percentile(times, 0.95),
        "p99": percentile(times, 0.99),
    }


if __name__ == "__main__":
    port, file, clients, seconds = sys.argv[1:]  # the file holds the whole request: line, headers, body
    print(json.dumps(uvloop.run(load(int(port), Path(file).read_bytes(), int(clients), float(seconds)))))
