"""A concurrency comes in; how fast the gateway lets requests through, so that it answers 429 before Lambda throttles.

A throttled Lambda behind a REST API is a 5xx that no gateway response can turn into a 429. A token bucket of `burst`
that fills at `rate` lets burst + rate × seconds requests be under way together, so that sum, over all that is
throttled apart, must stay below the concurrency. API Gateway counts a stage's limits for each method by itself, and a
usage plan's for each key:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from dataclasses import dataclass

# A keyless method gives a page or a line, so its slowest answer is a cold start.
KEYLESS_SECONDS = 0.5
# Of the concurrency, for each keyless method: nobody without a key can shut out those who have one.
KEYLESS_SHARE = 0.02
# An environment takes ten requests a second at most, however short they are.
SHORTEST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Throttle:
    """A token bucket: `rate` requests a second, `burst` at once."""

    rate: float
    burst: int

    def at_once(self, seconds: float) -> float:
        """The most requests under way together, each taking `seconds`."""
        return self.burst + self.rate * seconds


def keyless(concurrency: int) -> Throttle:
    """What each of the keyless methods takes, from everybody together."""
    rate = concurrency * KEYLESS_SHARE
    return Throttle(rate=round(rate, 1), burst=max(1, int(rate)))


# One request a minute; a bucket holds one at least, and fills again before the next.
HEARTBEAT = Throttle(rate=0.1, burst=1)


def heartbeat(seconds: float) -> float:
    """Executions that the heartbeat takes: its requests, and its own function, of the same quota."""
    return HEARTBEAT.at_once(seconds) + 1


def keyed(concurrency: int, keyless_methods: int, seconds: float, clients: int) -> Throttle:
    """What each client's key takes: half of what is left as burst, half as rate; zeros where nothing is left."""
    left = concurrency - keyless_methods * keyless(concurrency).at_once(KEYLESS_SECONDS) - heartbeat(seconds)
    half = max(0.0, left / 2 / clients)
    return Throttle(rate=int(half / max(seconds, SHORTEST_SECONDS)), burst=int(half))
