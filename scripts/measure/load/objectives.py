"""All objectives of the load, and whether a run meets them."""

from collections.abc import Iterator
from typing import Any

from scripts.measure.figures import Objective, number

# The rule of three: this many requests without a failure show 99.99 % with 95 % confidence.
ENOUGH = 30_000
STEADY = {"p50": 50, "p95": 150, "p99": 300}  # milliseconds from when a request is due
REFUSED = 500  # milliseconds from when a request is sent, p99 of the answers 429
HOSTILE = 1.2  # p99 of good requests among hostile ones, to p99 without them
SLOPE = 20  # MB an hour, all of the server's processes


def every(results: dict[str, Any]) -> list[Objective]:
    """The objectives of the phases that ran."""
    phases = {phase["name"]: phase for phase in results["phases"]}
    return [*_lost(results), *_steady(results, phases), *_over(phases), *_hostile(results), *_memory(results)]


def _lost(results: dict[str, Any]) -> Iterator[Objective]:
    phases = results["phases"]
    total = sum(phase["requests"] for phase in phases)
    for what, key in (
        ("requests that got no answer", "lost"),
        ("wrong answers and errors (429 above capacity is not one)", "failures"),
        ("answers 5xx", "fives"),
    ):
        count = sum(phase[key] for phase in phases)
        yield Objective(what, f"{count:,} of {total:,}", "0", not count)


def _steady(results: dict[str, Any], phases: dict[str, Any]) -> Iterator[Objective]:
    if steady := phases.get("steady"):
        whole = None if results["quick"] else steady["requests"] >= ENOUGH
        yield Objective("requests in the steady phase", f"{steady['requests']:,}", f"≥ {ENOUGH:,}", whole)
    for name in ("steady", "step"):
        if phase := phases.get(name):
            found = ", ".join(f"{share} {_ms(phase[share])}" for share in STEADY)
            limits = ", ".join(f"{share} ≤ {limit} ms" for share, limit in STEADY.items())
            held = all(phase[share] is not None and phase[share] <= limit for share, limit in STEADY.items())
            yield Objective(f"100 requests a second, {name}", found, limits, held)


def _over(phases: dict[str, Any]) -> Iterator[Objective]:
    for phase in phases.values():
        if phase["over_capacity"]:
            found = f"{phase['right']:,} answered, {phase['refused']:,} refused"
            if phase["refused"]:
                found += f" within {_ms(phase['refused_p99'])} (p99)"
            held = not phase["refused"] or phase["refused_p99"] <= REFUSED
            yield Objective(phase["name"], found, f"429 with Retry-After, p99 ≤ {REFUSED} ms", held)


def _hostile(results: dict[str, Any]) -> Iterator[Objective]:
    if found := results["hostile"]:
        text = f"{number(found['ratio'])}× ({number(found['low'])}–{number(found['high'])})"
        held = found["ratio"] <= HOSTILE
        what = "p99 of good requests while a tenth is hostile, to p99 without"
        yield Objective(what, text, f"≤ {HOSTILE}×", None if results["quick"] and not held else held)


def _memory(results: dict[str, Any]) -> Iterator[Objective]:
    if memory := results["memory"]:
        grown = memory["slope"]
        if grown is not None:
            held = None if results["quick"] else grown <= SLOPE
            yield Objective("memory of all processes, steady phase", f"{grown:+.1f} MB/h", f"≤ {SLOPE} MB/h", held)
        before, after = memory["files_before"], memory["files_after"]
        yield Objective("open files, before and after", f"{before} and {after}", "no more", after <= before)


def _ms(value: float | None) -> str:
    return "none" if value is None else f"{number(value)} ms"
