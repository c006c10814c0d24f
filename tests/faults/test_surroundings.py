"""The function's surroundings fail: network, disk, folders, user, the reader of its output, the clock."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.container.conftest import Container, docker
from tests.faults.conftest import TIMEOUT, Ask, Fault

Start = Callable[..., Container]
Begin = Callable[..., Fault]

FROZEN_SECONDS = 8  # longer than a request may take
SURROUNDINGS = {
    "no network": ("--network=none",),
    "a read-only disk": ("--read-only",),
    "a full temporary folder": ("--tmpfs=/tmp:size=1k",),
    "an arbitrary user": ("--user=993:990",),
    "no log driver": ("--log-driver=none",),
    "all of these": ("--network=none", "--read-only", "--tmpfs=/tmp:size=1k", "--user=993:990", "--log-driver=none"),
}
HANDLER = "lambda_fn.handler.handler"
# The function's standard output (not the emulator's) is a pipe of 64 kB. It is nearly full, and nobody reads it until
# /tmp/read exists.
BLOCKED = f"""
mkfifo /tmp/out
exec 3<>/tmp/out
printf '%60000s' '' >/tmp/out
{{ until test -e /tmp/read; do sleep 0.1; done; exec cat /tmp/out; }} &
printf '#!/bin/sh\\nexec /var/runtime/bootstrap >/tmp/out 3<&-\\n' >/tmp/bootstrap
chmod +x /tmp/bootstrap
export _HANDLER={HANDLER}
exec /usr/local/bin/aws-lambda-rie /tmp/bootstrap
"""


@pytest.mark.parametrize("what", SURROUNDINGS)
def test_it_works_without(what: str, start: Start, fault: Begin, ask: Ask) -> None:
    row = fault(what)
    container = start(*SURROUNDINGS[what])
    row.seen(ask(container))
    row.survived(ask(container))


def test_it_works_without_a_home(start: Start, fault: Begin, ask: Ask) -> None:
    row = fault("no HOME")
    container = start("--entrypoint=env", command=f"--unset=HOME /lambda-entrypoint.sh {HANDLER}")
    row.seen(ask(container))
    row.survived(ask(container))


def test_output_that_nobody_reads_does_not_change_later_answers(
    start: Start, fault: Begin, ask: Ask, tmp_path: Path
) -> None:
    row = fault("standard output blocked (on Lambda the platform reads it)", "function-errors")
    script = tmp_path / "blocked.sh"
    script.write_text(BLOCKED)
    options = (f"--volume={script}:/blocked.sh:ro", "--entrypoint=/bin/sh", TIMEOUT)
    container = start(*options, command="/blocked.sh")
    answer = ask(container)
    for _ in range(10):  # until the pipe is full
        if answer.status_code != 200:
            break
        answer = ask(container)
    row.seen(answer)
    assert row.client_sees == "502 `bad_gateway`"
    container.run("touch", "/tmp/read")  # noqa: S108
    row.survived(ask(container))


def test_it_works_after_being_frozen_and_thawed(start: Start, fault: Begin, ask: Ask) -> None:
    row = fault(f"frozen for {FROZEN_SECONDS} s and thawed")
    container = start(TIMEOUT)
    ask(container)
    docker("pause", container.name)
    time.sleep(FROZEN_SECONDS)
    docker("unpause", container.name)
    row.seen(ask(container))
    row.survived(ask(container))
