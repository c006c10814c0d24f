"""Pictures in, the tensor that the model was trained on out, and what was odd about each picture."""

from dataclasses import dataclass

import numpy as np
import pybase64
from numpy.typing import NDArray

from lambda_fn.bodies.json_arrays import Picture, Pictures
from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.vision import even_paper

SIDE = 28
SMALL = ((SIDE, SIDE), (SIDE, SIDE, 1))

# What an answer's `warnings` may hold, beside low_confidence.
BLANK = "blank"
COLOUR = "colour"
INVERTED = "inverted"
RESIZED = "resized"
RECENTRED = "recentred"
LOW_CONTRAST = "low_contrast"
CLUTTERED = "cluttered"
UNCLEAR = "unclear"

# How far apart ink and paper are, as a share of the range of grey.
BLANK_BELOW = 0.06
LOW_CONTRAST_BELOW = 0.25

# Of images whose tensor is shown too: their answer, 1.3 kB each at the most, stays below the 6 MB of Lambda's.
SEEN_AT_MOST = 4000

# Sums over 28×28 pixels: all, in each direction, and of the two outermost pixels on each side.
_Y, _X = np.mgrid[:SIDE, :SIDE].astype(np.float32)
_RIM = np.pad(np.zeros((SIDE - 4, SIDE - 4), np.float32), 2, constant_values=1)
_SUMS = np.stack([np.ones_like(_X), _Y, _X, _RIM]).reshape(4, -1).T


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch as the model takes it.

    Attributes:
        tensor: n×28×28×1 in 0..1, light ink on dark.
        warnings: n lists of stable codes.
    """

    tensor: NDArray[np.float32]
    warnings: list[list[str]]


def prepare(pictures: Pictures, deadline: Deadline = NEVER) -> Prepared:
    """Brings each picture into MNIST's form; one that has it already passes bit for bit. May raise OutOfTime."""
    warnings: list[list[str]] = [[] for _ in pictures]
    tensor, small = _small_and_grey(pictures)
    done = np.zeros(len(pictures), bool)
    done[small] = is_mnist_like(tensor[small])
    if not done.all():
        done |= _read_scans(pictures, ~done, tensor, warnings)
    if not done.all():
        _make_canonical(pictures, np.flatnonzero(~done), tensor, warnings, deadline)
    return Prepared(tensor[..., np.newaxis], warnings)


def seen(tensor: NDArray[np.float32]) -> list[str]:
    """The tensor n×28×28×1 to be shown: n times 784 bytes in base64, the rows from above, 0 to 255."""
    pixels = (tensor * 255 + 0.5).astype(np.uint8)
    return [pybase64.b64encode_as_string(image.tobytes()) for image in pixels]


def _small_and_grey(pictures: Pictures) -> tuple[NDArray[np.float32], slice | list[int]]:
    """A tensor (n, 28, 28) that holds the grey pictures of 28×28, and where they are in it."""
    if isinstance(pictures, np.ndarray):
        if pictures.shape[1:] in SMALL:
            return _to_floats(pictures).reshape(-1, SIDE, SIDE), slice(None)
        return np.zeros((len(pictures), SIDE, SIDE), np.float32), []
    tensor = np.zeros((len(pictures), SIDE, SIDE), np.float32)
    small = [index for index, picture in enumerate(pictures) if picture.shape in SMALL]
    for index in small:
        tensor[index] = pictures[index].reshape(SIDE, SIDE)
    coarse = [index for index in small if pictures[index].dtype == np.uint8]
    tensor[coarse] /= np.float32(255)
    return tensor, small


def is_mnist_like(tensor: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of n pictures (n, 28, 28) need nothing: light on dark, 18 to 22 pixels long, centred by mass.

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


def _to_floats(values: Picture) -> NDArray[np.float32]:
    return (
        (values / np.float32(255)).astype(np.float32, copy=False)
        if values.dtype == np.uint8
        else values.astype(np.float32, copy=False)
    )


def _read_scans(
    pictures: Pictures, wanted: NDArray[np.bool_], tensor: NDArray[np.float32], warnings: list[list[str]]
) -> NDArray[np.bool_]:
    """Fills in the pictures of 28×28 on even paper whose ink alone is MNIST-like; says which those were."""
    done = np.zeros(len(pictures), bool)
    small = [index for index in np.flatnonzero(wanted).tolist() if pictures[index].shape[:2] == (SIDE, SIDE)]
    opaque = {index: _opaque(pictures[index]) for index in small}
    for channels in (1, 3):
        which = [i for i, picture in opaque.items() if (1 if picture.ndim == 2 else 3) == channels]
        if not which:
            continue
        scans = np.stack([_to_floats(opaque[i]).reshape(SIDE, SIDE, channels) for i in which])
        strength, contrast, light = even_paper.ink(scans)
        like = is_mnist_like(strength) & (contrast >= BLANK_BELOW)
        tensor[np.array(which)[like]] = strength[like]
        for place in np.flatnonzero(like):
            done[which[place]] = True
            holds = {
                COLOUR: _has_colour(opaque[which[place]]),
                INVERTED: not light[place],
                LOW_CONTRAST: contrast[place] < LOW_CONTRAST_BELOW,
            }
            warnings[which[place]] += [code for code, is_so in holds.items() if is_so]
    return done


def _make_canonical(
    pictures: Pictures,
    which: NDArray[np.intp],
    tensor: NDArray[np.float32],
    warnings: list[list[str]],
    deadline: Deadline,
) -> None:
    # Only pictures that are not MNIST's need Pillow; its import costs more than an inference.
    from lambda_fn.digits.mnist_form import canonical

    opaque = [_opaque(pictures[index]) for index in which]
    found = canonical(opaque, deadline)
    coloured = np.array([_has_colour(picture) for picture in opaque])
    other_size = np.array([picture.shape[:2] != (SIDE, SIDE) for picture in opaque])
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
    for code, holds in codes.items():
        for place in np.flatnonzero(holds):
            warnings[which[place]].append(code)


def _opaque(picture: Picture) -> Picture:
    """Without alpha: what is transparent lies on white; and without a third axis where it is grey."""
    if picture.ndim == 2:
        return picture
    if picture.shape[2] == 4:
        values = _to_floats(picture)
        return values[..., :3] * values[..., 3:] + (1 - values[..., 3:])
    return picture[..., 0] if picture.shape[2] == 1 else picture


def _has_colour(picture: Picture) -> bool:
    if picture.ndim == 2:
        return False
    red, green, blue = (picture[..., channel] for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float(spread.max()) > (0.06 * 255 if picture.dtype == np.uint8 else 0.06)
