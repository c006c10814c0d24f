"""docs/reliability.md shows what was measured, and says what was not."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts.measure import reliability

INPUTS: dict[str, Any] = {
    "cases": 3,
    "statuses": {"200": 1, "400": 2},
    "groups": {"A": {"400": 2}, "F": {"200": 1}},
    "fives": 0,
    "changed_answers": 0,
    "slowest_seconds": 2.25,
    "peak_mb": 430,
}
COST: dict[str, Any] = {"tried": 1200, "seconds": 1.0, "megabytes": 300.0, "machine": {"cores": "2"}}
FAULTS = [
    {"fault": "SIGKILL", "client_sees": "502 `bad_gateway`", "next_right": True, "alarms": ["function-errors"]},
    {"fault": "no network", "client_sees": "200", "next_right": False, "alarms": []},
]


def test_a_part_that_was_not_measured_names_its_command() -> None:
    page = reliability.write({})
    for command in ("make test", "make fuzz COST=1", "make test-faults", "make load"):
        assert f"Not measured yet: run `{command}`." in page


def test_bad_input_is_counted_by_group_and_status() -> None:
    page = reliability.write({"inputs": INPUTS})
    assert "| envelope and HTTP | 2 |  | 2 |" in page
    assert "| **all** | 3 | 1 | 2 |" in page
    assert (
        "**0 of them got a 5xx; 0 changed the answer to the next request.** The slowest took 2.2 s, the largest 430 MB"
        in page
    )


def test_the_costliest_requests_are_shown_with_their_time_and_memory() -> None:
    row = {"request": "count 8192", "body_bytes": 2820, "status": 413, "seconds": 0.514, "megabytes": 61.2}
    page = reliability.write({"cost": COST | {"worst": [row]}})
    assert "The costliest of 1,200 requests" in page
    assert "The goal is 1 s and 300 MB." in page
    assert "| count 8192 | 2,820 | 413 | 0.51 s | 61 MB |" in page


def test_a_fault_that_was_not_survived_is_bold() -> None:
    page = reliability.write({"faults": FAULTS})
    assert "**1 of 2 survived.**" in page
    assert "| SIGKILL | 502 `bad_gateway` | yes | [function-errors](runbook.md#function-errors) |" in page
    assert "| no network | 200 | **no** |  |" in page


def test_the_command_writes_the_parts_that_were_measured(tmp_path: Path) -> None:
    (tmp_path / "inputs.json").write_text(json.dumps(INPUTS))
    page = tmp_path / "docs" / "reliability.md"
    command = [sys.executable, "-m", "scripts.measure.reliability", "--found", str(tmp_path), "--page", str(page)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert page.read_text() == reliability.write({"inputs": INPUTS})
    assert "not measured: cost (make fuzz COST=1); not measured: faults (make test-faults)" in done.stderr
