"""Finds ink on even paper without resampling: an inverted MNIST digit becomes the original again."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Masks = NDArray[np.bool_]

# Paper is even if its outermost pixels differ by no more than this from their median.
EVEN = 0.04


def ink(images: Floats) -> tuple[Floats, Floats, Masks]:
    """The ink of n images (n, S, S, C) in 0..1.

    Returns:
        strength: n×S×S, 0 (paper) to 1 (the pixel farthest from it); all 0 where the paper is not even.
        contrast: n, distance between the two, 0..1.
        light: n, whether ink is lighter than paper.
    """
    rim = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    paper = np.median(rim, axis=1)
    even = np.abs(rim - paper[:, np.newaxis]).max(axis=(1, 2)) <= EVEN
    difference = images - paper[:, np.newaxis, np.newaxis]
    distance = np.einsum("nyxc,nyxc->nyx", difference, difference).reshape(len(images), -1)
    row = np.arange(len(images))
    farthest = difference.reshape(len(images), -1, images.shape[3])[row, distance.argmax(axis=1)]
    square = np.maximum((farthest * farthest).sum(axis=1), 1e-9)
    along = np.einsum("nyxc,nc->nyx", difference, farthest) / square[:, np.newaxis, np.newaxis]
    strength = np.clip(along, 0, 1) * even[:, np.newaxis, np.newaxis]
    contrast = np.sqrt(square / images.shape[3])
    return strength.astype(np.float32), contrast.astype(np.float32), farthest.mean(axis=1) > 0
