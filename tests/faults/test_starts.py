"""Many cold starts at once. On Lambda each has a processor of its own; here they share this machine's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.container.conftest import Container, docker
from tests.faults.conftest import GOLDEN, Ask, Fault

STARTS, AT_ONCE = 100, 25


def test_each_of_a_hundred_starts_gives_the_right_answers(
    start: Callable[..., Container], fault: Callable[..., Fault], ask: Ask, event: Callable[..., dict[str, Any]]
) -> None:
    row = fault(f"{STARTS} starts, {AT_ONCE} of them at any time on this machine's processors", "cold-starts")
    container = start(f"--volume={Path(__file__).with_name('starts.py')}:/starts.py:ro", "--network=none")
    sent = json.dumps(event(GOLDEN.body, path=GOLDEN.path, queryStringParameters=GOLDEN.query)).encode()
    command = ("exec", "-i", container.name, "python", "/starts.py", str(STARTS), str(AT_ONCE))
    answers = json.loads(docker(*command, stdin=sent).stdout)
    assert list(answers.values()) == [STARTS], answers
    (response,) = (json.loads(answer) for answer in answers)
    assert GOLDEN.mismatches(json.loads(response["body"])) == {}
    row.client_sees = f"{response['statusCode']}, all {STARTS}"
    row.survived(ask(container))
