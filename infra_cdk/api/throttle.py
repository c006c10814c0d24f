"""Rate limits of the usage plans and the keyless methods, low enough that API Gateway throttles before Lambda does.

A throttled Lambda behind a REST API is a 5xx that no gateway response can turn into a 429, so API Gateway must throttle
first. A token bucket of size `burst` that fills at `rate` allows burst + rate × seconds concurrent requests; the sum
over all buckets must stay below the concurrency. API Gateway applies a stage's limits to each method separately, and a
usage plan's to each key, both on a best-effort basis, as targets and not as ceilings:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from collections.abc import Iterable
from dataclasses import dataclass

# A keyless method returns a page, so its slowest answer is a cold start.
KEYLESS_SECONDS = 0.5
# Share of the concurrency for each keyless method: anonymous requests can't shut out clients.
KEYLESS_SHARE = 0.02
# An environment takes at most ten requests a second, however short they are.
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Throttle:
    """A token bucket: `rate` requests a second, `burst` at once."""

    rate: float
    burst: int

    def concurrent_requests(self, seconds: float) -> float:
        """The most requests running at the same time if each takes `seconds` and the limit is kept."""
        return self.burst + self.rate * seconds


# Route 53 has about 16 checkers around the world. Each asks every 30 seconds, not in step with the others.
HEALTH_CHECKS = Throttle(rate=2, burst=4)
# One request a minute; the bucket is full again before the next one.
HEARTBEAT = Throttle(rate=0.1, burst=1)


def heartbeat_executions(seconds: float) -> float:
    """Executions that the heartbeat needs: its requests, and its own function in the same account quota."""
    return HEARTBEAT.concurrent_requests(seconds) + 1


def keyless(concurrency: int) -> Throttle:
    """Throttle of one keyless method, shared by all callers."""
    rate = concurrency * KEYLESS_SHARE
    return Throttle(rate=round(rate, 1), burst=max(1, int(rate)))


def health_checked(throttle: Throttle) -> Throttle:
    """Throttle of a keyless method that Route 53 calls too. A 429 would count as unhealthy."""
    return Throttle(rate=max(throttle.rate, HEALTH_CHECKS.rate), burst=max(throttle.burst, HEALTH_CHECKS.burst))


def keyed(concurrency: int, keyless: Iterable[Throttle], seconds: float, clients: int) -> Throttle:
    """Throttle of one client's key: the remaining concurrency, half as burst, half as rate; zeros if none is left."""
    keyless_executions = sum(each.concurrent_requests(KEYLESS_SECONDS) for each in keyless)
    remaining = concurrency - keyless_executions - heartbeat_executions(seconds)
    half = max(0.0, remaining / 2 / clients)
    return Throttle(rate=int(half / max(seconds, SHORTEST_SECONDS)), burst=int(half))
