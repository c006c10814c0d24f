"""The time that Lambda leaves to a request: looked at between steps and within the long ones.

Lambda ends a function that runs too long without a word to the client; so it is we who stop, a little earlier.
"""

import math
import time
from typing import Any

from lambda_fn.errors import OutOfTime
from lambda_fn.limits import RESERVED_SECONDS


class Deadline:
    """A moment of the monotonic clock, which a frozen environment's wall clock can't move."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @classmethod
    def of(cls, context: Any) -> "Deadline":
        """A while before Lambda would end the invocation; without a context there is none."""
        if context is None:
            return NEVER
        return cls(context.get_remaining_time_in_millis() / 1e3 - RESERVED_SECONDS)

    def left(self) -> float:
        """Seconds; below 0 when it is over."""
        return self._end - time.monotonic()

    def check(self) -> None:
        """Raises OutOfTime when it is over."""
        if time.monotonic() > self._end:
            raise OutOfTime


NEVER = Deadline(math.inf)
