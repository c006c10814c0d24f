"""The function's process dies, hangs, or runs out of memory or time during a request."""

import base64
import io
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.container.conftest import Container
from tests.faults.conftest import RUNTIME, TIMEOUT, Ask, Fault, signal_runtime

Start = Callable[..., Container]
Begin = Callable[..., Fault]

ALARM = "function-errors"


def files(*images: Any) -> dict[str, Any]:
    """A body of PNG files."""
    texts = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        texts.append(base64.b64encode(file.getvalue()).decode())
    return {"images": texts}


@pytest.fixture(scope="module")
def much(mnist: Any) -> dict[str, Any]:
    """At least half a second of work: 6,000 files."""
    return files(*mnist[0][:6000])


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSEGV"])
def test_the_process_dies_during_a_request(
    signal: str, much: dict[str, Any], start: Start, fault: Begin, ask: Ask
) -> None:
    row = fault(f"{signal} in mid-request", ALARM)
    container = start()
    ask(container)
    command = ["docker", "exec", "-i", container.name, "python", "-", "busy", signal]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killer:
        assert killer.stdin
        assert killer.stdout
        killer.stdin.write(RUNTIME.encode())
        killer.stdin.close()
        assert killer.stdout.readline() == b"ready\n"
        row.seen(ask(container, much))
        assert killer.wait(10) == 0
    assert row.client_sees == "502 `bad_gateway`"
    row.survived(ask(container))


def test_out_of_memory(start: Start, fault: Begin, ask: Ask) -> None:
    row = fault("out of memory (128 MB, an image of 16 million pixels)", ALARM, "function-memory")
    container = start("--memory=128m", "--memory-swap=128m")
    ask(container)
    row.seen(ask(container, files(np.zeros((4096, 4096, 4), np.uint8))))
    assert row.client_sees == "502 `bad_gateway`"
    assert "signal: killed" in container.logs()
    row.survived(ask(container))


def test_a_process_that_hangs_is_ended_after_the_timeout(start: Start, fault: Begin, ask: Ask) -> None:
    row = fault("the process hangs", ALARM, "function-duration")
    container = start(TIMEOUT)
    ask(container)
    signal_runtime(container, "SIGSTOP")
    row.seen(ask(container))
    assert row.client_sees == "502 `bad_gateway`"
    row.survived(ask(container))


def test_a_request_that_takes_too_long_is_503_before_lambda_ends_it(
    mnist: Any, start: Start, fault: Begin, ask: Ask
) -> None:
    """The timeout is 3 s, of which one is reserved for the answer. A quarter of a processor needs more than two."""
    row = fault("a request longer than the timeout", "function-duration")
    container = start("--env=AWS_LAMBDA_FUNCTION_TIMEOUT=3", "--cpus=0.25")
    ask(container)
    row.seen(ask(container, files(*mnist[0][:8000])))
    assert row.client_sees == "503 `deadline`"
    row.survived(ask(container))
