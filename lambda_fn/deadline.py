"""How long a request may still take. Steps check it, so that the client gets an answer before Lambda ends the call."""

import math
import time
from typing import Any

from lambda_fn.errors import OutOfTime
from lambda_fn.limits import RESERVED_SECONDS


class Deadline:
    """A moment of the monotonic clock, so that a frozen environment's wall clock can't move it."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @classmethod
    def of_invocation(cls, context: Any) -> "Deadline":
        """RESERVED_SECONDS before Lambda ends the invocation; never without a context."""
        if context is None:
            return NEVER
        return cls(context.get_remaining_time_in_millis() / 1e3 - RESERVED_SECONDS)

    def left(self) -> float:
        """Seconds; negative when it is over."""
        return self._end - time.monotonic()

    def check(self) -> None:
        """Raises OutOfTime when it is over."""
        if time.monotonic() > self._end:
            raise OutOfTime

    def timeout(self) -> float:
        """Seconds left, for a socket. Raises TimeoutError when it is over."""
        seconds = self.left()
        if seconds <= 0:
            raise TimeoutError
        return seconds


NEVER = Deadline(math.inf)
