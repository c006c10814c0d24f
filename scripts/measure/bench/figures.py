"""Timings of several rounds in, a median with its spread out, written for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, and the lowest and highest of them, in the unit of the values."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Raises ValueError without values."""
        return cls(median(values), min(values), max(values))

    def text(self, unit: str, scale: float = 1) -> str:
        """`4.71 ms (4.60–5.02)`; values are multiplied by `scale` first."""
        low, high = number(self.low * scale), number(self.high * scale)
        around = "" if low == high else f" ({low}–{high})"
        return f"{number(self.median * scale)}{unit}{around}"


def ratios(values: Sequence[float], to: Sequence[float]) -> Spread:
    """How many times `to` the values are, round by round: what slowed a whole round cancels out."""
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
    """Cells as Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
