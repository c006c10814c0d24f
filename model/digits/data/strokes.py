"""Adds the strokes that other countries write: a flag and a foot to the 1, a bar to the 7.

MNIST was written in the United States, where both digits are plain.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Grey = NDArray[np.uint8]
Floats = NDArray[np.float64]

FINE = 4  # drawn pixels for each of MNIST's
MARGIN = 12  # room for strokes outside the image, before it is scaled back into its box
BOX = 20
FLAGGED, FOOTED, BARRED = 0.4, 0.3, 0.25
# The flag's largest angle to the vertical, in degrees: beyond it, a 1 without a foot would be a 7.
STEEP, FLAT = 55, 75


def add(digit: Grey, label: int, random: Generator) -> Grey:
    """The digit (28×28, light on dark), sometimes with more strokes; most digits stay unchanged."""
    lines: list[Floats] = []
    if label == 1 and random.random() < FLAGGED:
        lines = _flag_and_foot(digit, random)
    elif label == 7 and random.random() < BARRED:
        lines = _bar(digit, random)
    return _drawn(digit, lines, random) if lines else digit


def _flag_and_foot(digit: Grey, random: Generator) -> list[Floats]:
    """Lines (2×2: x and y of both ends) for a 1 that is a plain stroke; none for others."""
    rows = _rows(digit)
    top, bottom = _middle(digit, rows[:2]), _middle(digit, rows[-2:])
    stem = bottom - top
    length = float(np.linalg.norm(stem))
    y, x = np.nonzero(digit > 100)
    beside = np.abs(stem[0] * (y - top[1]) - stem[1] * (x - top[0])) / length
    footed = random.random() < FOOTED
    lean = np.rad2deg(np.arctan2(-stem[0], stem[1]))
    hang = np.deg2rad(min(lean + random.uniform(22, 55), FLAT if footed else STEEP))
    if (beside > 3.5).mean() > 0.05 or np.rad2deg(hang) < lean + 18:
        return []
    flag = np.array([-np.sin(hang), np.cos(hang)]) * length * random.uniform(0.2, 0.6)
    lines = [np.stack([top, top + flag])]
    if footed:
        left, right = np.array([length, 0]) * random.uniform(0.12, 0.3, (2, 1))
        lines.append(np.stack([bottom - left, bottom + right]))
    return lines


def _bar(digit: Grey, random: Generator) -> list[Floats]:
    """The line through the stem of a 7; none if its middle is more than a stem."""
    rows = _rows(digit)
    height = len(rows)
    middle = rows[round(0.35 * height) : round(0.75 * height)]
    strokes = (np.diff(np.pad(digit[middle] > 50, ((0, 0), (1, 1))).astype(np.int8), axis=1) == 1).sum(axis=1)
    if (strokes > 1).any():
        return []
    at = rows[round(height * random.uniform(0.45, 0.62))]
    reach = height * random.uniform(0.15, 0.3)
    side = np.array([reach, reach * random.normal(-0.1, 0.15)])
    stem = _middle(digit, rows[(rows >= at - 1) & (rows <= at + 1)])
    return [np.stack([stem - side, stem + side])]


def _rows(digit: Grey) -> NDArray[np.intp]:
    return np.flatnonzero((digit > 100).any(axis=1))


def _middle(digit: Grey, rows: NDArray[np.intp]) -> Floats:
    """x and y of the ink's centre in these rows."""
    ink = digit[rows].astype(np.float64)
    return np.array([(ink.sum(axis=0) @ np.arange(digit.shape[1])) / max(float(ink.sum()), 1), rows.mean()])


def _drawn(digit: Grey, lines: list[Floats], random: Generator) -> Grey:
    """The digit with lines about as thick as its own, scaled back into MNIST's box."""
    ink = digit > 100
    pen = max(float(np.median(ink.sum(axis=1)[ink.any(axis=1)])) * random.uniform(0.6, 1), 1.5)
    size = (digit.shape[0] + 2 * MARGIN) * FINE
    image = Image.new("L", (size, size))
    draw = ImageDraw.Draw(image)
    for line in lines:
        ends = (line + MARGIN + 0.5) * FINE
        draw.line([tuple(end) for end in ends.tolist()], fill=255, width=round(pen * FINE))
        for x, y in ends.tolist():
            draw.circle((x, y), pen * FINE / 2, fill=255)
    whole = Image.fromarray(np.maximum(np.pad(digit, MARGIN), np.asarray(image.reduce(FINE))))
    left, top, right, bottom = whole.getbbox() or (0, 0, *whole.size)
    reach = max(right - left, bottom - top, BOX) * digit.shape[0] / BOX / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    around = (x - reach, y - reach, x + reach, y + reach)
    fits = min(around[:2]) >= 0 and max(around[2:]) <= whole.width
    return np.asarray(whole.resize(digit.shape, Image.Resampling.BOX, around)) if fits else digit
