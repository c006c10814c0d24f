"""`make bench`: measures everything in one run and writes docs/benchmark.md and docs/benchmark.png."""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.measure.bench import cold, environments, machine, over_http, page, payloads, picture, systems
from scripts.measure.bench.server import LOGS, NotServing

RESULTS = LOGS / "results.json"
DOCS = systems.ROOT / "docs"
# What 100 a second of are held, and for how much of the time: floats are more work than two slow cores can do.
HELD = {"1 image, ints": 1.0, "100 images, ints": 1.0, "100 images, floats": 0.2}


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: rounds, seconds of a load and of the steady load; clients; which payloads (None: all)."""

    rounds: int
    seconds: float
    hold: float
    levels: tuple[int, ...]
    payloads: tuple[str, ...] | None
    quick: bool


def plan(quick: bool, rounds: int | None) -> Plan:
    """The whole, or a trial of a minute or two whose figures are rough."""
    if quick:
        return Plan(rounds or 1, 0.2, 5, (1, 8), ("1 image, ints", "100 images, floats"), True)
    return Plan(rounds or 5, 1.5, 300, over_http.LEVELS, None, False)


def measure(chosen: Plan, image: str, base_image: str) -> dict[str, Any]:
    """All results, as plain values (JSON)."""
    began, load = time.time(), machine.load()
    ready, missing = environments.set_up()
    sent = {payload.name: payload for payload in payloads.every()}
    measured = [systems.ours(), systems.nothing(), *ready]
    many = chosen.rounds * 3  # of what takes little time
    in_process = _child("scripts.measure.bench.in_process", many, chosen.seconds / 6)
    names = [name for name in chosen.payloads or sent if name not in in_process["absent"]]
    over = [sent[name] for name in names]
    results: dict[str, Any] = {
        "machine": machine.describe(),
        "load_before": load,
        "quick": chosen.quick,
        "rounds": chosen.rounds,
        "titles": {system.name: system.title for system in measured},
        "peers": {peer.title: environments.versions(peer) for peer in ready},
        "in_process": in_process,
        "cold": cold.here(many),
        "imports": cold.heaviest_imports(),
        "container": cold.in_container(image, min(chosen.rounds, 5)),
        "image": cold.image_sizes(image, base_image),
        "http": over_http.compare(measured, over, chosen.levels, chosen.rounds, chosen.seconds),
        "starts": over_http.starts([systems.ours(), *ready], over[0], chosen.rounds, missing),
        "hold": {name: _hold(sent[name], chosen.hold * share) for name, share in HELD.items()},
        "int8": _child("scripts.measure.bench.quantise", chosen.rounds, chosen.seconds / 3),
    }
    results["http"]["missing"] |= missing
    results["minutes"] = (time.time() - began) / 60
    return results


def _child(module: str, rounds: int, seconds: float) -> dict[str, Any]:
    """A measuring child's result; its log lines go to a file, as CloudWatch would take them."""
    out, log = (LOGS / f"{module.rpartition('.')[2]}.{ending}" for ending in ("json", "log"))
    command = [sys.executable, "-m", module, str(out), "--rounds", str(rounds), "--seconds", str(seconds)]
    print(f"bench: {module} ...", file=sys.stderr, flush=True)
    systems.run_pinned(command, log)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def _hold(payload: payloads.Payload, seconds: float) -> dict[str, Any]:
    print(f"bench: 100 requests a second for {seconds:g} s: {payload.name} ...", file=sys.stderr, flush=True)
    try:
        return over_http.hold(payload, 100, seconds)
    except NotServing as error:
        return {"missing": str(error)}


def main() -> None:
    """Measures, unless told to write the page of the last run anew."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, help="in which the systems take turns")
    parser.add_argument("--quick", action="store_true", help="a trial of a minute or two")
    parser.add_argument("--image", default="postal-digits:latest")
    parser.add_argument("--base-image", default="public.ecr.aws/lambda/python:3.13")
    parser.add_argument("--again", action="store_true", help="writes the page of the last run, without measuring")
    parser.add_argument("--docs", type=Path, default=DOCS, help="where the page and the picture go")
    options = parser.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)
    if not options.again:
        results = measure(plan(options.quick, options.rounds), options.image, options.base_image)
        RESULTS.write_text(json.dumps(results, indent=1))
    results = json.loads(RESULTS.read_text())
    options.docs.mkdir(exist_ok=True)
    picture.draw(results, options.docs / "benchmark.png")
    (options.docs / "benchmark.md").write_text(page.write(results))
    print(f"written: {options.docs / 'benchmark.md'} and benchmark.png", file=sys.stderr)


if __name__ == "__main__":
    main()
