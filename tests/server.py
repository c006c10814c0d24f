"""Starts and ends `make serve`'s process for a test."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    """A port that nobody else gets meanwhile: those that the system hands out to clients begin above it."""
    while True:
        port = 10_000 + secrets.randbelow(20_000)
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port


@contextmanager
def running(**environment: str) -> Iterator[httpx.Client]:
    """`make serve`'s process on a free port; `base` and `workers` are its options, the rest its environment."""
    base, workers = environment.pop("base", ""), environment.pop("workers", "2")
    port = free_port()
    command = [sys.executable, "-m", "scripts.local.serve", "--port", str(port), "--workers", workers, "--base", base]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stderr=subprocess.PIPE, text=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}{base}", timeout=30) as client:
            wait_until_ready(client, process)
            yield client
    finally:
        process.terminate()
        process.wait(20)
        if process.stderr:
            process.stderr.close()


def wait_until_ready(client: httpx.Client, process: "subprocess.Popen[str]", seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            client.get("/health").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise TimeoutError("the server did not come up")
