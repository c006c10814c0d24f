"""The digit of a photograph is found among shade, lines and neighbours."""

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from lambda_fn.digits.mnist_form import Canonical, canonical
from lambda_fn.vision import components
from tests.lambda_fn.digits.test_prepare import Grey, large, worst_likeness

Rectangle = tuple[int, int, int, int]
# In an image of 64×64, whose canvas has the same pixels.
STEM: Rectangle = (27, 8, 37, 56)


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


@pytest.mark.parametrize("gap", [6, 14])
@pytest.mark.parametrize("side", [24, 36, 44])
def test_a_line_under_the_digit_and_inside_the_paper_is_left_out(digits: Grey, side: int, gap: int) -> None:
    images = []
    for digit in digits:
        image = np.zeros((120, 120), np.uint8)
        image[20 : 20 + side, 40 : 40 + side] = large(digit, side)
        image[20 + side + gap : 23 + side + gap, 4:116] = 220
        images.append(255 - image)
    assert worst_likeness(canonical(images).tensor, digits) > 0.7


def test_the_bar_of_a_small_seven_is_no_ruled_line(mnist: Any) -> None:
    sevens = mnist[0][:300][mnist[1][:300] == 7]
    cut = [digit[np.ix_((digit > 60).any(axis=1), (digit > 60).any(axis=0))] for digit in sevens]
    small = [np.asarray(Image.fromarray(digit).resize((19, 19), Image.Resampling.BOX)) for digit in cut]
    found = canonical(small)
    assert np.percentile(found.dropped, 90) == 0
    larger = canonical([np.kron(digit, np.ones((3, 3), np.uint8)) for digit in small])
    assert np.percentile(larger.dropped, 90) > 0


def found_in(*rectangles: Rectangle) -> Canonical:
    """What is found in an image of 64×64 with filled rectangles: left, top, right, bottom, without the last two."""
    image = np.zeros((64, 64), np.uint8)
    for left, top, right, bottom in rectangles:
        image[top:bottom, left:right] = 255
    return canonical([image])


@pytest.mark.parametrize(
    ("beside", "kept"),
    [
        ((29, 1, 36, 6), False),  # small, as a dot is
        ((24, 4, 42, 5), False),  # a hair: long, but of little ink
        ((22, 1, 42, 6), True),  # the bar of a 5
    ],
)
def test_specks_and_hairs_beside_a_stroke_are_left_out_and_its_parts_are_not(beside: Rectangle, kept: bool) -> None:
    assert (found_in(STEM, beside).dropped[0] == 0) == kept


@pytest.mark.parametrize(("rows", "unclear"), [(34, False), (36, True)])
def test_more_than_55_of_100_pixels_of_ink_are_unclear(rows: int, unclear: bool) -> None:
    """64 columns by 34 rows are 53 %, by 36 rows 56 %; the paper is what most of the rim is."""
    found = found_in((1, 10, 63, 10 + rows), (0, 11, 64, 9 + rows))
    assert found.unclear[0] == unclear
