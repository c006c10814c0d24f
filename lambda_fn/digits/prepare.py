"""Brings images into the form that the network was trained on, and warns of what it changed or found."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lambda_fn.bodies.images import Image, Images
from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.digits.warning_codes import (
    BLANK,
    CLUTTERED,
    COLOUR,
    INVERTED,
    LOW_CONTRAST,
    RECENTRED,
    RESIZED,
    UNCLEAR,
)
from lambda_fn.inference.contract import Contract
from lambda_fn.limits import SEARCHES
from lambda_fn.task import Prepared
from lambda_fn.vision import even_paper

SIDE = 28
MNIST_SHAPES = ((SIDE, SIDE), (SIDE, SIDE, 1))

# How far apart ink and paper are, as a share of the range of grey.
BLANK_BELOW = 0.06
LOW_CONTRAST_BELOW = 0.25
# Images of 28×28 on paper that are read at once, so that they stay in cache.
SCANS = 128

# Weights whose products with 28×28 pixels are: their sum, its moments in y and x, and the sum of the outermost two rows
# and columns on each side.
_Y, _X = np.mgrid[:SIDE, :SIDE].astype(np.float32)
_RIM = np.pad(np.zeros((SIDE - 4, SIDE - 4), np.float32), 2, constant_values=1)
_SUMS = np.stack([np.ones_like(_X), _Y, _X, _RIM]).reshape(4, -1).T


def prepare(images: Images, contract: Contract, deadline: Deadline = NEVER) -> Prepared:
    """Brings each image into MNIST's form; one that has it already passes bit for bit.

    Raises:
        TooLarge: more than SEARCHES are needed.
        OutOfTime: the deadline is over.
    """
    warnings: list[list[str]] = [[] for _ in images]
    tensor, small = _small_and_grey(images)
    done = np.zeros(len(images), bool)
    done[small] = is_mnist_like(tensor[small])
    if not done.all():
        tensor = tensor.copy()  # it may be the caller's own array
        done |= _read_scans(images, ~done, tensor, warnings)
    if not done.all():
        _make_canonical(images, np.flatnonzero(~done), tensor, warnings, deadline)
    return Prepared({contract.inputs[0].name: tensor[..., np.newaxis]}, np.arange(len(images)), warnings)


def _small_and_grey(images: Images) -> tuple[NDArray[np.float32], slice | list[int]]:
    """A tensor (n, 28, 28) filled with the grey 28×28 images, and their places in it."""
    if isinstance(images, np.ndarray):
        if images.shape[1:] in MNIST_SHAPES:
            return _to_floats(images).reshape(-1, SIDE, SIDE), slice(None)
        return np.zeros((len(images), SIDE, SIDE), np.float32), []
    tensor = np.zeros((len(images), SIDE, SIDE), np.float32)
    small = [index for index, image in enumerate(images) if image.shape in MNIST_SHAPES]
    for index in small:
        tensor[index] = images[index].reshape(SIDE, SIDE)
    coarse = [index for index in small if images[index].dtype == np.uint8]
    tensor[coarse] /= np.float32(255)
    return tensor, small


def is_mnist_like(tensor: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of n images (n, 28, 28) are in MNIST's form: light on dark, 18 to 22 pixels long, centred by mass.

    MNIST's 70,000 digits all have 18 to 20 pixels and their centre within half a pixel of the middle.
    """
    total, y, x, rim = (tensor.reshape(-1, SIDE * SIDE) @ _SUMS).T
    safe = np.maximum(total, 1e-6)
    lit = tensor > 0.1
    length = np.maximum(_extent(np.asarray(lit.any(axis=2))), _extent(np.asarray(lit.any(axis=1))))
    centred = (np.abs(y / safe - SIDE / 2) <= 1) & (np.abs(x / safe - SIDE / 2) <= 1)
    dark = (rim <= 0.1 * total) & (total <= 0.45 * SIDE * SIDE) & (tensor.max(axis=(1, 2)) >= 0.5)
    like: NDArray[np.bool_] = centred & dark & (length >= 18) & (length <= 22)
    return like


def _extent(lit: NDArray[np.bool_]) -> NDArray[np.intp]:
    extent: NDArray[np.intp] = lit.shape[1] - lit.argmax(axis=1) - lit[:, ::-1].argmax(axis=1)
    return extent


def _to_floats(values: Image) -> NDArray[np.float32]:
    return (
        (values / np.float32(255)).astype(np.float32, copy=False)
        if values.dtype == np.uint8
        else values.astype(np.float32, copy=False)
    )


def _read_scans(
    images: Images, wanted: NDArray[np.bool_], tensor: NDArray[np.float32], warnings: list[list[str]]
) -> NDArray[np.bool_]:
    """Fills in the 28×28 images on even paper whose ink alone is in MNIST's form. Returns which those are."""
    done = np.zeros(len(images), bool)
    for which in _alike(images, np.flatnonzero(wanted)):
        for start in range(0, len(which), SCANS):
            part = which[start : start + SCANS]
            scans = _opaque(images[part] if isinstance(images, np.ndarray) else np.stack([images[i] for i in part]), 3)
            strength, contrast, light = even_paper.ink(_to_floats(scans).reshape(*scans.shape[:3], -1))
            like = is_mnist_like(strength) & (contrast >= BLANK_BELOW)
            tensor[part[like]] = strength[like]
            done[part[like]] = True
            codes = {
                COLOUR: _has_colour(scans[like], 3),
                INVERTED: ~light[like],
                LOW_CONTRAST: contrast[like] < LOW_CONTRAST_BELOW,
            }
            _warn(warnings, part[like], codes)
    return done


def _alike(images: Images, which: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The numbers of the images of 28×28 among `which`, those of one shape and dtype together."""
    if isinstance(images, np.ndarray):
        return [which] if images.shape[1:3] == (SIDE, SIDE) else []
    groups: dict[tuple[object, object], list[int]] = {}
    for index in which.tolist():
        if images[index].shape[:2] == (SIDE, SIDE):
            groups.setdefault((images[index].shape, images[index].dtype), []).append(index)
    return [np.array(group) for group in groups.values()]


def _warn(warnings: list[list[str]], which: NDArray[np.intp], codes: Mapping[str, NDArray[np.bool_]]) -> None:
    """Adds each code to the images `which` for which it holds."""
    for code, holds in codes.items():
        for index in which[holds].tolist():
            warnings[index].append(code)


def _make_canonical(
    images: Images,
    which: NDArray[np.intp],
    tensor: NDArray[np.float32],
    warnings: list[list[str]],
    deadline: Deadline,
) -> None:
    # Importing Pillow costs more than an inference, and only these images need it.
    from lambda_fn.digits.mnist_form import canonical

    opaque = [_opaque(images[index]) for index in which]
    found = canonical(opaque, deadline, SEARCHES)
    coloured = np.array([_has_colour(image)[()] for image in opaque])
    other_size = np.array([image.shape[:2] != (SIDE, SIDE) for image in opaque])
    blank = found.contrast < BLANK_BELOW
    tensor[which] = np.where(blank[:, np.newaxis, np.newaxis], 0, found.tensor)
    codes = {
        BLANK: blank,
        COLOUR: coloured,
        INVERTED: ~found.light & ~blank,
        RESIZED: other_size | ((np.abs(np.log(found.scale)) > 0.15) & ~blank),
        RECENTRED: (found.shift > 0.1) & ~blank,
        LOW_CONTRAST: (found.contrast < LOW_CONTRAST_BELOW) & ~blank,
        CLUTTERED: (found.dropped > 0.05) & ~blank,
        UNCLEAR: found.unclear & ~blank,
    }
    _warn(warnings, which, codes)


def _opaque(pixels: Image, rank: int = 2) -> Image:
    """An image (rank 2), or images of one shape (rank 3), without alpha (transparent pixels become white).

    What is grey has no axis of channels.
    """
    if pixels.ndim == rank:
        return pixels
    if pixels.shape[-1] == 4:
        values = _to_floats(pixels)
        return values[..., :3] * values[..., 3:] + (1 - values[..., 3:])
    return pixels[..., 0] if pixels.shape[-1] == 1 else pixels


def _has_colour(pixels: Image, rank: int = 2) -> NDArray[np.bool_]:
    """Whether an opaque image has colour; of n images, whether each has."""
    if pixels.ndim == rank:
        return np.zeros(pixels.shape[: rank - 2], bool)
    red, green, blue = (pixels[..., channel] for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    coloured: NDArray[np.bool_] = spread.max(axis=(-2, -1)) > (0.06 * 255 if pixels.dtype == np.uint8 else 0.06)
    return coloured
