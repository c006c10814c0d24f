"""Every bad input that Lambda lets through, on the real container with Lambda's memory and a stage's time limit."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from lambda_fn.limits import BODY_BYTES
from tests.bad_inputs import CASES, GOOD, Case
from tests.container.conftest import Container
from tests.container.test_emulator import LOCKED_DOWN

GROUPS = sorted({case.group for case in CASES})


@pytest.fixture
def container(start: Callable[..., Container]) -> Container:
    return start(*LOCKED_DOWN, "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=15")


@pytest.mark.parametrize("group", GROUPS)
def test_each_has_its_answer_and_changes_no_later_one(group: str, container: Container) -> None:
    events = {case: case.event() for case in CASES if case.group == group}
    sent = {case: event for case, event in events.items() if len(json.dumps(event)) <= BODY_BYTES}
    good = Case("good", "", 200, "", make=lambda: GOOD).event()
    first, *answers = container.invoke_each([good, *(each for event in sent.values() for each in (event, good))])
    found = [(case.name, *_status(answer)) for case, answer in zip(sent, answers[::2], strict=True)]
    assert found == [(case.name, case.status, case.code) for case in sent]
    assert all(answer == first for answer in answers[1::2])


def _status(answer: dict[str, Any]) -> tuple[int, str]:
    """An error of Lambda's own (a time-out, a crash) has no status."""
    return answer.get("statusCode", 0), json.loads(answer.get("body", "{}")).get("code", "")


def test_what_takes_longer_than_lambda_waits_is_answered_before(start: Callable[..., Container]) -> None:
    """Many pictures that have to be brought into form, in three seconds; and the environment lives on."""
    container = start(*LOCKED_DOWN, "--env=AWS_LAMBDA_FUNCTION_TIMEOUT=3")
    good = Case("good", "", 200, "", make=lambda: GOOD).event()
    slow = Case("slow", "", 503, "deadline", make=lambda: b'{"x":[%s[[0]]]}' % (b"[[0,9],[1,2]]," * 8000)).event()
    answers = container.invoke_each([good, slow, good])
    assert _status(answers[1]) == (503, "deadline")
    assert answers[0] == answers[2]
