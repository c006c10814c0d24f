"""Images are brought into MNIST's form. Each warning has an image that earns it and one that does not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lambda_fn.bodies.images import Images
from lambda_fn.digits import prepare as module
from lambda_fn.digits.prepare import is_mnist_like
from lambda_fn.errors import TooLarge
from lambda_fn.limits import SEARCHES
from lambda_fn.task import Prepared
from tests.conftest import CONTRACT

Grey = NDArray[np.uint8]
RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def digits(mnist: tuple[Grey, Grey]) -> Grey:
    return mnist[0][:200]


def prepare(images: Images) -> Prepared:
    return module.prepare(images, CONTRACT)


def tensor(images: Images) -> NDArray[np.float32]:
    """What the network gets, n×28×28."""
    found: NDArray[np.float32] = prepare(images).tensors["images"]
    assert found.shape == (len(images), 28, 28, 1)
    return found[..., 0]


def floats(images: Grey) -> NDArray[np.float32]:
    return (images / np.float32(255)).astype(np.float32)


def large(digit: Grey, side: int = 120) -> Grey:
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def painted(digit: Grey, paper: tuple[int, ...], ink: tuple[int, ...]) -> Grey:
    amount = digit[..., np.newaxis] / 255
    return (np.array(paper) * (1 - amount) + np.array(ink) * amount).round().astype(np.uint8)


def codes(image: Grey) -> set[str]:
    return set(prepare([image]).warnings[0])


def worst_likeness(found: NDArray[np.float32], originals: Grey) -> float:
    """The 5th percentile of the correlation between digits and their originals; moved by a pixel it is about 0.75."""
    pairs = zip(found, floats(originals), strict=True)
    return float(np.percentile([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs], 5))


FORMS: list[Callable[[Grey], Any]] = [
    floats,
    lambda images: floats(images)[..., np.newaxis],
    list,
    lambda images: list(floats(images)),
]


@pytest.mark.parametrize("form", FORMS)
def test_mnist_passes_bit_for_bit(digits: Grey, form: Callable[[Grey], Any]) -> None:
    prepared = prepare(form(digits))
    assert np.array_equal(prepared.tensors["images"][..., 0], floats(digits))
    assert prepared.tensors["images"].dtype == np.float32
    assert prepared.warnings == [[]] * len(digits)
    assert prepared.rows.tolist() == list(range(len(digits)))


def test_all_of_mnist_is_mnist_like(mnist: tuple[Grey, Grey]) -> None:
    assert is_mnist_like(floats(mnist[0])).all()


CHANGES: list[Callable[[Grey], Grey]] = [
    lambda digit: 255 - digit,
    lambda digit: np.roll(digit, 3, axis=1),
    lambda digit: np.pad(digit[::2, ::2], 7),
    lambda digit: digit // 4,
    np.zeros_like,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_digit_is_not_mnist_like(digits: Grey, change: Callable[[Grey], Grey]) -> None:
    assert not is_mnist_like(floats(np.stack([change(digit) for digit in digits]))).any()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("change", CHANGES)
def test_the_images_stay_as_they_are(digits: Grey, change: Callable[[Grey], Grey], form: Callable[[Grey], Any]) -> None:
    images = form(np.stack([digits[0], *(change(digit) for digit in digits[:20])]))
    before = [image.copy() for image in images]
    prepare(images)
    assert all(np.array_equal(image, copied) for image, copied in zip(images, before, strict=True))


# With the least likeness to the original, of all but the worst twentieth.
TRANSFORMS: list[tuple[Callable[[Grey], Grey], float]] = [
    (lambda digit: 255 - digit, 0.999),
    (lambda digit: painted(digit, (250, 240, 200), (20, 30, 120)), 0.999),
    (lambda digit: painted(digit, (120, 40, 40), (40, 120, 40)), 0.999),  # of about the same grey
    (large, 0.75),
    (lambda digit: 255 - large(digit, 400), 0.75),
    (lambda digit: np.pad(digit, ((3, 60), (50, 9))), 0.7),
    (lambda digit: 255 - np.pad(large(digit, 60), ((90, 10), (5, 80))), 0.7),
    (lambda digit: painted(np.pad(digit, 20), (90, 90, 90), (140, 140, 140)), 0.7),
]


@pytest.mark.parametrize(("transform", "least"), TRANSFORMS)
def test_a_transformed_digit_is_brought_back(digits: Grey, transform: Callable[[Grey], Grey], least: float) -> None:
    assert worst_likeness(tensor([transform(digit) for digit in digits]), digits) > least


@pytest.mark.parametrize("level", [0, 130, 255])
@pytest.mark.parametrize("shape", [(28, 28), (100, 60), (40, 40, 3)])
def test_a_blank_image_is_blank(level: int, shape: tuple[int, ...]) -> None:
    noisy = np.clip(level + RANDOM.normal(0, 1.5, shape), 0, 255).astype(np.uint8)
    for image in (np.full(shape, level, np.uint8), noisy):
        assert "blank" in codes(image)
        assert not tensor([image]).any()


def test_a_faint_digit_is_not_blank(digits: Grey) -> None:
    found = codes(painted(large(digits[0]), (200, 200, 200), (160, 160, 160)))
    assert "low_contrast" in found
    assert "blank" not in found


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


def blocks(*rectangles: tuple[int, int, int, int]) -> set[str]:
    """The warnings of an image of 64×64 with filled rectangles: left, top, right, bottom, the last two not included."""
    image = np.zeros((64, 64), np.uint8)
    for left, top, right, bottom in rectangles:
        image[top:bottom, left:right] = 255
    return codes(image)


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_tenth_of_the_image_is_off_centre(by: int, axis: int) -> None:
    for pixels, expected in ((6, False), (7, True)):  # 6.4 pixels are a tenth
        place = [12, 12]
        place[axis] += by * pixels
        x, y = place
        assert ("recentred" in blocks((x, y, x + 40, y + 40))) == expected


def test_a_twentieth_of_the_ink_left_out_is_clutter() -> None:
    """Of a stroke of 480 pixels: specks of 24 are 4.8 %, of 27 5.3 %."""
    stroke = (27, 8, 37, 56)
    assert "cluttered" not in blocks(stroke, (4, 4, 8, 7), (4, 50, 8, 53))
    assert "cluttered" in blocks(stroke, (4, 4, 8, 7), (4, 50, 9, 53))


def test_low_contrast(digits: Grey) -> None:
    assert "low_contrast" in codes(painted(digits[0], (120, 120, 120), (160, 160, 160)))
    assert "low_contrast" not in codes(painted(digits[0], (60, 60, 60), (160, 160, 160)))


def test_unclear(digits: Grey) -> None:
    assert "unclear" in codes(RANDOM.integers(0, 256, (64, 64), np.uint8))
    assert "unclear" not in codes(large(digits[0]))


def test_transparent_pixels_are_white(digits: Grey) -> None:
    """Black ink whose alpha is the stroke looks like dark ink on white."""
    rgba = np.zeros((120, 120, 4), np.uint8)
    rgba[..., 3] = large(digits[0])
    assert worst_likeness(tensor([floats(rgba)]), digits[:1]) > 0.9


def test_an_image_is_prepared_alike_whatever_its_neighbours(digits: Grey) -> None:
    images = [TRANSFORMS[i % len(TRANSFORMS)][0](digit) for i, digit in enumerate(digits[:24])]
    together = prepare([*images, digits[0]])
    for index, image in enumerate(images):
        alone = prepare([image])
        assert np.array_equal(alone.tensors["images"][0], together.tensors["images"][index])
        assert alone.warnings[0] == together.warnings[index]


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 1, 3), (5, 7), (1500, 20)])
def test_any_shape_can_be_prepared(shape: tuple[int, ...]) -> None:
    found = tensor([RANDOM.integers(0, 256, shape, np.uint8)])
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


def test_more_searches_than_allowed_are_refused(digits: Grey) -> None:
    """One for an image that is not in MNIST's form, and a second one where the digit is small."""
    large_one, small_one = np.pad(digits[0], 4), np.pad(digits[0], 60)
    prepare([large_one] * SEARCHES)
    prepare([*digits, *([large_one] * SEARCHES)])
    prepare([small_one] * (SEARCHES // 2))
    for images in ([large_one] * (SEARCHES + 1), [small_one] * (SEARCHES // 2) + [large_one]):
        with pytest.raises(TooLarge, match=f"more than {SEARCHES:,} searches"):
            prepare(images)
