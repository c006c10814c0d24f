"""Measures the memory and open files of a process and its children, where Linux's /proc exists."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Sample:
    """At a time (seconds since 1970): resident bytes, with shared pages counted once, and open file descriptors."""

    at: float
    memory: int
    files: int


@contextmanager
def sampled(pid: int | None) -> Iterator[list[Sample]]:
    """A list that grows by a sample a second while the block runs; it stays empty for a pid of None."""
    samples: list[Sample] = []
    ended = threading.Event()

    def watch(pid: int) -> None:
        while not ended.wait(1.0):
            if found := sample(pid):
                samples.append(found)

    if pid is None or not PROC.exists():
        yield samples
        return
    thread = threading.Thread(target=watch, args=(pid,), daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def sample(pid: int) -> Sample | None:
    """The process and all its descendants now; None if it ended."""
    memory = files = 0
    for each in (pid, *descendants(pid)):
        try:
            rollup = (PROC / str(each) / "smaps_rollup").read_text()
            files += len(list((PROC / str(each) / "fd").iterdir()))
        except OSError:
            continue
        memory += sum(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    return Sample(time.time(), memory, files) if memory else None


def descendants(pid: int) -> Iterator[int]:
    for task in PROC.glob(f"{pid}/task/*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            yield child
            yield from descendants(child)
