"""Scans of 28×28 on even paper in, their ink out: not resampled, so an inverted MNIST digit is MNIST's own again."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Masks = NDArray[np.bool_]

# The outermost pixels are the paper's, and even to within this.
EVEN = 0.04


def ink(pictures: Floats) -> tuple[Floats, Floats, Masks]:
    """Ink of n pictures (n, S, S, C) in 0..1.

    Returns:
        strength: n×S×S, 0 (paper) to 1 (the pixel farthest from it); all 0 where the paper is not even.
        contrast: n, how far apart the two are, 0..1.
        light: n, whether ink is lighter than paper.
    """
    rim = np.concatenate([pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1]], axis=1)
    paper = np.median(rim, axis=1)
    even = np.abs(rim - paper[:, np.newaxis]).max(axis=(1, 2)) <= EVEN
    difference = pictures - paper[:, np.newaxis, np.newaxis]
    distance = np.einsum("nyxc,nyxc->nyx", difference, difference).reshape(len(pictures), -1)
    row = np.arange(len(pictures))
    farthest = difference.reshape(len(pictures), -1, pictures.shape[3])[row, distance.argmax(axis=1)]
    square = np.maximum((farthest * farthest).sum(axis=1), 1e-9)
    along = np.einsum("nyxc,nc->nyx", difference, farthest) / square[:, np.newaxis, np.newaxis]
    strength = np.clip(along, 0, 1) * even[:, np.newaxis, np.newaxis]
    contrast = np.sqrt(square / pictures.shape[3])
    return strength.astype(np.float32), contrast.astype(np.float32), farthest.mean(axis=1) > 0
