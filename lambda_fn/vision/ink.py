"""Tells ink from paper, whatever their colours and the light: 0 for paper, 1 for ink.

It works on n canvases at once, float32 S×S×3 in 0..1. `inside` marks the pixels of a canvas that the image covers: an
image that is not square leaves the rest empty.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Masks = NDArray[np.bool_]

LEVELS = 128


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of n canvases.

    Attributes:
        strength: n×S×S, 0 (paper) to 1 (ink).
        mask: n×S×S, where strength is closer to ink than to paper.
        contrast: n, distance between ink and paper, 0..1 of the range of grey.
        clarity: n, share of the variance that ink and paper explain, 0..1; low where there is more than these two.
        light: n, whether ink is lighter than paper.
    """

    strength: Floats
    mask: Masks
    contrast: Floats
    clarity: Floats
    light: Masks


def find(canvases: Floats, inside: Masks, paper: Floats) -> Ink:
    """Separates ink from paper on n canvases (n, S, S, 3); `paper` is a first guess of the paper's colour (n, 3)."""
    difference = _difference(canvases, inside, paper)
    direction = _direction(difference)
    signal: Floats = (difference @ direction[:, :, np.newaxis]).reshape(inside.shape)
    signal *= _sign(signal)[:, np.newaxis, np.newaxis]
    threshold, _, _, _ = _otsu(signal, inside)
    signal = signal - _shade(signal, inside & (signal < threshold[:, np.newaxis, np.newaxis]))
    threshold, low, high, clarity = _otsu(signal, inside)
    span = np.maximum(high - low, 1e-6)[:, np.newaxis, np.newaxis]
    strength = np.clip((signal - low[:, np.newaxis, np.newaxis]) / span, 0, 1) * inside
    mask = (signal > threshold[:, np.newaxis, np.newaxis]) & inside
    grey = (canvases[..., 0] + canvases[..., 1] + canvases[..., 2]) / np.float32(3)
    inked = _mean(grey, mask)
    light = inked > _mean(grey, inside & ~mask)
    return Ink(strength.astype(np.float32), mask, (high - low).astype(np.float32), clarity, light)


def _difference(canvases: Floats, inside: Masks, paper: Floats) -> Floats:
    """From the paper, n×S²×3; 0 outside."""
    n, side = inside.shape[:2]
    # numpy is slow at axes of three, so whole rows are subtracted.
    rows = canvases.reshape(n, side, -1) - np.tile(paper, side)[:, np.newaxis]
    if not inside.all():
        rows *= np.repeat(inside, 3, axis=2)
    return rows.reshape(n, -1, 3)


def _direction(difference: Floats) -> Floats:
    """The colour axis (n, 3) along which paper and ink differ most; unit length."""
    _, vectors = np.linalg.eigh(difference.transpose(0, 2, 1) @ difference + 1e-9 * np.ones((3, 3)))
    return vectors[..., -1].astype(np.float32)


def _sign(signal: Floats) -> Floats:
    """+1 or -1, so that the pixels that differ most from the paper are positive."""
    return np.where((signal * signal * signal).sum(axis=(1, 2)) < 0, -1, 1).astype(np.float32)


def _otsu(signal: Floats, inside: Masks) -> tuple[Floats, Floats, Floats, Floats]:
    """Threshold, the means below and above it, and the share of variance between them; n each.

    N. Otsu, A Threshold Selection Method from Gray-Level Histograms, IEEE Trans. SMC 9 (1979).
    """
    n = len(signal)
    values, within = signal.reshape(n, -1), inside.reshape(n, -1)
    whole = bool(within.all())
    lowest = (values if whole else np.where(within, values, np.inf)).min(axis=1)
    highest = (values if whole else np.where(within, values, -np.inf)).max(axis=1)
    width = np.maximum(highest - lowest, 1e-6) / LEVELS
    level = np.minimum((values - lowest[:, None]) / width[:, None], LEVELS - 1).astype(np.intp)
    slots = level + np.arange(n)[:, None] * LEVELS
    counts = np.bincount(slots.ravel() if whole else slots[within], minlength=n * LEVELS).reshape(n, LEVELS)
    centres = np.arange(LEVELS) + 0.5
    below, moment = np.cumsum(counts, axis=1), np.cumsum(counts * centres, axis=1)
    total, sums = below[:, -1:], moment[:, -1:]
    low, high = moment / np.maximum(below, 1), (sums - moment) / np.maximum(total - below, 1)
    between = below * (total - below) * (high - low) ** 2
    best = between.argmax(axis=1)
    rows = np.arange(n)
    mean = sums[:, 0] / total[:, 0]
    variance = (counts * (centres - mean[:, None]) ** 2).sum(axis=1) * total[:, 0]
    clarity = between[rows, best] / np.maximum(variance, 1e-9)
    scale = [(x * width + lowest).astype(np.float32) for x in (best + 1.0, low[rows, best], high[rows, best])]
    return scale[0], scale[1], scale[2], clarity.astype(np.float32)


def _shade(signal: Floats, paper: Masks) -> Floats:
    """The uneven light: a surface, quadratic in x and y, through the pixels of the paper."""
    terms, squares = _quadratic(signal.shape[1])
    weight = paper.reshape(len(signal), -1).astype(np.float32)
    weighted = signal.reshape(len(signal), -1) * weight
    surface = np.empty_like(signal)
    flat = surface.reshape(len(signal), -1)
    ridge = 1e-3 * np.eye(6, dtype=np.float32)
    # One canvas at a time: a matrix product of many rounds differently with their number.
    grams = np.stack([squares @ used for used in weight]).reshape(-1, 6, 6) + ridge
    moments = np.stack([terms @ values for values in weighted])
    for index, factors in enumerate(np.linalg.solve(grams, moments[..., np.newaxis])[..., 0]):
        np.matmul(factors, terms, out=flat[index])
    return surface


@cache
def _quadratic(side: int) -> tuple[Floats, Floats]:
    """The six terms of a quadratic surface, 6×S², and their products in pairs, 36×S²."""
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y]).reshape(6, -1)
    return terms, (terms[:, np.newaxis] * terms).reshape(36, -1)


def _mean(values: Floats, where: Masks) -> Floats:
    count = np.maximum(where.sum(axis=(1, 2)), 1)
    mean: Floats = ((values * where).sum(axis=(1, 2)) / count).astype(np.float32)
    return mean
