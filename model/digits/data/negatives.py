"""Generates images without a digit: letters, scrawls, textures, digits that are turned or joined.

The network learns low confidence from them. Letters that look like digits (O, I, S, Z, B, ...) are left out.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from model.digits.data import paper

Grey = NDArray[np.uint8]

SIDE = 28
LETTERS = "ACDEFGHJKMNPQRTUVWXYacdefhjkmnprtuvwxy"
FONTS = tuple(sorted((Path(mpl.get_data_path()) / "fonts" / "ttf").glob("DejaVu*.ttf")))


def image(digits: tuple[Grey, Grey], labels: tuple[int, int], random: Generator) -> NDArray[np.uint8]:
    """One image (H×W or H×W×3): on paper as paper.sheet draws digits, or a plain texture."""
    kind = random.choice(["letter", "letter", "letter", "scrawl", "scrawl", "turned", "joined", "texture", "texture"])
    if kind == "texture":
        return _texture(random)
    draw = {"letter": _letter, "scrawl": _scrawl}.get(str(kind))
    ink = draw(random) if draw else _turned(digits, labels, random) if kind == "turned" else _joined(digits, random)
    return paper.sheet(ink, digits, random)


def _letter(random: Generator) -> Grey:
    image = Image.new("L", (4 * SIDE, 4 * SIDE))
    font = ImageFont.truetype(FONTS[random.integers(len(FONTS))], 84)
    letter = LETTERS[random.integers(len(LETTERS))]
    ImageDraw.Draw(image).text((2 * SIDE, 2 * SIDE), letter, 255, font, anchor="mm")
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _scrawl(random: Generator) -> Grey:
    """A few strokes through random points."""
    image = Image.new("L", (4 * SIDE, 4 * SIDE))
    draw = ImageDraw.Draw(image)
    for _ in range(random.integers(2, 6)):
        t = np.linspace(0, 1, 30)[:, np.newaxis]
        control = random.uniform(14, 98, (3, 2))
        curve = control[0] * (1 - t) ** 2 + 2 * control[1] * t * (1 - t) + control[2] * t**2
        draw.line(
            [tuple(point) for point in curve.tolist()], fill=255, width=int(random.integers(6, 14)), joint="curve"
        )
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def _turned(digits: tuple[Grey, Grey], labels: tuple[int, int], random: Generator) -> Grey:
    """A digit turned by a right angle or mirrored, if it is no digit then."""
    for digit, label in zip(digits, labels, strict=True):
        if label in (3, 4, 7) and random.random() < 0.5:
            return np.ascontiguousarray(digit[:, ::-1])
        if label in (2, 3, 4, 5, 7):
            return np.ascontiguousarray(np.rot90(digit, random.choice([1, 3])))
    return _scrawl(random)


def _joined(digits: tuple[Grey, Grey], random: Generator) -> Grey:
    """Two digits side by side or over each other."""
    first, second = digits
    if random.random() < 0.5:
        wide = np.concatenate([first[:, 3:-4], second[:, 4:-3]], axis=1)
        image = Image.fromarray(wide).resize((24, 24), Image.Resampling.BOX)
        result = np.zeros((SIDE, SIDE), np.uint8)
        result[2:26, 2:26] = np.asarray(image)
        result[13:15, 11:17] |= 200  # one piece
        return result
    return np.maximum(first, np.roll(second, random.integers(-5, 6, 2), (0, 1)))


def _texture(random: Generator) -> NDArray[np.uint8]:
    """Noise of one or several scales, grey or coloured, as in photographs and blank paper."""
    side, channels = int(random.integers(24, 100)), int(random.choice([1, 3]))
    result = np.zeros((side, side, channels))
    for scale in random.choice([2, 3, 4, 6, 10, 20, 50, side], random.integers(1, 4)):
        coarse = random.random((int(scale), int(scale), channels)) * 255
        for c in range(channels):
            layer = Image.fromarray(coarse[..., c].astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
            result[..., c] += np.asarray(layer, np.float64) * random.random()
    result = (result - result.min()) / max(float(np.ptp(result)), 1e-6)
    pixels: NDArray[np.uint8] = (result * 255).astype(np.uint8)
    return pixels[..., 0] if channels == 1 else pixels
