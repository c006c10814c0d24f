"""Connected components of masks, compared with a search pixel by pixel."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lambda_fn.vision import components


def flood(mask: NDArray[np.bool_]) -> list[set[tuple[int, int]]]:
    """The components as sets of (row, column)."""
    left, found = set(zip(*(axis.tolist() for axis in np.nonzero(mask)), strict=True)), []
    while left:
        reached, edge = set(), [left.pop()]
        while edge:
            y, x = edge.pop()
            reached.add((y, x))
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            edge += near
        found.append(reached)
    return found


@pytest.mark.parametrize("density", [0, 0.05, 0.3, 0.5, 0.8, 1])
def test_components_are_those_of_a_flood_fill(density: float) -> None:
    masks = np.random.default_rng(1).random((12, 17, 23)) < density
    found = components.find(masks)
    for index, mask in enumerate(masks):
        rows = np.flatnonzero(found.image == index)
        ours = sorted(
            zip(
                *(v[rows].tolist() for v in (found.area, found.top, found.bottom, found.left, found.right)), strict=True
            )
        )
        theirs = sorted(
            (len(s), min(y for y, _ in s), max(y for y, _ in s), min(x for _, x in s), max(x for _, x in s))
            for s in flood(mask)
        )
        assert ours == theirs


def test_painting_all_components_gives_the_masks_and_painting_one_gives_that_one() -> None:
    masks = np.random.default_rng(2).random((4, 20, 20)) < 0.4
    found = components.find(masks)
    assert np.array_equal(found.paint(np.ones(len(found.area), bool)), masks)
    one = np.arange(len(found.area)) == 3
    assert found.paint(one).sum() == found.area[3]


def test_a_component_meets_a_mask_if_they_share_a_pixel() -> None:
    masks, others = (np.random.default_rng(seed).random((4, 20, 20)) < share for seed, share in ((2, 0.2), (3, 0.02)))
    found = components.find(masks)
    for index, meets in enumerate(found.meet(others).tolist()):
        one = np.arange(len(found.area)) == index
        assert meets == bool((found.paint(one) & others).any())


def test_dilating_adds_the_pixels_next_to_a_mask() -> None:
    mask = np.zeros((1, 5, 5), bool)
    mask[0, 2, 2] = mask[0, 0, 4] = True
    rows = ["...XX", "..X.X", ".XXX.", "..X..", "....."]
    assert np.array_equal(components.dilate(mask)[0], [[pixel == "X" for pixel in row] for row in rows])
