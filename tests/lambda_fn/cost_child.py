"""A child process, where pytest adds neither calls nor memory: what requests cost, in counts, as JSON on stderr."""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

from lambda_fn.handler import handler
from scripts.measure.bench import payloads

REQUESTS = 1000  # among so many, what caches keep once counts for little


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
    """Bytes that the work leaves behind, and that it holds at its peak, beyond what was there."""
    tracemalloc.start()
    try:
        work()
        gc.collect()
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


def main() -> None:
    """For each payload that the service answers: `calls`, `peak` (a byte of the body) and `left` (bytes a request)."""
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
