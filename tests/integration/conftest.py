"""The real handler, and the real server around it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from tests.integration.server import running

Answer = tuple[int, dict[str, Any]]

# The same short look each time, for a change must not fail by chance; `make fuzz` looks further, anew each time.
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("short", derandomize=True, max_examples=60, deadline=None, suppress_health_check=SLOW)
settings.register_profile("long", max_examples=1000, deadline=None, suppress_health_check=SLOW, print_blob=True)
settings.load_profile("short")


@pytest.fixture(scope="session")
def call(event: Callable[..., dict[str, Any]]) -> Callable[..., Answer]:
    """Calls the handler with a body, as API Gateway would: status and body of the response."""
    from lambda_fn.handler import handler

    def answer(body: object = None, **members: Any) -> Answer:
        response = handler(event(body, **members), None)  # type: ignore[arg-type]
        return response["statusCode"], json.loads(response["body"])

    return answer


@pytest.fixture(scope="session")
def server() -> Iterator[httpx.Client]:
    """One server for all tests that don't need one of their own."""
    with running() as client:
        yield client
