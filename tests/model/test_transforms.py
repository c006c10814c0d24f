"""The transforms of the evaluation sets."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.digits.data import transforms

IMAGES: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (6, 28, 28)).astype(np.uint8)


@pytest.mark.parametrize("name", transforms.TRANSFORMS)
def test_a_set_is_the_same_each_time(name: str) -> None:
    first, second = transforms.make(name, IMAGES), transforms.make(name, IMAGES)
    assert len(first) == len(IMAGES)
    for a, b in zip(first, second, strict=True):
        assert a.dtype == np.uint8
        assert np.array_equal(a, b)


def test_transforms_change_what_their_names_say() -> None:
    assert np.array_equal(transforms.make("inverted", IMAGES)[0], 255 - IMAGES[0])
    assert transforms.make("coloured", IMAGES)[0].shape == (28, 28, 3)
    assert {image.shape[0] for image in transforms.make("scaled", IMAGES)} != {28}
    assert transforms.make("off-centre", IMAGES)[0].sum() == IMAGES[0].sum()
    thin, thick = (np.mean(transforms.make(name, IMAGES)[0]) for name in ("thin", "thick"))
    assert thin < thick
