"""Every bad input that fits Lambda's limit, on the real container with Lambda's memory and a stage's timeout."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambda_fn.limits import BODY_BYTES
from tests.bad_inputs import CASES, GOOD, Case
from tests.bad_inputs.costly import Recipe
from tests.container.conftest import Container
from tests.container.test_emulator import LOCKED_DOWN

GROUPS = sorted({case.group for case in CASES})


@pytest.fixture
def container(start: Callable[..., Container]) -> Container:
    return start(*LOCKED_DOWN, "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=15")


@pytest.mark.parametrize("group", GROUPS)
def test_each_bad_input_gets_its_own_answer_and_does_not_change_the_next(group: str, container: Container) -> None:
    events = {case: case.event() for case in CASES if case.group == group}
    sent = {case: event for case, event in events.items() if len(json.dumps(event)) <= BODY_BYTES}
    good = Case("good", "", 200, "", make=lambda: GOOD).event()
    first, *answers = container.invoke_each([good, *(each for event in sent.values() for each in (event, good))])
    found = [(case.name, *_status(answer)) for case, answer in zip(sent, answers[::2], strict=True)]
    assert found == [(case.name, case.status, case.code) for case in sent]
    assert all(answer == first for answer in answers[1::2])


def _status(answer: dict[str, Any]) -> tuple[int, str]:
    """Status and code. An error of Lambda's own (a timeout, a crash) has no status: 0."""
    return answer.get("statusCode", 0), json.loads(answer.get("body", "{}")).get("code", "")


def test_a_request_that_takes_too_long_is_503_before_lambda_ends_it(start: Callable[..., Container]) -> None:
    """Many images on a quarter of a processor, in three seconds. The environment survives."""
    container = start(*LOCKED_DOWN, "--cpus=0.25", "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=3")
    good = Case("good", "", 200, "", make=lambda: GOOD).event()
    slow = Recipe(carrier="form", count=8192, pattern="seven").case().event()
    answers = container.invoke_each([good, slow, good])
    assert _status(answers[1]) == (503, "deadline")
    assert answers[0]["statusCode"] == 200
    assert answers[0] == answers[2]
