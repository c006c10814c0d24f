"""Transforms MNIST's test images for the evaluation sets, always the same for a seed."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Grey = NDArray[np.uint8]
Transform = Callable[[Grey, Grey, Generator], Grey]


def inverted(digit: Grey, _other: Grey, _random: Generator) -> Grey:
    """Dark on light."""
    return 255 - digit


def coloured(digit: Grey, _other: Grey, random: Generator) -> Grey:
    """Ink and paper of two colours, at least a third of the range apart in one channel."""
    while True:
        paper, ink = random.integers(0, 256, (2, 3))
        if np.abs(paper - ink).max() >= 85:
            break
    amount = digit[..., np.newaxis] / 255
    result: Grey = (paper * (1 - amount) + ink * amount).round().astype(np.uint8)
    return result


def scaled(digit: Grey, _other: Grey, random: Generator) -> Grey:
    """Any size from 20 to 400 pixels."""
    side = int(random.integers(20, 401))
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def off_centre(digit: Grey, _other: Grey, random: Generator) -> Grey:
    """Anywhere in an image of 40 to 160 pixels."""
    side = int(random.integers(40, 161))
    result = np.zeros((side, side), np.uint8)
    top, left = random.integers(0, side - 27, 2)
    result[top : top + 28, left : left + 28] = digit
    return result


def _filtered(make: Callable[[], ImageFilter.Filter], digit: Grey, _other: Grey, _random: Generator) -> Grey:
    large = Image.fromarray(np.pad(digit, 2)).resize((96, 96), Image.Resampling.BICUBIC)
    return np.asarray(large.filter(make()))


def remnants(digit: Grey, other: Grey, random: Generator) -> Grey:
    """Part of a neighbour at one side, and a ruled line below."""
    result = np.zeros((44, 52), np.uint8)
    result[6:34, 12:40] = digit
    strip = int(random.integers(3, 8))
    down = int(random.integers(2, 10))
    if random.random() < 0.5:
        result[down : down + 28, :strip] = np.maximum(result[down : down + 28, :strip], other[:, 14 : 14 + strip])
    else:
        result[down : down + 28, -strip:] = np.maximum(result[down : down + 28, -strip:], other[:, 14 - strip : 14])
    result[40:42] = 180
    return 255 - result


TRANSFORMS: dict[str, Transform] = {
    "inverted": inverted,
    "coloured": coloured,
    "scaled": scaled,
    "off-centre": off_centre,
    "thick": partial(_filtered, lambda: ImageFilter.MaxFilter(5)),
    "thin": partial(_filtered, lambda: ImageFilter.MinFilter(3)),
    "blurred": partial(_filtered, lambda: ImageFilter.GaussianBlur(3.5)),
    "remnants": remnants,
}


def make(name: str, images: Grey, seed: int = 0) -> list[Grey]:
    """Each image (n, 28, 28) once, transformed."""
    transform = TRANSFORMS[name]
    others = np.roll(images, 1, axis=0)
    return [
        transform(image, other, np.random.default_rng([seed, index]))
        for index, (image, other) in enumerate(zip(images, others, strict=True))
    ]
