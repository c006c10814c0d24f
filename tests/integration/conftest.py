"""The real handler, and the real server around it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.integration.server import running

Answer = tuple[int, dict[str, Any]]


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
