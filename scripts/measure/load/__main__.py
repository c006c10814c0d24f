"""`make load`: puts the service under load, says what it held, draws it; exits with 1 where an objective is missed."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from scripts.measure.bench import machine
from scripts.measure.load import objectives, picture, results, tables
from scripts.measure.load.plan import phases
from scripts.measure.load.watch import watching

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "load"
RESULTS = ROOT / "build" / "reliability" / "load.json"
CSV = BUILD / "requests.csv"
PICTURE = ROOT / "docs" / "load.png"
QUIET = 3  # seconds without load before and after, to see files and memory at rest


class LoadFailed(Exception):
    """The server or the generator did not run; the message says why."""


@contextmanager
def server(workers: int, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`make serve`'s process; what it says goes to build/load/server.log, its log lines to build/serve.log."""
    command = [sys.executable, "-m", "scripts.local.serve", "--port", str(port), "--workers", str(workers)]
    with (BUILD / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def version(url: str) -> str:
    """The model version that the server answers with, once it answers at all.

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
    """Runs locust; its report, statistics and log go to build/load/.

    Raises:
        LoadFailed: it did not run to its end.
    """
    seconds = sum(phase.seconds for phase in phases(quick, groups))
    environment = os.environ | {
        "LOAD_QUICK": "1" if quick else "",
        "LOAD_PHASES": " ".join(groups),
        "LOAD_VERSION": model_version,
        "LOAD_CSV": str(CSV),
    }
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary", "--host", url, "--stop-timeout", "10"]
    command += ["--locustfile", str(Path(__file__).with_name("locustfile.py")), "--exit-code-on-error", "0"]
    command += [
        "--html",
        str(BUILD / "report.html"),
        "--csv",
        str(BUILD / "locust"),
        "--logfile",
        str(BUILD / "locust.log"),
    ]
    try:
        with (BUILD / "locust.txt").open("wb") as output:
            subprocess.run(
                command, cwd=ROOT, env=environment, stdout=output, stderr=output, check=True, timeout=seconds + 120
            )
    except subprocess.SubprocessError as error:
        raise LoadFailed(f"locust did not run to its end ({error}); see {BUILD.relative_to(ROOT)}/") from error


def measure(options: argparse.Namespace, pid: int | None, url: str) -> dict[str, Any]:
    """The results of a run, as plain values (JSON)."""
    began, busy = time.time(), machine.load()
    model_version = version(url)
    with watching(pid) as samples:
        time.sleep(QUIET)
        generate(url, model_version, options.quick, options.phases)
        time.sleep(QUIET)
    rows = results.read(CSV)
    plan = phases(options.quick, options.phases)
    found = [results.of_phase(phase, [row for row in rows if row.phase == phase.name]) for phase in plan]
    return {
        "quick": options.quick or bool(options.phases),
        "machine": machine.describe() | {"load before": f"{busy:.2f}"},
        "workers": options.workers if pid else None,
        "minutes": (time.time() - began) / 60,
        "phases": found,
        "hostile": results.of_hostile(found),
        "memory": results.of_memory(rows, samples),
        "samples": [[sample.at, sample.memory, sample.files] for sample in samples],
    }


def judged(found: dict[str, Any]) -> dict[str, Any]:
    """The results with their objectives beside them, and without the samples that only the picture needs."""
    rows = [
        {"what": row.what, "found": row.found, "objective": row.objective, "held": row.held}
        for row in objectives.every(found)
    ]
    return {key: value for key, value in found.items() if key != "samples"} | {"objectives": rows}


def main() -> None:
    """Runs, writes, judges."""
    parser = argparse.ArgumentParser(prog="make load", description=__doc__)
    parser.add_argument("--url", help="of a server that runs already; API_KEY is taken from the environment")
    parser.add_argument("--workers", type=int, default=2, help="of the server that is started")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--phases", nargs="*", default=[], help="only these")
    parser.add_argument("--quick", action="store_true", help="a trial of a minute or two")
    options = parser.parse_args()
    for folder in (BUILD, RESULTS.parent, PICTURE.parent):
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
    picture.draw(found, results.read(CSV), PICTURE)
    found = judged(found)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(f"{tables.of_phases(found)}\n\n{tables.of_objectives(found)}")
    print(f"\n{PICTURE.relative_to(ROOT)} shows it; locust's own report is build/load/report.html", file=sys.stderr)
    if missed := [row["what"] for row in found["objectives"] if row["held"] is False]:
        sys.exit(f"load: missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
