"""Finds the connected components of masks, by joining runs of pixels row by row, all masks at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Runs:
    """The k runs of pixels, in rows of n masks.

    Attributes:
        start, stop: places of the first pixel and behind the last one, in masks whose rows have one column more.
        component: of each run.
    """

    start: Ints
    stop: Ints
    component: Ints


@dataclass(frozen=True, slots=True)
class Components:
    """The 8-connected components of n masks, m in all.

    Attributes:
        image: the mask of each component, m; area: its pixels, m.
        top, bottom, left, right: the bounding box, both ends included, m each.
        runs: the runs of pixels that make up the components.
        shape: of the masks, (n, height, width).
    """

    image: Ints
    area: Ints
    top: Ints
    bottom: Ints
    left: Ints
    right: Ints
    runs: Runs
    shape: tuple[int, int, int]

    def paint(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Masks (n, height, width) of the chosen components only."""
        n, height, width = self.shape
        drawn = chosen[self.runs.component]
        edges = np.zeros(n * height * (width + 1), np.int8)
        edges[self.runs.start[drawn]] = 1
        edges[self.runs.stop[drawn]] = -1
        painted = np.cumsum(edges, dtype=np.int8).view(bool)
        return painted.reshape(n, height, width + 1)[..., :-1].copy()

    def meet(self, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of the m components have a pixel in common with `masks` (n, height, width)."""
        before = np.cumsum(_in_one_row(masks), dtype=np.int32)
        inside = before[self.runs.stop] - before[self.runs.start]
        return np.bincount(self.runs.component, inside, len(self.area)) > 0


def find(masks: NDArray[np.bool_]) -> Components:
    """Labels n masks (n, height, width)."""
    n, height, width = masks.shape
    stride = width + 1
    edges = np.diff(_in_one_row(masks))
    starts, stops = edges == 1, edges == -1
    start, stop = np.flatnonzero(starts), np.flatnonzero(stops)
    row, first = np.divmod(start, stride)
    last = stop - row * stride - 1
    # A run touches those of the next row, corners included, that stop behind its start and start before its stop.
    end = len(edges) - 1
    begin = np.cumsum(stops, dtype=np.int32)[np.minimum(start + stride - 1, end)]
    above = np.cumsum(starts, dtype=np.int32)[np.minimum(stop + stride, end)]
    touching = np.where(row % height == height - 1, 0, np.maximum(above - begin, 0))
    component, m = _join(begin, touching)

    area = np.bincount(component, stop - start, m)
    image, y = np.divmod(row, height)
    bounds = [np.full(m, limit) for limit in (height, -1, width, -1)]
    for bound, values, pick in zip(bounds, (y, y, first, last), (np.minimum, np.maximum) * 2, strict=True):
        pick.at(bound, component, values)
    return Components(
        image=_of_each(component, image, m),
        area=area.astype(np.int64),
        top=bounds[0],
        bottom=bounds[1],
        left=bounds[2],
        right=bounds[3],
        runs=Runs(start, stop, component),
        shape=(n, height, width),
    )


def _in_one_row(masks: NDArray[np.bool_]) -> NDArray[np.int8]:
    """All pixels, each behind its place in `Runs`, and nothing at the first place and between two rows."""
    n, height, width = masks.shape
    row = np.zeros(n * height * (width + 1) + 1, np.int8)
    row[1:].reshape(n, height, width + 1)[..., :-1] = masks
    return row


def dilate(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The masks (n, height, width), larger by the pixels above, below, left and right of theirs."""
    result = masks.copy()
    result[:, 1:] |= masks[:, :-1]
    result[:, :-1] |= masks[:, 1:]
    result[:, :, 1:] |= masks[:, :, :-1]
    result[:, :, :-1] |= masks[:, :, 1:]
    return result


def _of_each(component: Ints, values: Ints, m: int) -> Ints:
    of = np.empty(m, np.int64)
    of[component] = values
    return of


def _join(begin: Ints, touching: Ints) -> tuple[Ints, int]:
    """The component of each run, numbered from 0 by its first run, and the number of components.

    Each run touches `touching` runs, from number `begin` on. All pairs that touch are joined at once, each to the lower
    number, until no pair is apart:
    Y. Shiloach, U. Vishkin, An O(log n) Parallel Connectivity Algorithm, J. Algorithms 3 (1982).
    """
    number = np.arange(len(begin))
    upper = np.repeat(number, touching)
    lower = np.repeat(begin - np.cumsum(touching) + touching, touching) + np.arange(len(upper))
    root = number
    while len(upper):
        root = root.copy()
        np.minimum.at(root, np.maximum(upper, lower), np.minimum(upper, lower))
        while not np.array_equal(shorter := root[root], root):
            root = shorter
        upper, lower = root[upper], root[lower]
        apart = upper != lower
        upper, lower = upper[apart], lower[apart]
    is_first = root == number
    return (np.cumsum(is_first) - 1)[root], int(is_first.sum())
