"""Writes what docs/reliability.md says about the bad inputs."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.bad_inputs import CASES

PAGE = Path(__file__).parents[2] / "build" / "reliability" / "inputs.json"


def write(results: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes PAGE; `results` are the lines of bad_input_child.py by case."""
    groups: dict[str, dict[str, int]] = {}
    for group in sorted({case.group for case in CASES}):
        groups[group] = _count(found["status"] for name, found in results.items() if name.startswith(f"{group} "))
    statuses = [found["status"] for found in results.values()]
    page = {
        "cases": len(results),
        "statuses": _count(statuses),
        "groups": groups,
        "fives": sum(status >= 500 for status in statuses),
        "changed_answers": sum(not found["same"] for found in results.values()),
        "slowest_seconds": round(max(found["seconds"] for found in results.values()), 2),
        "peak_mb": round(max(found["peak_mb"] for found in results.values())),
    }
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(json.dumps(page, indent=1) + "\n")


def _count(statuses: Iterable[int]) -> dict[str, int]:
    return {str(status): count for status, count in sorted(Counter(statuses).items())}
