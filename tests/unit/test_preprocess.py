"""Pictures in, the model's tensor and warnings out."""

import numpy as np
import pytest

from lambda_fn.preprocess import prepare

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5, 28, 28), (5, 28, 28, 1)])
def test_pictures_in_the_models_form_pass_bit_for_bit(shape: tuple[int, ...]) -> None:
    pictures = RANDOM.random(shape, np.float32)
    prepared = prepare(pictures)
    assert np.array_equal(prepared.tensor.ravel(), pictures.ravel())
    assert prepared.tensor.shape == (5, 28, 28, 1)
    assert prepared.warnings == [[], [], [], [], []]


def test_colour_becomes_grey_and_says_so() -> None:
    prepared = prepare(np.full((1, 28, 28, 3), 0.5, np.float32))
    assert prepared.warnings == [["colour"]]
    assert np.allclose(prepared.tensor, 0.5)


def test_transparent_is_white() -> None:
    picture = np.zeros((1, 28, 28, 4), np.float32)
    assert np.allclose(prepare(picture).tensor, 1)


def test_another_size_is_scaled_and_says_so() -> None:
    prepared = prepare(np.full((1, 56, 56), 0.25, np.float32))
    assert prepared.warnings == [["resized"]]
    assert prepared.tensor.shape == (1, 28, 28, 1)
    assert np.allclose(prepared.tensor, 0.25)


def test_a_picture_is_prepared_alike_in_any_company() -> None:
    plain, colour, large = (RANDOM.random(shape, np.float32) for shape in ((28, 28), (32, 32, 3), (56, 56)))
    together = prepare([plain, colour, large])
    assert together.warnings == [[], ["colour", "resized"], ["resized"]]
    for index, picture in enumerate((plain, colour, large)):
        assert np.array_equal(prepare(picture[np.newaxis]).tensor[0], together.tensor[index])
