"""Pictures in, tensor and warnings out: each warning is proved by a picture that earns it and one that doesn't."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from lambda_fn.digits.prepare import is_mnist_like, prepare
from lambda_fn.vision import components

Grey = NDArray[np.uint8]
RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits(mnist: tuple[Grey, Grey]) -> Grey:
    return mnist[0][:60]


def floats(pictures: Grey) -> NDArray[np.float32]:
    return (pictures / np.float32(255)).astype(np.float32)


def large(digit: Grey, side: int = 120) -> Grey:
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def painted(digit: Grey, paper: tuple[int, ...], ink: tuple[int, ...]) -> Grey:
    amount = digit[..., np.newaxis] / 255
    return (np.array(paper) * (1 - amount) + np.array(ink) * amount).round().astype(np.uint8)


def codes(picture: Grey) -> set[str]:
    return set(prepare([picture]).warnings[0])


def likeness(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Correlation of two pictures of one size."""
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("form", [floats, lambda x: floats(x)[..., np.newaxis], list, lambda x: list(floats(x))])
def test_mnist_passes_bit_for_bit(digits: Grey, form: Callable[[Grey], Any]) -> None:
    prepared = prepare(form(digits))
    assert np.array_equal(prepared.tensor[..., 0], floats(digits))
    assert prepared.tensor.dtype == np.float32
    assert prepared.warnings == [[]] * len(digits)


def test_all_of_mnist_is_mnist_like(mnist: tuple[Grey, Grey]) -> None:
    assert is_mnist_like(floats(mnist[0])).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda digit: 255 - digit,
        lambda digit: np.roll(digit, 3, axis=1),
        lambda digit: np.pad(digit[::2, ::2], 7),
        lambda digit: digit // 4,
        np.zeros_like,
    ],
)
def test_what_is_changed_is_not_mnist_like(digits: Grey, change: Callable[[Grey], Grey]) -> None:
    assert not is_mnist_like(floats(np.stack([change(digit) for digit in digits]))).any()


TRANSFORMS: list[Callable[[Grey], Grey]] = [
    lambda digit: 255 - digit,
    lambda digit: painted(digit, (250, 240, 200), (20, 30, 120)),
    lambda digit: painted(digit, (120, 40, 40), (40, 120, 40)),  # of about the same grey
    large,
    lambda digit: 255 - large(digit, 400),
    lambda digit: np.pad(digit, ((3, 60), (50, 9))),
    lambda digit: 255 - np.pad(large(digit, 60), ((90, 10), (5, 80))),
    lambda digit: painted(np.pad(digit, 20), (90, 90, 90), (140, 140, 140)),
]


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_a_transformed_digit_comes_back(digits: Grey, transform: Callable[[Grey], Grey]) -> None:
    found = prepare([transform(digit) for digit in digits]).tensor[..., 0]
    alike = [likeness(result, digit) for result, digit in zip(found, floats(digits), strict=True)]
    assert np.median(alike) > 0.9


def test_shade_does_not_matter(digits: Grey) -> None:
    light = np.linspace(0.45, 1, 120)[:, np.newaxis] * np.linspace(0.8, 1, 120)
    shaded = [((255 - 0.8 * large(digit)) * light).astype(np.uint8) for digit in digits]
    alike = [likeness(a, b) for a, b in zip(prepare(shaded).tensor[..., 0], floats(digits), strict=True)]
    assert np.median(alike) > 0.9


def test_a_ruled_line_and_a_neighbour_are_left_out(digits: Grey) -> None:
    """Both are gone from the result, and the answer says that something was left out."""
    scenes = []
    for digit, other in zip(digits, np.roll(digits, 1, axis=0), strict=True):
        scene = np.pad(digit[3:25, 3:25], ((2, 10), (12, 12)))
        scene[2:24, :6] = np.maximum(scene[2:24, :6], other[3:25, 18:24])
        scene[31:33] = 200
        scenes.append(255 - scene)
    prepared = prepare(scenes)
    alike = [likeness(a, b) for a, b in zip(prepared.tensor[..., 0], floats(digits), strict=True)]
    assert np.median(alike) > 0.8
    assert np.mean(["cluttered" in codes for codes in prepared.warnings]) > 0.9


def pieces(*strokes: tuple[int, int, int, int]) -> int:
    """How many pieces of ink are left of strokes (x, y to x, y) in a picture of 64×64."""
    image = Image.new("L", (64, 64))
    for stroke in strokes:
        ImageDraw.Draw(image).line(stroke, fill=255, width=4)
    (tensor,) = prepare([np.asarray(image)]).tensor[..., 0]
    return len(components.find(tensor[np.newaxis] > 0.5).area)


def test_a_slanted_neighbour_is_left_out_and_a_broken_digit_is_not() -> None:
    """Both reach into the width of the main stroke; the neighbour is further from it than a pen jumps."""
    stem = (40, 8, 24, 56)
    assert pieces(stem, (52, 12, 36, 56)) == 1
    assert pieces(stem, (32, 12, 20, 36)) == 2


@pytest.mark.parametrize("level", [0, 130, 255])
@pytest.mark.parametrize("shape", [(28, 28), (100, 60), (40, 40, 3)])
def test_blank_is_blank(level: int, shape: tuple[int, ...]) -> None:
    noisy = np.clip(level + RANDOM.normal(0, 1.5, shape), 0, 255).astype(np.uint8)
    for picture in (np.full(shape, level, np.uint8), noisy):
        prepared = prepare([picture])
        assert "blank" in prepared.warnings[0]
        assert not prepared.tensor.any()


def test_a_faint_digit_is_not_blank(digits: Grey) -> None:
    assert codes(painted(large(digits[0]), (200, 200, 200), (160, 160, 160))) >= {"low_contrast"}
    assert "blank" not in codes(painted(large(digits[0]), (200, 200, 200), (160, 160, 160)))


def test_inverted(digits: Grey) -> None:
    assert "inverted" in codes(255 - digits[0])
    assert "inverted" not in codes(np.pad(digits[0], 9))


def test_colour(digits: Grey) -> None:
    assert "colour" in codes(painted(digits[0], (255, 240, 200), (0, 0, 120)))
    assert "colour" not in codes(painted(digits[0], (250, 250, 250), (9, 9, 9)))


def test_resized(digits: Grey) -> None:
    assert "resized" in codes(large(digits[0]))
    assert "resized" in codes(255 - np.pad(digits[0][::2, ::2], 7))
    assert "resized" not in codes(255 - digits[0])


def test_recentred(digits: Grey) -> None:
    assert "recentred" in codes(np.pad(digits[0], ((0, 20), (0, 20))))
    assert "recentred" not in codes(np.pad(digits[0], 10))


def test_low_contrast(digits: Grey) -> None:
    assert "low_contrast" in codes(painted(digits[0], (120, 120, 120), (160, 160, 160)))
    assert "low_contrast" not in codes(painted(digits[0], (60, 60, 60), (160, 160, 160)))


def test_unclear() -> None:
    assert "unclear" in codes(RANDOM.integers(0, 256, (64, 64), np.uint8))


def test_transparent_is_white(digits: Grey) -> None:
    """Black ink whose alpha is the stroke: as dark on white."""
    rgba = np.zeros((120, 120, 4), np.uint8)
    rgba[..., 3] = large(digits[0])
    (found,) = prepare([floats(rgba)]).tensor
    assert likeness(found, floats(digits[0])) > 0.9


def test_a_picture_is_prepared_alike_in_any_company(digits: Grey) -> None:
    scenes = [TRANSFORMS[i % len(TRANSFORMS)](digit) for i, digit in enumerate(digits[:24])]
    together = prepare([*scenes, digits[0]])
    for index, scene in enumerate(scenes):
        alone = prepare([scene])
        assert np.array_equal(alone.tensor[0], together.tensor[index])
        assert alone.warnings[0] == together.warnings[index]


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 1, 3), (5, 7), (1500, 20)])
def test_any_shape_gets_an_answer(shape: tuple[int, ...]) -> None:
    prepared = prepare([RANDOM.integers(0, 256, shape, np.uint8)])
    assert prepared.tensor.shape == (1, 28, 28, 1)
    assert np.isfinite(prepared.tensor).all()
    assert prepared.tensor.min() >= 0
    assert prepared.tensor.max() <= 1
