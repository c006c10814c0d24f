"""Judges the results of a run by the benchmark's objectives."""

from collections.abc import Iterator
from statistics import median
from typing import Any

from scripts.measure.figures import Objective, Spread, number, ratios

TO_FLOOR = {"1 image, ints": 5.0, "100 images, ints": 1.3, "100 images, floats": 1.25, "500 images, floats": 1.25}
BURST_FASTER, INIT_TO_FLOOR, START_FASTER = 30, 2, 8
KERAS = "fastapi_keras"


def every(results: dict[str, Any]) -> list[Objective]:
    """The hot path's objectives first."""
    return [*_to_floor(results), _burst(results), *_peers(results), *_starts(results)]


def to_floor(results: dict[str, Any], payload: str, floor: str = "floor") -> Spread:
    """Our time in process as a multiple of the floor's, or of the "strict" one's."""
    times = results["in_process"][payload]
    return ratios(times["ours"], times[floor])


def init(steps: dict[str, float]) -> float:
    """Seconds from a new interpreter to ready, before the first request."""
    return sum(seconds for step, seconds in steps.items() if step != "first answer")


def faster(results: dict[str, Any]) -> Iterator[tuple[str, str, int, float]]:
    """Peer, payload, clients, and our requests a second as a multiple of the peer's."""
    cells = results["http"]["cells"]
    for name, payloads in cells.items():
        for payload, levels in payloads.items() if name not in ("ours", "http") else ():
            for clients, rounds in levels.items():
                mine = cells["ours"][payload][clients]
                times = median(m["rate"] / p["rate"] for m, p in zip(mine, rounds, strict=True))
                yield name, payload, int(clients), times


def _to_floor(results: dict[str, Any]) -> Iterator[Objective]:
    for payload, limit in TO_FLOOR.items():
        spread, strict = (to_floor(results, payload, floor) for floor in ("floor", "strict"))
        found = f"{spread.text('×')}; {number(strict.median)}× to the stricter floor"
        yield Objective(f"{payload}: event to response, to the floor", found, f"≤ {limit}×", spread.median <= limit)


def _burst(results: dict[str, Any]) -> Objective:
    what, objective = "500 predictions as 5 × 100 floats, against FastAPI + Keras", f"≥ {BURST_FASTER}× faster"
    times = results["http"]["burst"]
    if KERAS not in times:
        return Objective(what, "FastAPI + Keras did not run", objective, None)
    spread = ratios(times[KERAS], times["ours"])
    return Objective(what, f"{spread.text('×')} faster", objective, spread.median >= BURST_FASTER)


def _peers(results: dict[str, Any]) -> Iterator[Objective]:
    compared = list(faster(results))
    for name in dict.fromkeys(name for name, *_ in compared):
        rows = [(times, payload, clients) for peer, payload, clients, times in compared if peer == name]
        slower = [row for row in rows if row[0] <= 1]
        times, payload, clients = min(rows)
        found = f"{number(times)}× at the least ({payload}, clients: {clients})"
        if slower:
            found += f"; slower on {len(slower)} of {len(rows)} rows, see [why](#against-the-peers)"
        yield Objective(f"every request over HTTP, against {results['titles'][name]}", found, "> 1×", not slower)


def _starts(results: dict[str, Any]) -> Iterator[Objective]:
    ours, floor = results["cold"]["ours"], results["cold"]["floor"]
    spread = ratios([init(steps) for steps in ours], [init(steps) for steps in floor])
    what = "init, new interpreter to ready, to numpy + onnxruntime + session"
    yield Objective(what, spread.text("×"), f"≤ {INIT_TO_FLOOR}×", spread.median <= INIT_TO_FLOOR)
    what, objective = "new interpreter to first answer, against FastAPI + Keras", f"≥ {START_FASTER}× faster"
    if keras := results["starts"].get(KERAS):
        times = median(keras) / median(sum(steps.values()) for steps in ours)
        served = median(keras) / median(results["starts"]["ours"])
        found = f"{number(times)}× faster; {number(served)}× with the start of `make serve`'s HTTP server in ours too"
        yield Objective(what, found, objective, times >= START_FASTER)
    else:
        yield Objective(what, "no start of FastAPI + Keras was measured", objective, None)
