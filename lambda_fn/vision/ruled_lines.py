"""Finds the ruled lines of forms and boxes."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Masks = NDArray[np.bool_]

# Pixels of the canvas; a ruled line is no thicker.
THICKNESS = 4


def find(masks: Masks, frame: Ints) -> Masks:
    """The ruled lines near the rim of n images, n×S×S, and the pixels beside them.

    A row or column is a line if it is nearly all ink and far from the middle, there is little ink a few pixels further
    in, and most of the ink is elsewhere.

    Args:
        masks: the ink of n canvases, n×S×S.
        frame: the first and last row and column of each image on its canvas, n×4.
    """
    side = masks.shape[1]
    lines = np.zeros_like(masks)
    for axis, (first, last), (begin, end) in ((2, (2, 3), (0, 1)), (1, (0, 1), (2, 3))):
        cover = masks.sum(axis=axis) / (frame[:, last] - frame[:, first] + 1)[:, np.newaxis]
        aside = np.zeros((len(cover), side + 2 * THICKNESS))
        aside[:, THICKNESS:-THICKNESS] = cover
        inwards = np.where(np.arange(side) < side / 2, aside[:, 2 * THICKNESS :], aside[:, : -2 * THICKNESS])
        length = np.maximum(frame[:, end] - frame[:, begin], 1)[:, np.newaxis]
        place = (np.arange(side) - frame[:, begin, np.newaxis]) / length
        line = (cover > 0.8) & (inwards < 0.35) & (np.abs(place - 0.5) > 0.28)
        line &= (line.sum(axis=1) <= THICKNESS)[:, np.newaxis]
        line[:, 1:-1] |= line[:, :-2] | line[:, 2:]
        lines |= line[:, :, np.newaxis] if axis == 2 else line[:, np.newaxis, :]
    most = (masks & ~lines).sum(axis=(1, 2)) > 0.4 * masks.sum(axis=(1, 2))
    lines &= most[:, np.newaxis, np.newaxis]
    return lines
