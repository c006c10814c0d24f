"""The time that is left comes in; work that would not end in it stops, between steps and within the long ones."""

from collections.abc import Callable

import numpy as np
import pytest

from lambda_fn.bodies import image_files, json_arrays
from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.digits.mnist_form import BATCH, canonical
from lambda_fn.errors import OutOfTime
from lambda_fn.inference.model import CHUNK, Model
from lambda_fn.limits import RESERVED_SECONDS
from lambda_fn.settings import Settings
from scripts.local.gateway import Context
from tests.bad_inputs.make_files import png


class Checks(Deadline):
    """Is over at the check of that number."""

    def __init__(self, allowed: int) -> None:
        super().__init__(3600)
        self.seen, self._allowed = 0, allowed

    def check(self) -> None:
        self.seen += 1
        if self.seen > self._allowed:
            raise OutOfTime


def test_it_ends_a_while_before_lambda_does() -> None:
    with pytest.raises(OutOfTime):
        Deadline.of(Context(RESERVED_SECONDS - 0.1)).check()
    Deadline.of(Context(RESERVED_SECONDS + 3600)).check()
    assert Deadline.of(Context(3600)).left() < 3600 - RESERVED_SECONDS


def test_without_a_context_there_is_none() -> None:
    assert Deadline.of(None) is NEVER
    NEVER.check()


MIXED = b'{"x":[[[0,9],[1,2]],[[0]],[[0]],[[0]]]}'
LONG: list[tuple[str, Callable[[Deadline], object]]] = [
    ("an array of its own shape", lambda deadline: json_arrays.pictures(MIXED, 10, deadline)),
    ("a picture file", lambda deadline: image_files.decode([png()] * 4, deadline)),
    ("a batch on canvases", lambda deadline: canonical([np.zeros((30, 30), np.uint8)] * (3 * BATCH + 1), deadline)),
    (
        "a chunk of inference",
        lambda deadline: Model.load(Settings().model_directory).run(
            np.zeros((3 * CHUNK + 1, 28, 28, 1), np.float32), deadline
        ),
    ),
]


@pytest.mark.parametrize("work", [work for _, work in LONG], ids=[name for name, _ in LONG])
def test_it_is_looked_at_before_each(work: Callable[[Deadline], object]) -> None:
    work(Checks(4))
    for allowed in range(4):
        deadline = Checks(allowed)
        with pytest.raises(OutOfTime):
            work(deadline)
        assert deadline.seen == allowed + 1
