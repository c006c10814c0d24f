"""Chooses the components that make up a digit: its main stroke and its parts, not lines, neighbours or specks."""

import numpy as np
from numpy.typing import NDArray

from lambda_fn.vision.components import Components, dilate

Ints = NDArray[np.int64]
Masks = NDArray[np.bool_]

# Pixels of the canvas. The pieces of a broken digit are no further apart; neighbours are.
MAX_GAP = 4


def choose(found: Components, frame: Ints) -> Masks:
    """Which of m components make up the digit of their image.

    Args:
        found: components of n images.
        frame: the first and last row and column of each image on its canvas, n×4.
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


def boxes(found: Components, chosen: Masks) -> Ints:
    """First and last row and column of the chosen components, n×4; of the whole canvas where there are none."""
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
    """Which components come within MAX_GAP of the main component of their image."""
    reach = found.paint(np.arange(len(main)) == main)
    for _ in range(MAX_GAP):
        reach = dilate(reach)
    return found.meet(reach)


def _best(found: Components, score: NDArray[np.float64]) -> Ints:
    """For each component, the one with the highest score in its image."""
    order = np.argsort(score, kind="stable")
    best = np.zeros(found.shape[0], np.int64)
    best[found.image[order]] = order
    return best[found.image]
