"""A run's results in, its two tables out, as Markdown: for the terminal and for docs/reliability.md alike."""

from typing import Any

from scripts.measure.bench.figures import number, table
from scripts.measure.bench.page import MARKS


def of_objectives(found: dict[str, Any]) -> str:
    """What it had to show, and whether it did."""
    rows = [[row["what"], row["found"], row["objective"], MARKS[row["held"]]] for row in found["objectives"]]
    return table(["", "found", "objective", "held"], rows)


def of_phases(found: dict[str, Any]) -> str:
    """The figures of each phase that sent anything."""
    heads = ["", "requests", "hostile", "right", "429", "failed", "right a second", "p50", "p95", "p99"]
    rows = [
        [
            phase["name"],
            *(f"{phase[key]:,}" for key in ("requests", "hostile", "right", "refused", "failures")),
            f"{phase['rate']:.0f}",
            *("" if phase[key] is None else f"{number(phase[key])} ms" for key in ("p50", "p95", "p99")),
        ]
        for phase in found["phases"]
        if phase["requests"]
    ]
    return table(heads, rows)
