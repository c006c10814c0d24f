"""A storm of cold starts. On Lambda each has a processor of its own; here they share this machine's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.container.conftest import Container, docker
from tests.faults.conftest import Ask, Fault, golden, golden_body

STARTS, AT_ONCE = 100, 25


def test_a_hundred_starts_each_answer_right(
    start: Callable[..., Container], fault: Callable[..., Fault], ask: Ask, event: Callable[..., dict[str, Any]]
) -> None:
    row = fault(f"{STARTS} starts, {AT_ONCE} of them at any time on this machine's processors", "cold-starts")
    container = start(f"--volume={Path(__file__).with_name('starts.py')}:/starts.py:ro", "--network=none")
    sent = json.dumps(event(golden_body())).encode()
    command = ("exec", "-i", container.name, "python", "/starts.py", str(STARTS), str(AT_ONCE))
    answers = json.loads(docker(*command, stdin=sent).stdout)
    assert list(answers.values()) == [STARTS], answers
    (response,) = (json.loads(answer) for answer in answers)
    assert json.loads(response["body"])["y"] == golden()[1].argmax(axis=1).tolist()
    row.client_sees = f"{response['statusCode']}, all {STARTS}"
    row.survived(ask(container))
