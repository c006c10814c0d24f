"""Summarises timings, and writes them as text and Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

BLUE, GREY, ORANGE, RED = "#1f5fa8", "#b9c0c8", "#e9a23b", "#c0392b"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, lowest and highest value of several rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))

    def text(self, unit: str, scale: float = 1) -> str:
        """`4.71 ms (4.60–5.02)`, each value multiplied by `scale`."""
        low, high = number(self.low * scale), number(self.high * scale)
        around = "" if low == high else f" ({low}–{high})"
        return f"{number(self.median * scale)}{unit}{around}"


def ratios(values: Sequence[float], to: Sequence[float]) -> Spread:
    """The ratio within each round, so that whatever slows a whole round cancels out."""
    return Spread.of([value / base for value, base in zip(values, to, strict=True)])


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0:
        return "0"
    digits = 3 - len(str(int(abs(value)))) if abs(value) >= 1 else 3 if abs(value) < 0.1 else 2
    return f"{value:,.{max(0, digits)}f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective: the figure found, in words, and whether it holds (None if it was not measured in full)."""

    what: str
    found: str
    objective: str
    held: bool | None


def objectives_table(objectives: Sequence[Objective]) -> str:
    """Markdown."""
    marks = {True: "yes", False: "**no**", None: "not measured in full"}
    rows = [[each.what, each.found, each.objective, marks[each.held]] for each in objectives]
    return table(["", "found", "objective", "held"], rows)
