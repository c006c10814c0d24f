"""The digit of a photograph is found among shade, lines and neighbours."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lambda_fn.digits.mnist_form import canonical
from lambda_fn.vision import components
from tests.lambda_fn.digits.test_prepare import Grey, large, worst_likeness


@pytest.fixture(scope="module")
def digits(mnist: Any) -> Grey:
    found: Grey = mnist[0][:200]
    return found


def test_shade_does_not_matter(digits: Grey) -> None:
    light = np.linspace(0.45, 1, 120)[:, np.newaxis] * np.linspace(0.8, 1, 120)
    shaded = [((255 - 0.8 * large(digit)) * light).astype(np.uint8) for digit in digits]
    assert worst_likeness(canonical(shaded).tensor, digits) > 0.7


def test_a_ruled_line_and_a_neighbour_are_left_out(digits: Grey) -> None:
    images = []
    for digit, other in zip(digits, np.roll(digits, 1, axis=0), strict=True):
        image = np.pad(digit[3:25, 3:25], ((2, 10), (12, 12)))
        image[2:24, :6] = np.maximum(image[2:24, :6], other[3:25, 18:24])
        image[31:33] = 200
        images.append(255 - image)
    found = canonical(images)
    assert worst_likeness(found.tensor, digits) > 0.7
    assert np.percentile(found.dropped, 5) > 0.05


def pieces(*strokes: tuple[int, int, int, int]) -> int:
    """How many pieces of ink are left of strokes (x, y to x, y) in an image of 64×64."""
    image = Image.new("L", (64, 64))
    for stroke in strokes:
        ImageDraw.Draw(image).line(stroke, fill=255, width=4)
    found = canonical([np.asarray(image)]).tensor
    return len(components.find(found > 0.5).area)


def test_a_slanted_neighbour_is_left_out_and_a_broken_digit_is_kept_whole() -> None:
    """Both are within the width of the main stroke, but the neighbour is farther from it than the parts of a digit."""
    stem = (40, 8, 24, 56)
    assert pieces(stem, (52, 12, 36, 56)) == 1
    assert pieces(stem, (32, 12, 20, 36)) == 2
