"""Counts what requests cost, in a process to which pytest adds neither calls nor memory. Prints JSON to stderr."""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

from lambda_fn.handler import handler
from scripts.measure.bench import payloads

REQUESTS = 1000  # so many that what caches keep counts for little


def calls(work: Callable[[], object]) -> int:
    """Python functions that the work calls."""
    count = 0

    def profile(_frame: Any, what: str, _argument: Any) -> None:
        nonlocal count
        count += what == "call"

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def traced(work: Callable[[], object]) -> tuple[int, int]:
    """Bytes that the work leaves in memory, and that it holds at its peak."""
    tracemalloc.start()
    try:
        work()
        gc.collect()
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


def main() -> None:
    """For each payload: `calls`; `peak`, bytes for each byte of the body; `left`, bytes for each request."""
    found = {}
    for payload in payloads.every():
        event = payload.event()

        def request(event: dict[str, Any] = event) -> None:
            handler(event, None)  # type: ignore[arg-type]

        def many(request: Callable[[], None] = request) -> None:
            for _ in range(REQUESTS if payload.images == 1 else 2):  # noqa: B023
                request()

        many()
        found[payload.name] = {"calls": calls(request), "peak": traced(request)[1] / len(payload.body)}
        if payload.images == 1:
            found[payload.name]["left"] = traced(many)[0] / REQUESTS
    print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main()
