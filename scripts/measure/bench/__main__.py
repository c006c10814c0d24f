"""`make bench`: measures everything in one run and writes docs/benchmark.md and docs/benchmark.png."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from scripts.measure import machine
from scripts.measure.bench import payloads, start
from scripts.measure.bench.over_http import compare, peer_environments, systems
from scripts.measure.bench.over_http.server import LOGS
from scripts.measure.bench.report import chart, page
from scripts.operate import base_image


def measure(quick: bool, rounds: int, image: str, base_image: str) -> dict[str, Any]:
    """All results, as plain values (JSON)."""
    began, load = time.time(), machine.load()
    seconds, levels = (0.2, (1, 8)) if quick else (1.5, compare.LEVELS)
    ready, missing = peer_environments.set_up()
    sent = {payload.name: payload for payload in payloads.every()}
    over_http = [sent[name] for name in (("1 image, ints", "100 images, floats") if quick else sent)]
    measured = [systems.ours(), systems.constant_answer(), *ready]
    many = rounds * 3  # for what is quick to measure
    results: dict[str, Any] = {
        "machine": machine.describe(),
        "load_before": load,
        "quick": quick,
        "rounds": rounds,
        "titles": {system.name: system.title for system in measured},
        "peers": {peer.title: peer_environments.versions(peer) for peer in ready},
        "in_process": _in_process(many, seconds / 6),
        "cold": start.here(many),
        "imports": start.heaviest_imports(),
        "container": start.in_container(image, min(rounds, 5)),
        "image": start.image_sizes(image, base_image),
        "http": compare.compare(measured, over_http, levels, rounds, seconds),
        "starts": compare.starts([systems.ours(), *ready], over_http[0], rounds, missing),
    }
    results["http"]["missing"] |= missing
    return results | {"minutes": (time.time() - began) / 60}


def _in_process(rounds: int, seconds: float) -> dict[str, Any]:
    out, log = LOGS / "in_process.json", LOGS / "in_process.log"
    command = [sys.executable, "-m", "scripts.measure.bench.in_process", str(out), str(rounds), str(seconds)]
    print("bench: in process ...", file=sys.stderr, flush=True)
    systems.run_pinned(command, log)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, help="in which the systems take turns")
    parser.add_argument("--quick", action="store_true", help="a trial of a minute or two, with rough figures")
    parser.add_argument("--image", default="postal-digits:latest")
    parser.add_argument("--base-image", default=base_image.read(base_image.DOCKERFILE.read_text()).name)
    parser.add_argument("--docs", type=Path, default=systems.ROOT / "docs", help="folder of the page and its chart")
    options = parser.parse_args()
    for folder in (LOGS, options.docs):
        folder.mkdir(parents=True, exist_ok=True)
    rounds = options.rounds or (1 if options.quick else 5)
    results = measure(options.quick, rounds, options.image, options.base_image)
    (LOGS / "results.json").write_text(json.dumps(results, indent=1))
    chart.draw(results, options.docs / "benchmark.png")
    (options.docs / "benchmark.md").write_text(page.write(results))
    print(f"written: {options.docs / 'benchmark.md'} and benchmark.png", file=sys.stderr)


if __name__ == "__main__":
    main()
