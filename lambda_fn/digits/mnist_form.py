"""Finds the digit in an image of any size and brings it into MNIST's form: 20 pixels long, centred by mass in 28×28.

The last steps are those by which MNIST was made (Y. LeCun et al., Gradient-Based Learning Applied to Document
Recognition, Proc. IEEE 86, 1998). Photographs first need their ink told from paper, and the digit from its neighbours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from lambda_fn.bodies.images import Image
from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.digits import choose_components
from lambda_fn.errors import TooLarge
from lambda_fn.vision import components, ink, ruled_lines
from lambda_fn.vision.components import Components

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Masks = NDArray[np.bool_]

SIDE, BOX = 28, 20
# Pixels a side of the canvas that an image is resized to, and images processed at once: both stay in cache.
CANVAS, BATCH = 64, 16
# Digits that take a smaller share of the canvas are cropped and processed again.
CROP_BELOW = 0.45
# Images of fewer pixels a side are not searched for ruled lines.
FINE = 20
# Limits of ink on paper: the least share of variance explained, the most pieces, the largest share of ink.
CLEAR, PIECES, INKED = 0.7, 15, 0.55
TOO_MANY_SEARCHES = (
    "finding the digits takes more than {:,} searches in one request: one for an image that is not in MNIST's form "
    "(28×28, light on dark, the digit 20 pixels long and centred), two where the digit is small in its image; send "
    "fewer images in one call"
)


@dataclass(frozen=True, slots=True)
class Canonical:
    """n digits in MNIST's form, and what they were found in.

    Attributes:
        tensor: n×28×28, 0..1, light on dark.
        contrast, light: see ink.Ink.
        shift: distance of the digit's centre from the image's, as a share of the image's longer side.
        scale: pixels of the result per pixel of the image.
        dropped: share of the ink left out, 0..1: neighbours, lines, specks.
        unclear: whether there is more than ink and paper, too much ink, or too many pieces of it.
        cropped: whether the digit is small, and took a second search.
    """

    tensor: Floats
    contrast: Floats
    light: Masks
    shift: Floats
    scale: Floats
    dropped: Floats
    unclear: Masks
    cropped: Masks


@dataclass(frozen=True, slots=True)
class _Found:
    """n images on their canvases, and the digit found on each.

    Attributes:
        scale: pixels of the canvas per pixel of the image, n.
        frame, boxes: first and last row and column of the image, and of its digit, n×4 each.
        inked: pixels of ink before ruled lines were removed, n.
    """

    scale: Floats
    frame: Ints
    ink: ink.Ink
    inked: Ints
    parts: Components
    chosen: Masks
    boxes: Ints


def canonical(images: Sequence[Image], deadline: Deadline = NEVER, searches: float = math.inf) -> Canonical:
    """Finds the digit in each image (H×W or H×W×3).

    Args:
        searches: allowed in all: one for each image, and a second one where the digit is small.

    Raises:
        TooLarge: more searches.
        OutOfTime: the deadline is over.
    """
    done: list[Canonical] = []
    used = len(images)
    _check_searches(used, searches)
    for start in range(0, len(images), BATCH):
        deadline.check()
        done.append(_canonical_batch(images[start : start + BATCH]))
        used += int(done[-1].cropped.sum())
        _check_searches(used, searches)
    return Canonical(*(np.concatenate([getattr(part, name) for part in done]) for name in Canonical.__slots__))


def _check_searches(used: int, allowed: float) -> None:
    if used > allowed:
        raise TooLarge("too_many_searches", TOO_MANY_SEARCHES.format(allowed))


def _canonical_batch(images: Sequence[Image]) -> Canonical:
    view = _find_digits(images)
    n = len(images)
    length = _length(view.boxes)
    small = (length < CROP_BELOW * CANVAS) & (view.scale < 1.3)
    tensor = np.empty((n, SIDE, SIDE), np.float32)
    if not small.all():
        tensor[~small] = _render(view, np.flatnonzero(~small))
    if small.any():
        which = np.flatnonzero(small)
        crops = [_crop(images[i], view.boxes[i], view.frame[i], float(view.scale[i])) for i in which.tolist()]
        tensor[small] = _render(_find_digits(crops), np.arange(len(crops)))
    kept = np.bincount(view.parts.image, view.parts.area * view.chosen, n)
    pieces = np.bincount(view.parts.image, minlength=n)
    pixels = np.prod(view.frame[:, 1::2] - view.frame[:, ::2] + 1, axis=1)
    middle = np.stack([view.boxes[:, :2].mean(axis=1), view.boxes[:, 2:].mean(axis=1)])
    return Canonical(
        tensor=tensor,
        contrast=view.ink.contrast,
        light=view.ink.light,
        shift=(np.abs(middle - (CANVAS - 1) / 2).max(axis=0) / CANVAS).astype(np.float32),
        scale=(view.scale * BOX / length).astype(np.float32),
        dropped=(1 - kept / np.maximum(view.inked, 1)).astype(np.float32),
        unclear=(view.ink.clarity < CLEAR) | (pieces > PIECES) | (view.inked > INKED * pixels),
        cropped=small,
    )


def _find_digits(images: Sequence[Image]) -> _Found:
    n = len(images)
    canvases = np.zeros((n, CANVAS, CANVAS, 3), np.float32)
    inside = np.zeros((n, CANVAS, CANVAS), bool)
    paper = np.empty((n, 3), np.float32)
    scale = np.empty(n, np.float32)
    frame = np.empty((n, 4), np.int64)
    for index, image in enumerate(images):
        scale[index] = CANVAS / max(image.shape[:2])
        height, width = (max(round(length * float(scale[index])), 1) for length in image.shape[:2])
        top, left = (CANVAS - height) // 2, (CANVAS - width) // 2
        frame[index] = (top, top + height - 1, left, left + width - 1)
        resized = _resize(image, (width, height))
        canvases[index, top : top + height, left : left + width] = resized
        inside[index, top : top + height, left : left + width] = True
        paper[index] = _median_of_rim(resized)
    found = ink.find(canvases, inside, paper)
    # In an image of few pixels, a line looks like the bar of a 7.
    inked = found.mask.sum(axis=(1, 2))
    kept = ~ruled_lines.find(found.mask, frame) | (scale > CANVAS / FINE)[:, np.newaxis, np.newaxis]
    found = replace(found, mask=found.mask & kept, strength=found.strength * kept)
    parts = components.find(found.mask)
    chosen = choose_components.choose(parts, frame)
    return _Found(scale, frame, found, inked, parts, chosen, choose_components.boxes(parts, chosen))


def _resize(image: Image, size: tuple[int, int]) -> Floats:
    """H×W×1 or H×W×3 in 0..1."""
    method = PIL.Image.Resampling.BICUBIC if size[0] >= image.shape[1] else PIL.Image.Resampling.BOX
    if image.dtype == np.uint8:
        resized = np.asarray(PIL.Image.fromarray(image).resize(size, method), np.float32) / np.float32(255)
    elif image.ndim == 2:
        resized = np.asarray(PIL.Image.fromarray(image).resize(size, method), np.float32)
    else:
        planes = [PIL.Image.fromarray(image[..., channel]).resize(size, method) for channel in range(3)]
        resized = np.stack([np.asarray(plane, np.float32) for plane in planes], axis=-1)
    clipped: Floats = np.clip(resized.reshape(size[1], size[0], -1), 0, 1)
    return clipped


def _median_of_rim(image: Floats) -> Floats:
    """The median colour of the outermost two rows and columns: np.median, without its tenth of a millisecond."""
    channels = image.transpose(2, 0, 1)
    rim = (channels[:, :2], channels[:, -2:], channels[:, :, :2], channels[:, :, -2:])
    values = np.sort(np.concatenate([side.reshape(len(channels), -1) for side in rim], axis=1), axis=1)
    count = values.shape[1]
    median: Floats = (values[:, (count - 1) // 2] + values[:, count // 2]) / np.float32(2)
    return median


def _length(boxes: Ints) -> Ints:
    length: Ints = np.maximum(boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]) + 1
    return length


def _crop(image: Image, box: Ints, frame: Ints, scale: float) -> Image:
    """The part of the image around a box of its canvas, with a margin of about a third."""
    height, width = image.shape[:2]
    top, bottom = (float(row - frame[0]) / scale for row in (box[0], box[1] + 1))
    left, right = (float(column - frame[2]) / scale for column in (box[2], box[3] + 1))
    margin = 0.3 * max(bottom - top, right - left) + 2 / scale
    rows = slice(max(int(top - margin), 0), min(int(bottom + margin) + 1, height))
    columns = slice(max(int(left - margin), 0), min(int(right + margin) + 1, width))
    return image[rows, columns].copy()


def _render(view: _Found, which: Ints) -> Floats:
    """The chosen ink of the canvases of these numbers, each in MNIST's box, centred by mass."""
    # Also without the soft edges of what is left out.
    left_out = components.dilate(view.parts.paint(~view.chosen)) & ~view.parts.paint(view.chosen)
    clean = view.ink.strength * ~left_out
    result = np.empty((len(which), SIDE, SIDE), np.float32)
    for index, (place, (top, bottom, left, right)) in enumerate(zip(which, view.boxes[which], strict=True)):
        digit = clean[place, max(top - 1, 0) : bottom + 2, max(left - 1, 0) : right + 2]
        factor = BOX / max(digit.shape)
        height, width = (max(round(length * factor), 1) for length in digit.shape)
        small = np.asarray(PIL.Image.fromarray(digit).resize((width, height), PIL.Image.Resampling.HAMMING))
        result[index] = _centred(np.clip(small, 0, 1))
    return result


def _centred(digit: Floats) -> Floats:
    """The digit in 28×28, moved by whole pixels so that its centre of mass is in the middle."""
    height, width = digit.shape
    mass = max(float(digit.sum()), 1e-6)
    y = float(digit.sum(axis=1) @ np.arange(height)) / mass
    x = float(digit.sum(axis=0) @ np.arange(width)) / mass
    top = min(max(round(SIDE / 2 - y), 0), SIDE - height)
    left = min(max(round(SIDE / 2 - x), 0), SIDE - width)
    result = np.zeros((SIDE, SIDE), np.float32)
    result[top : top + height, left : left + width] = digit
    return result
