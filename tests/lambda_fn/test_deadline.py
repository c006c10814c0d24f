"""Work that can't be finished in time stops: between the steps, and within the long ones."""

from collections.abc import Callable

import numpy as np
import pytest

from lambda_fn.bodies import image_files, images
from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.digits.mnist_form import BATCH, canonical
from lambda_fn.errors import OutOfTime
from lambda_fn.inference.model import CHUNK, Model
from lambda_fn.limits import RESERVED_SECONDS
from scripts.local.workers import Context
from tests.bad_inputs.make_files import png
from tests.conftest import DIGITS


class CountedChecks(Deadline):
    """Is over at its `allowed` + 1st check."""

    def __init__(self, allowed: int) -> None:
        super().__init__(3600)
        self.seen, self.allowed = 0, allowed

    def check(self) -> None:
        self.seen += 1
        if self.seen > self.allowed:
            raise OutOfTime


def test_it_ends_before_lambda_ends_the_invocation() -> None:
    with pytest.raises(OutOfTime):
        Deadline.of_invocation(Context(RESERVED_SECONDS - 0.1)).check()
    Deadline.of_invocation(Context(RESERVED_SECONDS + 3600)).check()
    assert Deadline.of_invocation(Context(3600)).left() < 3600 - RESERVED_SECONDS


def test_without_a_context_there_is_none() -> None:
    assert Deadline.of_invocation(None) is NEVER
    NEVER.check()


def test_a_sockets_timeout_is_the_time_left() -> None:
    assert 3599 < Deadline(3600).timeout() <= 3600
    with pytest.raises(TimeoutError):
        Deadline(-1).timeout()


MIXED = b'{"x":[[[0,9],[1,2]],[[0]],[[0]],[[0]]]}'
LONG: dict[str, Callable[[Deadline], object]] = {
    "an array of its own shape": lambda deadline: images.from_json(MIXED, 10, deadline),
    "an image file": lambda deadline: image_files.decode([png()] * 4, deadline),
    "a batch of canvases": lambda deadline: canonical([np.zeros((30, 30), np.uint8)] * (3 * BATCH + 1), deadline),
    "a chunk of inference": lambda deadline: Model.load(DIGITS).run(
        {"images": np.zeros((3 * CHUNK + 1, 28, 28, 1), np.float32)}, deadline
    ),
}


@pytest.mark.parametrize("work", LONG.values(), ids=LONG)
def test_it_is_checked_before_each(work: Callable[[Deadline], object]) -> None:
    work(CountedChecks(4))
    for allowed in range(4):
        deadline = CountedChecks(allowed)
        with pytest.raises(OutOfTime):
            work(deadline)
        assert deadline.seen == allowed + 1
