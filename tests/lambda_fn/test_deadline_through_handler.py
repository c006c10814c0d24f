"""A request that can't be finished in time gets our own 503, before Lambda ends the invocation."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambda_fn.errors import OutOfTime
from lambda_fn.handler import handler, routes
from lambda_fn.limits import RESERVED_SECONDS
from scripts.local.workers import Context

ZEROS = [[0] * 28] * 28


def test_it_is_503_with_our_error_body(event: Callable[..., Any]) -> None:
    response = handler(event({"x": ZEROS}), Context(RESERVED_SECONDS - 0.5))  # type: ignore[arg-type]
    assert response["statusCode"] == 503
    assert response["multiValueHeaders"]["Retry-After"] == ["1"]
    body = json.loads(response["body"])
    assert body.keys() == {"error", "code", "request_id"}
    assert body["code"] == "deadline"


def test_the_next_request_gets_its_usual_answer(event: Callable[..., Any]) -> None:
    before = handler(event({"x": ZEROS}), Context(29))  # type: ignore[arg-type]
    handler(event({"x": ZEROS}), Context(0))  # type: ignore[arg-type]
    assert handler(event({"x": ZEROS}), Context(29)) == before  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [{"z": 1}, {"x": []}])
def test_a_bad_request_is_still_refused_as_one(body: object, event: Callable[..., Any]) -> None:
    assert handler(event(body), Context(RESERVED_SECONDS - 0.5))["statusCode"] == 400  # type: ignore[arg-type]


def test_it_counts_as_a_failure_in_the_log(event: Callable[..., Any]) -> None:
    response, log = routes.respond(event({"x": ZEROS}), Context(RESERVED_SECONDS - 0.5))
    assert (response["statusCode"], type(log.error), log.rejection) == (503, OutOfTime, None)


def test_a_second_is_reserved_for_the_answer(event: Callable[..., Any]) -> None:
    assert handler(event({"x": ZEROS}), Context(0.9))["statusCode"] == 503  # type: ignore[arg-type]
    assert handler(event({"x": ZEROS}), Context(1.5))["statusCode"] == 200  # type: ignore[arg-type]
