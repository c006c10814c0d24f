"""The phases of a run, each with its requests at fixed times, whatever the server does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

Kind = Literal["good", "hostile"]
PLAIN, MIXED = "plain", "hostile"


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the run.

    Attributes:
        name: unique in the run.
        group: the name for PHASES=; phases that are compared share one.
        rate: good requests a second, reached at the end if `begin` is given.
        begin: requests a second at the start of a linear rise.
        hostile: bad requests a second beside the good ones.
        users: the most users who wait for their answers, instead of arrivals: rising, steady and falling in thirds.
        over_capacity: whether the server may answer 429.
    """

    name: str
    group: str
    seconds: float
    rate: float = 0
    begin: float | None = None
    hostile: float = 0
    users: int = 0
    over_capacity: bool = False

    def arrivals(self) -> list[tuple[float, Kind]]:
        """When each request is due, in seconds from the phase's start."""
        good: list[tuple[float, Kind]] = [(due, "good") for due in _dues(self.begin, self.rate, self.seconds)]
        bad: list[tuple[float, Kind]] = [(due, "hostile") for due in _dues(None, self.hostile, self.seconds)]
        return sorted(good + bad)

    def users_at(self, offset: float) -> int:
        """How many users there are `offset` seconds after the phase's start."""
        if not 0 <= offset < self.seconds or not self.users:
            return 0
        third = self.seconds / 3
        share = min(offset / third, 1, (self.seconds - offset) / third)
        return max(1, round(self.users * share))


def phases(quick: bool, groups: Sequence[str] = ()) -> list[Phase]:
    """The whole run of about ten minutes, or a trial of one; only the named groups, if there are any.

    Raises:
        ValueError: an unknown group; the message lists the known ones.
    """
    short, pairs, stretch = (0.07, 3, 5) if quick else (1, 6, 15)
    whole = [
        Phase("warm-up", "warm-up", max(3, 30 * short), 100, begin=1),
        Phase("steady", "steady", 300 * short, 100),
        Phase("burst of 300", "bursts", max(3, 10 * short), 300, over_capacity=True),
        Phase("rest", "bursts", 3),
        Phase("burst of 1,000", "bursts", max(2, 5 * short), 1000, over_capacity=True),
        Phase("rest after it", "bursts", 3),
        Phase("step", "step", max(5, 20 * short), 100),
        Phase("1 to 10 users", "users", max(9, 60 * short), users=10),
        *_compared(pairs, stretch),
    ]
    if unknown := set(groups) - {phase.group for phase in whole}:
        known = ", ".join(dict.fromkeys(phase.group for phase in whole))
        raise ValueError(f"no phases called {', '.join(sorted(unknown))}; there are {known}")
    return [phase for phase in whole if not groups or phase.group in groups]


def _compared(pairs: int, seconds: float) -> Iterator[Phase]:
    """The same good requests without and with a tenth of bad ones, in turns."""
    for number in range(1, pairs + 1):
        yield Phase(f"{PLAIN} {number}", "hostile", seconds, 90)
        yield Phase(f"{MIXED} {number}", "hostile", seconds, 90, hostile=10)


def _dues(begin: float | None, rate: float, seconds: float) -> list[float]:
    """Evenly spaced, or increasingly dense from `begin` to `rate` a second."""
    if begin is None or begin == rate:
        return [number / rate for number in range(round(rate * seconds))]
    steeper = (rate - begin) / seconds
    count = round((begin + rate) / 2 * seconds)
    return [(sqrt(begin**2 + 2 * steeper * number) - begin) / steeper for number in range(count)]
