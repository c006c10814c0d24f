"""Components of ink in, the digit's own out: its main stroke and its parts; not lines, neighbours or specks."""

import numpy as np
from numpy.typing import NDArray

from lambda_fn.vision.components import Components, grown

Ints = NDArray[np.int64]
Masks = NDArray[np.bool_]

# A ruled line is no thicker than so many pixels of the canvas.
INWARDS = 4
# The pieces of a broken digit lie no further apart than so many pixels of the canvas; neighbours do.
APART = 4


def choose(found: Components, frame: Ints) -> Masks:
    """Which of m components make up the digit of their picture.

    Args:
        found: components of n pictures.
        frame: the first and last row and column of each picture on its canvas, n×4.
    """
    top, bottom, left, right = frame[found.image].T
    height, width = found.bottom - found.top + 1, found.right - found.left + 1
    high, wide = bottom - top + 1, right - left + 1
    at_sides = (found.left <= left).astype(int) + (found.right >= right)
    off_x = np.abs((found.left + found.right) - (left + right)) / 2 / wide
    off_y = np.abs((found.top + found.bottom) - (top + bottom)) / 2 / high

    thin = 0.12 * found.shape[1]
    ruled = (width > 0.85 * wide) & (height < thin)
    upright = (height > 0.9 * high) & (width < thin) & (off_x > 0.25)
    line = ruled | upright

    central = np.exp(-(off_x**2 + 0.5 * off_y**2) / 0.08)
    score = np.sqrt(found.area) * np.maximum(height, 0.5 * width) * central
    score = score * np.where(at_sides == 1, 0.5, 1) * np.where(line, 0.05, 1)
    main = _best(found, score)

    size = np.maximum(height, width)
    overlap = np.minimum(found.right, found.right[main]) - np.maximum(found.left, found.left[main])
    below = np.maximum(found.top, found.top[main]) - np.minimum(found.bottom, found.bottom[main])
    near = (-overlap <= 0.12 * size[main]) & (below <= 0.25 * size[main]) & (overlap > 0.3 * width)
    level = np.minimum(found.bottom, found.bottom[main]) - np.maximum(found.top, found.top[main])
    beside = (height > 0.3 * height[main]) & (level > 0.3 * height) & ~_close(found, main)
    neighbour = beside | ((at_sides > 0) & (overlap < 0.5 * width))
    dot = (size < 0.35 * size[main]) & (found.area < 0.12 * found.area[main])
    speck = dot | (found.area < 0.04 * found.area[main])
    part = near & ~neighbour & ~speck & ~line
    chosen: Masks = part | (np.arange(len(main)) == main)
    return chosen


def ruled_lines(masks: Masks, frame: Ints) -> Masks:
    """Ruled lines at the rim of n pictures, n×S×S, with the pixels beside them.

    A row or column belongs to one if it is nearly all ink, lies far out, a few pixels further in there is little ink,
    and most of the ink is elsewhere.
    """
    side = masks.shape[1]
    lines = np.zeros_like(masks)
    for axis, (first, last), (begin, end) in ((2, (2, 3), (0, 1)), (1, (0, 1), (2, 3))):
        cover = masks.sum(axis=axis) / (frame[:, last] - frame[:, first] + 1)[:, np.newaxis]
        aside = np.pad(cover, ((0, 0), (INWARDS, INWARDS)))
        inwards = np.where(np.arange(side) < side / 2, aside[:, 2 * INWARDS :], aside[:, : -2 * INWARDS])
        length = np.maximum(frame[:, end] - frame[:, begin], 1)[:, np.newaxis]
        place = (np.arange(side) - frame[:, begin, np.newaxis]) / length
        line = (cover > 0.8) & (inwards < 0.35) & (np.abs(place - 0.5) > 0.28)
        line &= (line.sum(axis=1) <= INWARDS)[:, np.newaxis]
        line[:, 1:-1] |= line[:, :-2] | line[:, 2:]
        lines |= line[:, :, np.newaxis] if axis == 2 else line[:, np.newaxis, :]
    most = (masks & ~lines).sum(axis=(1, 2)) > 0.4 * masks.sum(axis=(1, 2))
    lines &= most[:, np.newaxis, np.newaxis]
    return lines


def boxes(found: Components, chosen: Masks) -> Ints:
    """First and last row and column of what is chosen, n×4; the whole canvas where nothing is."""
    n, height, width = found.shape
    result = np.tile(np.array([height, -1, width, -1]), (n, 1))
    image = found.image[chosen]
    np.minimum.at(result[:, 0], image, found.top[chosen])
    np.maximum.at(result[:, 1], image, found.bottom[chosen])
    np.minimum.at(result[:, 2], image, found.left[chosen])
    np.maximum.at(result[:, 3], image, found.right[chosen])
    result[result[:, 1] < 0] = (0, height - 1, 0, width - 1)
    return result


def _close(found: Components, main: Ints) -> Masks:
    """Which components have a pixel near one of their picture's main component."""
    reach = found.paint(np.arange(len(main)) == main)
    for _ in range(APART):
        reach = grown(reach)
    return found.meet(reach)


def _best(found: Components, score: NDArray[np.float64]) -> Ints:
    """For each component, the one of its picture that has the highest score."""
    order = np.argsort(score, kind="stable")
    best = np.zeros(found.shape[0], np.int64)
    best[found.image[order]] = order
    return best[found.image]
