"""`make load`: puts the service under load, and exits with 1 if it misses an objective."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from scripts.measure import machine, processes
from scripts.measure.figures import objectives_table
from scripts.measure.load import chart, objectives, results
from scripts.measure.load.plan import phases

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "load"
RESULTS = ROOT / "build" / "reliability" / "load.json"
CSV = BUILD / "requests.csv"
CHART = ROOT / "docs" / "load.png"
IDLE_SECONDS = 3  # before and after the load, to sample files and memory at rest


class LoadFailed(Exception):
    """The server or the generator did not run; the message says why."""


@contextmanager
def server(workers: int, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`make serve`'s process; its messages are in build/load/server.log, the function's log in build/serve.log."""
    command = [sys.executable, "-m", "scripts.local.serve", "--port", str(port), "--workers", str(workers)]
    with (BUILD / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def served_version(url: str) -> str:
    """The server's default model version, once it answers.

    Raises:
        LoadFailed: it does not within a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            health = httpx.get(f"{url}/health", timeout=5).raise_for_status().json()
        except httpx.HTTPError:
            time.sleep(0.2)
            continue
        return str(next(model["version"] for model in health["models"] if model["default"]))
    raise LoadFailed(f"nothing answers on {url}")


def generate(url: str, model_version: str, quick: bool, groups: list[str]) -> None:
    """Runs locust; its report, statistics and log are written to build/load/.

    Raises:
        LoadFailed: it did not finish.
    """
    seconds = sum(phase.seconds for phase in phases(quick, groups))
    environment = os.environ | {
        "LOAD_QUICK": "1" if quick else "",
        "LOAD_PHASES": " ".join(groups),
        "LOAD_VERSION": model_version,
        "LOAD_CSV": str(CSV),
    }
    locustfile = Path(__file__).with_name("locustfile.py")
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary", "--host", url, "--stop-timeout=10"]
    command += ["--exit-code-on-error=0", f"--locustfile={locustfile}", f"--html={BUILD / 'report.html'}"]
    command += [f"--csv={BUILD / 'locust'}", f"--logfile={BUILD / 'locust.log'}"]
    try:
        with (BUILD / "locust.txt").open("wb") as output:
            subprocess.run(
                command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=True, timeout=seconds + 120
            )
    except subprocess.SubprocessError as error:
        raise LoadFailed(f"locust did not finish ({error}); see {BUILD.relative_to(ROOT)}/") from error


def measure(options: argparse.Namespace, pid: int | None, url: str) -> dict[str, Any]:
    """The results of a run, as plain values (JSON)."""
    began, load = time.time(), machine.load()
    model_version = served_version(url)
    with processes.sampled(pid) as samples:
        time.sleep(IDLE_SECONDS)
        generate(url, model_version, options.quick, options.phases)
        time.sleep(IDLE_SECONDS)
    rows = results.read(CSV)
    plan = phases(options.quick, options.phases)
    found = [results.of_phase(phase, [row for row in rows if row.phase == phase.name]) for phase in plan]
    summary = {
        "quick": options.quick or bool(options.phases),
        "machine": machine.describe() | {"load before": f"{load:.2f}"},
        "workers": options.workers if pid else None,
        "minutes": (time.time() - began) / 60,
        "phases": found,
        "hostile": results.of_hostile(found),
        "memory": results.of_memory(rows, samples),
    }
    chart.draw(summary, rows, samples, CHART)
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--url", help="of a running server; API_KEY is read from the environment")
    parser.add_argument("--workers", type=int, default=2, help="of the server that is started")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--phases", nargs="*", default=[], help="only these")
    parser.add_argument("--quick", action="store_true", help="a trial of a minute or two")
    options = parser.parse_args()
    for folder in (BUILD, RESULTS.parent, CHART.parent):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        phases(options.quick, options.phases)
        if options.url:
            found = measure(options, None, options.url.rstrip("/"))
        else:
            with server(options.workers, options.port) as process:
                found = measure(options, process.pid, f"http://127.0.0.1:{options.port}")
    except (LoadFailed, ValueError) as error:
        sys.exit(f"load: {error}")
    judged = list(objectives.every(found))
    RESULTS.write_text(json.dumps(found | {"objectives": [asdict(each) for each in judged]}, indent=1) + "\n")
    print(f"{results.table_of_phases(found)}\n\n{objectives_table(judged)}")
    print(f"\nchart: {CHART.relative_to(ROOT)}; locust's own report: build/load/report.html", file=sys.stderr)
    if missed := [each.what for each in judged if each.held is False]:
        sys.exit(f"load: missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
