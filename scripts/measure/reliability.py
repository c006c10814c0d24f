"""`make reliability`: writes docs/reliability.md from what the tests, `make fuzz COST=1` and `make load` found."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.measure.figures import Objective, objectives_table, table
from scripts.measure.load.results import table_of_phases

ROOT = Path(__file__).resolve().parents[2]
FOUND = ROOT / "build" / "reliability"
PAGE = ROOT / "docs" / "reliability.md"
# The command behind each part.
COMMANDS = {"inputs": "make test", "cost": "make fuzz COST=1", "faults": "make test-faults", "load": "make load"}
GROUPS = {
    "A": "envelope and HTTP",
    "B": "JSON's syntax",
    "C": "the request's members",
    "D": "arrays of pixels",
    "E": "base64",
    "F": "image files",
    "M": "forms",
    "V": "the Open Inference Protocol, gzip",
    "W": "costly requests",
}


def write(found: dict[str, Any]) -> str:
    """The page, as Markdown; `found` has the results of each part that was measured, by its name."""
    parts = [
        "# Reliability",
        "Written by `make reliability` from the results of "
        + ", ".join(f"`{command}`" for command in COMMANDS.values())
        + ". Only an AWS account can show the rest: cold starts and throttling of Lambda itself, API Gateway's own "
        "errors, the loss of a region.",
        "## Bad input",
        *_part("inputs", found, _inputs),
        "## Cost",
        *_part("cost", found, _cost),
        "## Faults",
        *_part("faults", found, _faults),
        "## Load",
        *_part("load", found, _load),
    ]
    return "\n\n".join(parts) + "\n"


def _part(name: str, found: dict[str, Any], write: Callable[[Any], list[str]]) -> list[str]:
    return write(found[name]) if name in found else [f"Not measured yet: run `{COMMANDS[name]}`."]


def _inputs(found: dict[str, Any]) -> list[str]:
    statuses = sorted({status for group in found["groups"].values() for status in group}, key=int)
    rows = [
        [GROUPS.get(name, name), str(sum(group.values())), *(str(group.get(status, "")) for status in statuses)]
        for name, group in found["groups"].items()
    ]
    rows.append(["**all**", str(found["cases"]), *(str(found["statuses"].get(status, "")) for status in statuses)])
    return [
        f"{found['cases']} bad or odd requests, sent to the handler as API Gateway's events; each has one right status "
        "and code. The column 200 counts those that look bad but are good. "
        f"**{found['fives']} of them got a 5xx; {found['changed_answers']} changed the answer to the next request.** "
        f"The slowest took {found['slowest_seconds']:.1f} s, the largest {found['peak_mb']} MB of memory.",
        table(["", "cases", *statuses], rows),
    ]


def _cost(found: dict[str, Any]) -> list[str]:
    rows = [
        [
            row["request"],
            f"{row['body_bytes']:,}",
            str(row["status"]),
            f"{row['seconds']:.2f} s",
            f"{row['megabytes']:.0f} MB",
        ]
        for row in found["worst"]
    ]
    return [
        f"The costliest of {found['tried']:,} requests that a search made, each from one before it, to take more time "
        "or memory; `tests/bad_inputs/costly.py` makes them. Time is the processor's, of one core; memory is beside "
        f"what the process had before. The goal is {found['seconds']:g} s and {found['megabytes']:.0f} MB.",
        table(["request", "bytes of its body", "status", "time", "memory"], rows),
        table(["the machine", ""], [[name, value] for name, value in found["machine"].items()]),
    ]


def _faults(found: list[dict[str, Any]]) -> list[str]:
    rows = [
        [
            row["fault"],
            row["client_sees"],
            "yes" if row["next_right"] else "**no**",
            ", ".join(map(_alarm, row["alarms"])),
        ]
        for row in found
    ]
    survived = sum(row["next_right"] for row in found)
    return [
        f"**{survived} of {len(found)} survived.** Each was caused in the container under the Runtime Interface "
        "Emulator; the client sees the answer of the stand-in for API Gateway. After each fault the golden images had "
        "to get their golden answers. The last column names the alarms that fire if the fault lasts; without one, "
        "nothing fails.",
        table(["fault", "the client sees", "next answer right", "alarm"], rows),
    ]


def _alarm(name: str) -> str:
    return f"[{name}](runbook.md#{name})"


def _load(found: dict[str, Any]) -> list[str]:
    where = f"{found['workers']} workers of `make serve`" if found["workers"] else "a running server"
    rough = "**A trial: its figures are rough.** " if found["quick"] else ""
    return [
        f"{rough}{found['minutes']:.0f} minutes against {where}, on the same machine as the generator. Requests are "
        "sent at fixed times, whether earlier ones are answered or not, and times count from when a request was due. "
        "70 % have one image, 25 % have 16, 5 % have 100, as numbers or PNG. Every answer's digits are compared with "
        "the model's.",
        objectives_table([Objective(**each) for each in found["objectives"]]),
        "![Rate, latency and memory over the run](load.png)",
        table_of_phases(found),
        "Times are of good requests that were answered. A hostile request is one of the bad ones above, and counts as "
        "failed unless it got its exact status. Requests above 100 kB and compressed ones are left out: they keep a "
        "processor busy for up to seconds. On Lambda each has its own processor; here they would measure how few "
        "processors there are.",
        table(["the machine", ""], [[name, value] for name, value in found["machine"].items()]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make reliability", description=__doc__)
    parser.add_argument("--found", type=Path, default=FOUND, help="folder of the results")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args()
    files = {name: options.found / f"{name}.json" for name in COMMANDS}
    found = {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}
    options.page.parent.mkdir(parents=True, exist_ok=True)
    options.page.write_text(write(found))
    missing = "".join(f"; not measured: {name} ({COMMANDS[name]})" for name in COMMANDS if name not in found)
    print(f"written: {options.page}{missing}", file=sys.stderr)


if __name__ == "__main__":
    main()
