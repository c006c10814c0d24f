"""Summarises a run by phase, hostile requests and memory."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scripts.measure.figures import number, percentile, ratios, table
from scripts.measure.load.plan import MIXED, PLAIN, Phase
from scripts.measure.processes import Sample

# The first share of the steady phase, left out of the slope of memory because caches and pools fill.
SETTLING = 0.2
HOSTILE, STEADY = "hostile", "steady"


@dataclass(frozen=True, slots=True)
class Row:
    """One request: when it was sent (seconds since 1970), its phase and kind, its milliseconds, status and fault."""

    at: float
    phase: str
    kind: str
    milliseconds: float
    status: int
    fault: str


def read(path: Path) -> list[Row]:
    """Reads the CSV that locustfile.py writes."""
    with path.open(newline="") as file:
        return [_row(line) for line in csv.DictReader(file)]


def of_phase(phase: Phase, rows: Sequence[Row]) -> dict[str, Any]:
    """One phase's figures from its own rows; times are milliseconds of good requests that were answered."""
    right = [row.milliseconds for row in rows if row.status == 200 and not row.fault and row.kind != HOSTILE]
    refused = [row.milliseconds for row in rows if row.status == 429 and not row.fault and row.kind != HOSTILE]
    return {
        "name": phase.name,
        "group": phase.group,
        "seconds": phase.seconds,
        "over_capacity": phase.over_capacity,
        "requests": len(rows),
        "hostile": sum(row.kind == HOSTILE for row in rows),
        "right": len(right),
        "refused": len(refused),
        "failures": sum(bool(row.fault) for row in rows),
        "faults": dict(Counter(row.fault for row in rows if row.fault).most_common(5)),
        "fives": sum(row.status >= 500 for row in rows),
        # The number of requests is not fixed where users wait for their answers.
        "lost": 0 if phase.users else len(phase.arrivals()) - len(rows),
        "rate": len(right) / phase.seconds,
        **{f"p{share}": percentile(right, share / 100) if right else None for share in (50, 95, 99)},
        "refused_p99": percentile(refused, 0.99) if refused else None,
    }


def of_hostile(found: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """p99 of good requests among bad ones, to p99 without them, pair by pair; None without pairs."""
    plain, mixed = (
        [phase["p99"] for phase in found if phase["group"] == HOSTILE and phase["name"].startswith(name)]
        for name in (PLAIN, MIXED)
    )
    if not plain or None in plain + mixed:
        return None
    spread = ratios(mixed, plain)
    return {"ratio": spread.median, "low": spread.low, "high": spread.high, "pairs": len(plain)}


def slope(samples: Sequence[Sample]) -> float | None:
    """Growth of memory in megabytes an hour, by least squares; None for less than ten samples."""
    if len(samples) < 10:
        return None
    hours = (np.array([sample.at for sample in samples]) - samples[0].at) / 3600
    return float(np.polyfit(hours, [sample.memory / 1e6 for sample in samples], 1)[0])


def of_memory(rows: Sequence[Row], samples: Sequence[Sample]) -> dict[str, Any] | None:
    """Memory and open files before and after, and the slope in the steady phase; None without samples."""
    if not samples:
        return None
    times = [row.at for row in rows if row.phase == STEADY]
    began, ended = (min(times), max(times)) if times else (0.0, 0.0)
    settled = began + SETTLING * (ended - began)
    return {
        "before": samples[0].memory,
        "after": samples[-1].memory,
        "files_before": samples[0].files,
        "files_after": samples[-1].files,
        "slope": slope([sample for sample in samples if settled <= sample.at <= ended]),
    }


def table_of_phases(found: dict[str, Any]) -> str:
    """Markdown: a row for each phase that sent anything."""
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


def _row(line: dict[str, str]) -> Row:
    phase, _, kind = line["name"].partition("|")
    status, fault = int(line["status_code"]), line["exception"]
    return Row(float(line["timestamp"]), phase, kind, float(line["response_time_ms"]), status, fault)
