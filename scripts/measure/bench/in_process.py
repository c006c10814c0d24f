"""A child process: payloads in, seconds a call of the handler and of the floors out, in rounds that take turns.

Its standard output gets the handler's own log lines and metrics; the result goes to the file named first.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pybase64

from lambda_fn.handler import handler
from scripts.measure.bench import payloads
from scripts.measure.bench.floor import floor, session, standard_library
from scripts.measure.bench.payloads import Payload

Call = Callable[[], object]


def main() -> None:
    """Measures and writes `{"rows": {payload: {system: [seconds, one a round]}}, "absent": {payload: reason}}`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.25, help="of one system on one payload in one round")
    parser.add_argument("--only", help="the name of the one payload to measure")
    options = parser.parse_args()
    model = session()
    rows: dict[str, dict[str, list[float]]] = {}
    absent: dict[str, str] = {}
    for payload in payloads.every():
        if options.only and payload.name != options.only:
            continue
        if reason := missing(payload):
            absent[payload.name] = reason
        systems = {} if reason else {"ours": _ours(payload)}
        for name, decode in (("floor", standard_library), ("strict", pybase64.b64decode)):
            systems[name] = _floor(floor(payload, model, decode), payload)
        rows[payload.name] = rounds(systems, options.rounds, options.seconds)
    options.out.write_text(json.dumps({"rows": rows, "absent": absent}))


def missing(payload: Payload) -> str:
    """Why the service can't be measured with this payload, or "" if it answers it rightly."""
    response: dict[str, Any] = handler(payload.event(), None)  # type: ignore[arg-type]
    if response["statusCode"] != 200:
        return f"route not there yet (it answers {response['statusCode']})"
    if payload.path == payloads.BATCH:
        _check(json.loads(response["body"])["y"], payload)
    return ""


def rounds(systems: dict[str, Call], count: int, seconds: float) -> dict[str, list[float]]:
    """The median seconds of a call in each round; in a round, the systems take turns."""
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
    return lambda: handler(event, None)  # type: ignore[arg-type]


def _floor(answer: Callable[[str], Any], payload: Payload) -> Call:
    body = payload.event()["body"]
    _check(answer(body).argmax(axis=1), payload)
    return lambda: answer(body)


def _check(digits: Any, payload: Payload) -> None:
    """A benchmark of wrong answers would mean nothing."""
    right = float((np.array(digits) == payload.digits).mean())
    if right < payloads.RIGHT:
        raise AssertionError(f"{payload.name}: only {right:.0%} of the answers are right")


if __name__ == "__main__":
    main()
