"""Draws MNIST digits as photographs of paper: pens, slants, paper, light, neighbours, lines, blur.

Each image depends only on its own seed, so any part of a set can be made again, in any order.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

LARGE = 84  # three times MNIST's side: room for pens and slants


def sheet(digit: Grey, others: tuple[Grey, Grey], random: Generator, strength: float = 1.0) -> NDArray[np.uint8]:
    """One digit (28×28) on paper: H×W or H×W×3, dark on light or light on dark; `others` are possible neighbours."""
    coverage = _pen(digit, random, strength)
    if random.random() < 0.15:
        return _boxed(coverage, random)
    canvas = _place(coverage, others, random, strength)
    canvas = _lines(canvas, random, strength)
    return _photograph(canvas, random)


def _pen(digit: Grey, random: Generator, strength: float) -> Image.Image:
    """Another handwriting and pen: rotation, slant, stretch, stroke width, a little elastic distortion."""
    large = Image.fromarray(digit).resize((LARGE, LARGE), Image.Resampling.BICUBIC)
    angle = np.deg2rad(random.normal(0, 6 * strength))
    slant = random.normal(0.08, 0.25 * strength)
    stretch = np.exp(random.normal(0, 0.12 * strength, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    inverse = np.linalg.inv(turn @ np.array([[1, -slant], [0, 1]]) @ np.diag(stretch))
    side = LARGE + 30
    shift = np.array([LARGE, LARGE]) / 2 - inverse @ np.array([side, side]) / 2
    matrix = (*inverse[0], shift[0], *inverse[1], shift[1])
    image = large.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    if random.random() < 0.5 * strength:
        image = _elastic(image, random)
    width = random.choice([-5, -3, -3, 0, 0, 0, 3, 3, 5, 7, 9])
    if width > 0:
        image = image.filter(ImageFilter.GaussianBlur(1)).filter(ImageFilter.MaxFilter(int(width)))
    elif width < 0:
        thin = image.filter(ImageFilter.MinFilter(int(-width)))
        if np.asarray(thin).sum() > 0.3 * np.asarray(image).sum():  # thin strokes must not vanish
            image = thin
    if random.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(1.5)).point(lambda v: 255 if v > 110 else 0)
    return image


def _elastic(image: Image.Image, random: Generator) -> Image.Image:
    grid = 4
    w, h = image.size
    step_x, step_y = w // grid, h // grid
    moved = random.normal(0, 2.2, (grid + 1, grid + 1, 2))
    mesh = []
    for i in range(grid):
        for j in range(grid):
            box = (j * step_x, i * step_y, (j + 1) * step_x, (i + 1) * step_y)
            corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
            quad = [value for a, b in corners for value in (b * step_x + moved[a, b, 0], a * step_y + moved[a, b, 1])]
            mesh.append((box, quad))
    return image.transform(image.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def _boxed(coverage: Image.Image, random: Generator) -> NDArray[np.uint8]:
    """Stretched to fill a small box, black and white or grey, like the digits in older collections."""
    digit = coverage.crop(coverage.getbbox() or (0, 0, *coverage.size))
    width, height = digit.size
    # 1 stretches it to a square, as many collections do.
    square = 1.0 if random.random() < 0.5 else random.uniform(0, 1)
    side = int(random.integers(14, 33))
    longer = max(width, height)
    size = [max(round(side * (length / longer) ** (1 - square)), 3) for length in (width, height)]
    small = np.asarray(digit.resize((size[0], size[1]), Image.Resampling.BOX))
    if random.random() < 0.6:
        small = np.where(small > random.integers(60, 140), 255, 0).astype(np.uint8)
    return small if random.random() < 0.5 else np.uint8(255) - small


def _place(coverage: Image.Image, others: tuple[Grey, Grey], random: Generator, strength: float) -> Image.Image:
    """The digit in an image of its own size or larger, sometimes with parts of its neighbours."""
    box = coverage.getbbox() or (0, 0, *coverage.size)
    digit = coverage.crop(box)
    w, h = digit.size
    margin = random.integers(0, 1 + int(0.6 * max(w, h)), 4) if random.random() < 0.8 else np.zeros(4, int)
    canvas = Image.new("L", (w + int(margin[0] + margin[1]), h + int(margin[2] + margin[3])))
    canvas.paste(digit, (int(margin[0]), int(margin[2])))
    for other, left in zip(others, (True, False), strict=True):
        if random.random() > 0.25 * strength:
            continue
        neighbour = Image.fromarray(other).resize((LARGE, LARGE), Image.Resampling.BICUBIC)
        neighbour = neighbour.crop(neighbour.getbbox())
        room = int(margin[0] if left else margin[1])
        shown = int(random.uniform(0.1, 1.05) * room)  # some touch the digit
        if shown < 3:
            continue
        beside = shown - neighbour.width if left else canvas.width - shown
        down = int(margin[2] + (h - neighbour.height) / 2 + random.normal(0, 6))
        canvas.paste(255, (beside, down), neighbour)
    return canvas


def _lines(canvas: Image.Image, random: Generator, strength: float) -> Image.Image:
    """Ruled lines near the border, dots and specks."""
    draw = ImageDraw.Draw(canvas)
    w, h = canvas.size
    if random.random() < 0.1 * strength:
        y = int(random.choice([random.uniform(0, 0.08), random.uniform(0.94, 1)]) * h)
        draw.line(
            (0, y, w, y + random.normal(0, 2)), fill=int(random.integers(120, 256)), width=int(random.integers(1, 5))
        )
    if random.random() < 0.08 * strength:
        x = int(random.choice([random.uniform(0, 0.05), random.uniform(0.96, 1)]) * w)
        draw.line(
            (x, 0, x + random.normal(0, 2), h), fill=int(random.integers(120, 256)), width=int(random.integers(1, 5))
        )
    for _ in range(random.poisson(0.3 * strength)):
        across, down, r = random.uniform(0, w), random.uniform(0, h), random.uniform(1, 4)
        draw.ellipse((across - r, down - r, across + r, down + r), fill=int(random.integers(100, 256)))
    return canvas


def _photograph(canvas: Image.Image, random: Generator) -> NDArray[np.uint8]:
    """The effects of light and camera: size, colours, shade, blur, noise."""
    side = int(np.exp(random.uniform(np.log(14), np.log(100))))
    scale = side / max(canvas.size)
    size = (max(round(canvas.width * scale), 4), max(round(canvas.height * scale), 4))
    if random.random() < 0.4:
        canvas = canvas.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 4)))
    amount = np.asarray(canvas.resize(size, Image.Resampling.BOX), np.float32)[..., None] / 255
    if random.random() < 0.15:
        return (amount[..., 0] * 255).round().astype(np.uint8)
    paper, ink = _colours(random)
    amount = amount * random.uniform(0.75, 1)
    pixels = paper * (1 - amount) + ink * amount
    y, x = np.mgrid[-1 : 1 : size[1] * 1j, -1 : 1 : size[0] * 1j].astype(np.float32)
    if random.random() < 0.5:
        a, b, c = random.normal(0, 0.08, 3)
        pixels = pixels * (1 + a * x + b * y + c * x * y)[..., None]
    pixels = pixels + random.normal(0, random.uniform(0, 0.04), pixels.shape)
    return np.clip(pixels * 255, 0, 255).round().astype(np.uint8)


def _colours(random: Generator) -> tuple[Floats, Floats]:
    """Paper and ink (3 each, 0..1), far enough apart to be legible."""
    while True:
        if random.random() < 0.6:
            paper, ink = np.repeat(random.uniform(0, 1, 2), 3).reshape(2, 3).astype(np.float32)
        else:
            paper, ink = random.uniform(0, 1, (2, 3)).astype(np.float32)
        if np.abs(paper - ink).max() > 0.3:
            return paper, ink
