"""A concurrency in, token buckets out that can't use it up."""

import pytest

from infra_cdk.api.throttle import KEYLESS_SECONDS
from infra_cdk.config import KEYLESS_PATHS, StageConfig


@pytest.mark.parametrize("clients", [1, 3, 10])
@pytest.mark.parametrize("seconds", [0.05, 0.5, 3])
@pytest.mark.parametrize("concurrency", [100, 400, 1000, 33_333])
def test_the_throttle_trips_before_the_concurrency_is_used_up(clients: int, seconds: float, concurrency: int) -> None:
    """All buckets emptied at once and filling at their rates, each request taking as long as it may."""
    names = tuple(f"client-{number}" for number in range(clients))
    config = StageConfig(stage="dev", concurrency=concurrency, request_seconds=seconds, clients=names)
    under_way = clients * (config.keyed.burst + config.keyed.rate * seconds)
    under_way += len(KEYLESS_PATHS) * (config.keyless.burst + config.keyless.rate * KEYLESS_SECONDS)
    assert under_way <= concurrency
    assert under_way > 0.8 * concurrency or seconds < 0.1  # and it is used
    # An environment answers ten requests a second at most.
    assert clients * config.keyed.rate + len(KEYLESS_PATHS) * config.keyless.rate <= 10 * concurrency
