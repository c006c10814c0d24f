"""A run's results in, what they had to show and whether they do out: the page's first table, and its ratios."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from scripts.measure.bench.figures import Spread, number, ratios

TO_FLOOR = {"1 image, ints": 5.0, "100 images, ints": 1.3, "100 images, floats": 1.25, "500 images, floats": 1.25}
BURST_FASTER, INIT_TO_FLOOR, START_FASTER = 30, 2, 8
P99, GROWTH = 0.05, 0.05  # seconds; share of the memory after warming up
KERAS = "fastapi_keras"


@dataclass(frozen=True, slots=True)
class Row:
    """One objective: what was found, in words, and whether it holds (None: it could not be measured)."""

    what: str
    found: str
    objective: str
    held: bool | None


def every(results: dict[str, Any]) -> list[Row]:
    """All objectives, those of the hot path first."""
    return [*_to_floor(results), _burst(results), *_peers(results), *_starts(results), *steady(results)]


def to_floor(results: dict[str, Any], payload: str, floor: str = "floor") -> Spread | None:
    """Ours as a multiple of the floor (or of "strict"), in process; None where the route does not exist."""
    times = results["in_process"]["rows"][payload]
    return ratios(times["ours"], times[floor]) if "ours" in times else None


def init(steps: dict[str, float]) -> float:
    """Seconds from a new interpreter to ready, before the first request."""
    return sum(seconds for step, seconds in steps.items() if step != "first answer")


def faster(results: dict[str, Any]) -> Iterator[tuple[str, str, int, float]]:
    """Peer, payload, clients, and how many times the peer's requests a second ours are."""
    cells = results["http"]["cells"]
    for name, payloads in cells.items():
        for payload, levels in payloads.items() if name not in ("ours", "http") else ():
            for clients, rounds in levels.items():
                mine = cells["ours"][payload][clients]
                times = median(m["rate"] / p["rate"] for m, p in zip(mine, rounds, strict=True))
                yield name, payload, int(clients), times


def _to_floor(results: dict[str, Any]) -> Iterator[Row]:
    for payload, limit in TO_FLOOR.items():
        spread, strict = (to_floor(results, payload, floor) for floor in ("floor", "strict"))
        if spread and strict:
            found = f"{spread.text('×')}; {number(strict.median)}× to the stricter floor"
            yield Row(f"{payload}: event to response, to the floor", found, f"≤ {limit}×", spread.median <= limit)


def _burst(results: dict[str, Any]) -> Row:
    what, objective = "500 predictions as 5 × 100 floats, against FastAPI + Keras", f"≥ {BURST_FASTER}× faster"
    times = results["http"]["burst"]
    if KERAS not in times:
        return Row(what, "FastAPI + Keras did not run", objective, None)
    spread = ratios(times[KERAS], times["ours"])
    return Row(what, f"{spread.text('×')} faster", objective, spread.median >= BURST_FASTER)


def _peers(results: dict[str, Any]) -> Iterator[Row]:
    compared = list(faster(results))
    for name in dict.fromkeys(name for name, *_ in compared):
        rows = [(times, payload, clients) for peer, payload, clients, times in compared if peer == name]
        slower = [row for row in rows if row[0] <= 1]
        times, payload, clients = min(rows)
        found = f"{number(times)}× at the least ({payload}, clients: {clients})"
        if slower:
            found += f"; slower on {len(slower)} of {len(rows)} rows, see [why](#against-the-peers)"
        yield Row(f"every request over HTTP, against {results['titles'][name]}", found, "> 1×", not slower)


def _starts(results: dict[str, Any]) -> Iterator[Row]:
    ours, floor = results["cold"]["ours"], results["cold"]["floor"]
    spread = ratios([init(steps) for steps in ours], [init(steps) for steps in floor])
    what = "init, new interpreter to ready, to numpy + onnxruntime + session"
    yield Row(what, spread.text("×"), f"≤ {INIT_TO_FLOOR}×", spread.median <= INIT_TO_FLOOR)
    what, objective = "new interpreter to first answer, against FastAPI + Keras", f"≥ {START_FASTER}× faster"
    if keras := results["starts"].get(KERAS):
        times = median(keras) / median(sum(steps.values()) for steps in ours)
        served = median(keras) / median(results["starts"]["ours"])
        found = f"{number(times)}× faster; {number(served)}× with the start of `make serve`'s HTTP server in ours too"
        yield Row(what, found, objective, times >= START_FASTER)
    else:
        yield Row(what, "no start of FastAPI + Keras was measured", objective, None)


def steady(results: dict[str, Any]) -> Iterator[Row]:
    """100 requests a second: held only if all of it holds, and for the whole time."""
    for payload, load in results["hold"].items():
        what = f"100 requests a second on {results['machine']['cores']} cores, {payload}"
        objective = f"p99 < {P99 * 1e3:.0f} ms, no error, memory flat, 5 minutes"
        if "missing" in load:
            yield Row(what, load["missing"], objective, None)
            continue
        before, after = load["memory"]
        found = (
            f"p99 {number(load['p99'] * 1e3)} ms, {load['errors']} errors, memory {(after / before - 1):+.1%} "
            f"in {load['seconds'] / 60:.1f} minutes"
        )
        flat = after <= before * (1 + GROWTH)
        long_enough = load["seconds"] > 290
        held = load["p99"] < P99 and not load["errors"] and flat
        yield Row(what, found, objective, held if long_enough or not held else None)
