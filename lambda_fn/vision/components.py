"""Finds the connected components of masks, by joining runs of pixels row by row, all masks at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Components:
    """The 8-connected components of n masks, m in all.

    Attributes:
        image: the mask of each component, m; area: its pixels, m.
        top, bottom, left, right: the bounding box, both ends included, m each.
        runs: for each run of pixels its mask, row, first column, last column and component.
        shape: of the masks, (n, height, width).
    """

    image: Ints
    area: Ints
    top: Ints
    bottom: Ints
    left: Ints
    right: Ints
    runs: tuple[Ints, Ints, Ints, Ints, Ints]
    shape: tuple[int, int, int]

    def paint(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Masks (n, height, width) of the chosen components only."""
        n, height, width = self.shape
        image, row, first, last = (values[chosen[self.runs[4]]] for values in self.runs[:4])
        edges = np.zeros((n, height, width + 1), np.int8)
        edges[image, row, first] += 1
        edges[image, row, last + 1] -= 1
        return np.cumsum(edges[..., :-1], axis=2, dtype=np.int8).astype(bool)

    def meet(self, masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which of the m components have a pixel in common with `masks` (n, height, width)."""
        image, row, first, last, component = self.runs
        before = np.pad(np.cumsum(masks, axis=2, dtype=np.int16), ((0, 0), (0, 0), (1, 0)))
        inside = before[image, row, last + 1] - before[image, row, first]
        return np.bincount(component, inside, len(self.area)) > 0


def find(masks: NDArray[np.bool_]) -> Components:
    """Labels n masks (n, height, width)."""
    n, height, width = masks.shape
    padded = np.zeros((n * height, width + 2), np.int8)
    padded[:, 1:-1] = masks.reshape(n * height, width)
    edges = np.diff(padded, axis=1)
    row, first = np.nonzero(edges == 1)
    last = np.nonzero(edges == -1)[1] - 1
    component, m = _join(row, first, last, height, width + 2)

    length = last - first + 1
    area = np.bincount(component, length, m)
    y = row % height
    bounds = [np.full(m, limit) for limit in (height, -1, width, -1)]
    for bound, values, pick in zip(bounds, (y, y, first, last), (np.minimum, np.maximum) * 2, strict=True):
        pick.at(bound, component, values)
    return Components(
        image=np.zeros(m, np.int64) if m == 0 else _of_each(component, row // height, m),
        area=area.astype(np.int64),
        top=bounds[0],
        bottom=bounds[1],
        left=bounds[2],
        right=bounds[3],
        runs=(row // height, y, first, last, component),
        shape=(n, height, width),
    )


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


def _join(row: Ints, first: Ints, last: Ints, height: int, stride: int) -> tuple[Ints, int]:
    """The component of each run, numbered from 0, and the number of components.

    Touching runs of neighbouring rows (corners count) take the lower label of the two until nothing changes.
    """
    below = (row + 1) * stride
    start = np.searchsorted(row * stride + last + 1, below + first)
    stop = np.searchsorted(row * stride + first, below + last + 1, side="right")
    touching = np.where(row % height == height - 1, 0, np.maximum(stop - start, 0))
    upper = np.repeat(np.arange(len(row)), touching)
    offset = np.arange(len(upper)) - np.repeat(np.cumsum(touching) - touching, touching)
    lower = np.repeat(start, touching) + offset
    label = np.arange(len(row))
    while True:
        low = np.minimum(label[upper], label[lower])
        new = label.copy()
        np.minimum.at(new, label[upper], low)
        np.minimum.at(new, label[lower], low)
        new = new[new]
        if np.array_equal(new, label):
            names, component = np.unique(label, return_inverse=True)
            return component, len(names)
        label = new
