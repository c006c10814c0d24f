"""Child process: times the handler and the floors on each payload, in rounds in which they take turns.

Standard output receives the handler's log lines and metrics; the result is written to a file.
"""

import base64
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pybase64

from lambda_fn.handler import handler
from scripts.measure.bench import payloads
from scripts.measure.bench.floor import floor, session
from scripts.measure.bench.payloads import Payload

Call = Callable[[], object]


def main(out: str, count: str, seconds: str) -> None:
    """Writes {payload: {"ours", "floor", "strict": [seconds, one a round]}}; `seconds` is the time of one cell."""
    model = session()
    found = {}
    for payload in payloads.every():
        systems = {"ours": _ours(payload)}
        for name, decode in (("floor", base64.b64decode), ("strict", pybase64.b64decode)):
            systems[name] = _floor(floor(payload, model, decode), payload)
        found[payload.name] = rounds(systems, int(count), float(seconds))
    Path(out).write_text(json.dumps(found))


def rounds(systems: dict[str, Call], count: int, seconds: float) -> dict[str, list[float]]:
    """The median seconds of a call in each round."""
    calls = {name: max(3, round(seconds / _once(call))) for name, call in systems.items()}
    times: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(count):
        for name, call in systems.items():
            times[name].append(median(_once(call) for _ in range(calls[name])))
    return times


def _once(call: Call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _ours(payload: Payload) -> Call:
    event = payload.event()
    response: dict[str, Any] = handler(event, None)  # type: ignore[arg-type]
    if response["statusCode"] != 200:
        raise AssertionError(f"{payload.name}: {response['statusCode']} {response['body']}")
    if payload.path == payloads.BATCH:
        _check(json.loads(response["body"])["y"], payload)
    return lambda: handler(event, None)  # type: ignore[arg-type]


def _floor(answer: Callable[[str], Any], payload: Payload) -> Call:
    body = payload.event()["body"]
    _check(answer(body).argmax(axis=1), payload)
    return lambda: answer(body)


def _check(digits: Any, payload: Payload) -> None:
    right = float((np.array(digits) == payload.digits).mean())
    if right < payloads.RIGHT:
        raise AssertionError(f"{payload.name}: only {right:.0%} of the answers are right")


if __name__ == "__main__":
    main(*sys.argv[1:])
