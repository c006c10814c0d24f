"""The function's process dies, hangs, or is out of memory or time while it works on a request."""

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


def files(*pictures: Any) -> dict[str, Any]:
    """A body of PNG files."""
    texts = []
    for picture in pictures:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        texts.append(base64.b64encode(file.getvalue()).decode())
    return {"images": texts}


@pytest.fixture(scope="module")
def much(mnist: Any) -> dict[str, Any]:
    """Half a second and more of work: 6,000 files."""
    return files(*mnist[0][:6000])


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSEGV"])
def test_the_process_dies_at_work(signal: str, much: dict[str, Any], start: Start, fault: Begin, ask: Ask) -> None:
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
    row = fault("out of memory (128 MB, a picture of 16 million pixels)", ALARM, "function-memory")
    container = start("--memory=128m", "--memory-swap=128m")
    ask(container)
    row.seen(ask(container, files(np.zeros((4096, 4096, 4), np.uint8))))
    assert row.client_sees == "502 `bad_gateway`"
    assert "signal: killed" in container.logs()
    row.survived(ask(container))


def test_a_process_that_hangs_is_ended_in_time(start: Start, fault: Begin, ask: Ask) -> None:
    row = fault("the process hangs", ALARM, "function-duration")
    container = start(TIMEOUT)
    ask(container)
    signal_runtime(container, "SIGSTOP")
    row.seen(ask(container))
    assert row.client_sees == "502 `bad_gateway`"
    row.survived(ask(container))


def test_a_request_that_takes_too_long_is_told_so_before_it_is_ended(
    mnist: Any, start: Start, fault: Begin, ask: Ask
) -> None:
    """The limit is 3 s here, of which one is kept for the answer; 6,000 pictures to be scaled down take more."""
    row = fault("a request longer than the timeout", "function-duration")
    container = start("--env=AWS_LAMBDA_FUNCTION_TIMEOUT=3", "--cpus=1")
    ask(container)
    row.seen(ask(container, files(*(np.kron(image, np.ones((3, 3), np.uint8)) for image in mnist[0][:6000]))))
    assert row.client_sees == "503 `deadline`"
    row.survived(ask(container))
