"""`make reliability`: what the tests of bad input, faults and load found in, docs/reliability.md out."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from scripts.measure.bench.figures import table
from scripts.measure.load import tables

ROOT = Path(__file__).resolve().parents[2]
FOUND = ROOT / "build" / "reliability"
PAGE = ROOT / "docs" / "reliability.md"
# What writes each part's figures.
COMMANDS = {"inputs": "make test", "faults": "make test-faults", "load": "make load"}
GROUPS = {
    "A": "envelope and HTTP",
    "B": "JSON's syntax",
    "C": "the request's members",
    "D": "arrays of pixels",
    "E": "base64",
    "F": "picture files",
    "M": "forms",
    "V": "the Open Inference Protocol, gzip",
}


def write(found: dict[str, Any]) -> str:
    """The page, as Markdown; `found` has a part's figures by its name, or None where they were not taken."""
    parts = [
        "# Reliability",
        "Written by `make reliability`, not by hand, from what the suites found: "
        + ", ".join(f"`{command}`" for command in COMMANDS.values())
        + ". Not shown here is what only an AWS account can show: cold starts and throttling of Lambda itself, API "
        "Gateway's own errors, the loss of a region.",
        "## Bad input",
        *_part("inputs", found, _inputs),
        "## Faults",
        *_part("faults", found, _faults),
        "## Load",
        *_part("load", found, _load),
    ]
    return "\n\n".join(parts) + "\n"


def _part(name: str, found: dict[str, Any], tell: Any) -> list[str]:
    part = found.get(name)
    sections: list[str] = tell(part) if part else [f"Not measured yet: `{COMMANDS[name]}` does it."]
    return sections


def _inputs(found: dict[str, Any]) -> list[str]:
    statuses = sorted({status for group in found["groups"].values() for status in group}, key=int)
    rows = [
        [GROUPS.get(name, name), str(sum(group.values())), *(str(group.get(status, "")) for status in statuses)]
        for name, group in found["groups"].items()
    ]
    rows.append(["**all**", str(found["cases"]), *(str(found["statuses"].get(status, "")) for status in statuses)])
    return [
        f"{found['cases']} bad or odd requests, each with the one status and code that is right, sent to the handler "
        "as the events that API Gateway makes of them; the column of 200 has those that look bad and are good. "
        f"**{found['fives']} of them got a 5xx; {found['changed_answers']} changed the answer to the next request.** "
        f"The slowest took {found['slowest_seconds']:.1f} s, the largest {found['peak_mb']} MB of memory.",
        table(["", "cases", *statuses], rows),
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
        f"**{survived} of {len(found)} survived.** Each was done to the container under the Runtime Interface "
        "Emulator, behind the stand-in for API Gateway, whose answer is what the client sees. After it the golden "
        "images had to get the answers that the model gave when it was built. The alarms are those that tell if it "
        "goes on; where there is none, nothing fails.",
        table(["fault", "the client sees", "next answer right", "alarm"], rows),
    ]


def _alarm(name: str) -> str:
    return f"[{name}](runbook.md#{name})"


def _load(found: dict[str, Any]) -> list[str]:
    where = f"{found['workers']} processes of `make serve`" if found["workers"] else "a server that ran already"
    rough = "**This was a trial: its figures are rough.** " if found["quick"] else ""
    return [
        f"{rough}{found['minutes']:.0f} minutes against {where}; the generator shared the machine. Requests are sent "
        "at fixed times, whether earlier ones are answered or not, and a time counts from when its request was due. "
        "70 % have one image, 25 % have 16, 5 % have 100, as numbers or PNG. Every answer's digits are compared with "
        "what the model says of these images.",
        tables.of_objectives(found),
        "![Rate, latency and memory over the run](load.png)",
        tables.of_phases(found),
        "Times are of good requests that were answered. A hostile request is one of the bad ones above that are to be "
        "refused, and counts as failed unless it got exactly its status; left out are those above 100 kB and the "
        "zipped ones, which keep a processor busy for up to seconds: on Lambda that is one of their own, here they "
        "would measure how few there are.",
        table(["the machine", ""], [[name, value] for name, value in found["machine"].items()]),
    ]


def main() -> None:
    """Writes the page from the figures there are."""
    parser = argparse.ArgumentParser(prog="make reliability", description=__doc__)
    parser.add_argument("--found", type=Path, default=FOUND, help="the folder of the figures")
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
