"""The throttle keeps the concurrent requests below the concurrency."""

import pytest

from infra_cdk.api.throttle import KEYLESS_SECONDS
from infra_cdk.config import StageConfig


@pytest.mark.parametrize("clients", [1, 3, 10])
@pytest.mark.parametrize("seconds", [0.05, 0.5, 3])
@pytest.mark.parametrize("concurrency", [100, 400, 1000, 33_333])
def test_all_clients_together_use_most_of_the_concurrency_but_not_more(
    clients: int, seconds: float, concurrency: int
) -> None:
    """If every bucket is used up at once and refills, and each request is as slow as allowed."""
    names = tuple(f"client-{number}" for number in range(clients))
    config = StageConfig(stage="dev", concurrency=concurrency, request_seconds=seconds, clients=names)
    concurrent = clients * (config.keyed.burst + config.keyed.rate * seconds)
    keyless = config.keyless.values()
    concurrent += sum(each.burst + each.rate * KEYLESS_SECONDS for each in keyless)
    assert concurrent <= concurrency
    assert concurrent > 0.8 * concurrency or seconds < 0.1
    # An environment answers at most ten requests a second.
    assert clients * config.keyed.rate + sum(each.rate for each in keyless) <= 10 * concurrency


def test_clients_that_send_only_the_costliest_requests_meet_the_gateways_limit_first() -> None:
    """One of them takes about a second: docs/reliability.md, Cost."""
    config = StageConfig(stage="prod", alarm_email="ops@example.com")
    concurrent = len(config.clients) * (config.keyed.burst + config.keyed.rate * 1.0)
    assert config.request_seconds == 1.0
    assert concurrent <= config.concurrency
