"""MNIST's test images in, the requests of a kind of post out, as clients would send them; from a fixed seed."""

import io
import json
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from model.digits.data import paper, transforms
from scripts.client.samples import Sample, payload

Images = NDArray[np.uint8]
Make = Callable[[Images, Generator], Sequence[Images]]

# Images in a request: most have one, others a tray's, some a sack's.
SIZES, SIZE_SHARES = (1, 8, 20, 60), (0.55, 0.25, 0.15, 0.05)
# How much the requests differ in their digits: their shares vary by about a third of themselves.
EVENNESS = 100


def _as_they_are(images: Images, _random: Generator) -> Sequence[Images]:
    return list(images)


def _inverted(images: Images, _random: Generator) -> Sequence[Images]:
    """Dark on light, as a scanner sends it whose inversion was turned off."""
    return list(255 - images)


def _grey(images: Images, random: Generator) -> Sequence[Images]:
    """Ink and paper a tenth of the range apart, with the camera's noise."""
    noise = random.normal(0, 2, images.shape)
    return list(np.clip(110 + 0.1 * (images.astype(float) - 100) + noise, 0, 255).round().astype(np.uint8))


def _blank(images: Images, random: Generator) -> Sequence[Images]:
    """Nothing but the camera's noise."""
    return list(np.clip(random.normal(20, 2, images.shape), 0, 255).round().astype(np.uint8))


def _odd(images: Images, random: Generator) -> Sequence[Images]:
    """Photographs of digits on paper, every kind of scan that a warning speaks of, and an empty picture in fifty."""
    return [_odd_one(images[place : place + 1], random) for place in range(len(images))]


def _odd_one(image: Images, random: Generator) -> Images:
    kinds = (*transforms.TRANSFORMS, "grey")
    kind = str(random.choice(["paper", "blank", *kinds], p=[0.5, 0.02, *[0.48 / len(kinds)] * len(kinds)]))
    if kind == "paper":
        return paper.sheet(image[0], (image[0], image[0]), random)
    return (KINDS[kind](image, random) if kind in KINDS else transforms.make(kind, image))[0]


KINDS: Mapping[str, Make] = {
    "normal": _as_they_are,
    "one digit": _as_they_are,
    "inverted": _inverted,
    "grey": _grey,
    "blank": _blank,
    "odd": _odd,
}
# What a camera sends; the others send arrays.
FILES = ("odd",)


def requests(kind: str, count: int, images: Images, labels: NDArray[np.uint8], seed: int = 0) -> list[bytes]:
    """Bodies of `POST /predict/batch`."""
    random = np.random.default_rng([seed, *kind.encode()])
    return [_request(kind, images, labels, random) for _ in range(count)]


def refused(count: int) -> list[bytes]:
    """Bodies that no client should send: ragged, empty, cut off."""
    return [[b'{"x": [[0, 1], [2]]}', b'{"x": []}', b'{"x": [[0'][index % 3] for index in range(count)]


def _request(kind: str, images: Images, labels: NDArray[np.uint8], random: Generator) -> bytes:
    size = int(random.choice(SIZES, p=SIZE_SHARES))
    shares = np.bincount(labels, minlength=10) / len(labels)
    mixed = np.eye(10)[3] if kind == "one digit" else random.dirichlet(EVENNESS * shares)
    digits = random.choice(10, size, p=mixed)
    chosen = [int(random.choice(np.flatnonzero(labels == digit))) for digit in digits]
    pictures = KINDS[kind](images[chosen], random)
    samples = [Sample(_png(picture) if kind in FILES else picture, "") for picture in pictures]
    return json.dumps(payload(samples)).encode()


def _png(picture: Images) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
