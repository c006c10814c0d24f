"""Builds the requests of each kind of mail from MNIST's test images, always the same for a seed."""

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

SIZES, SIZE_SHARES = (1, 8, 20, 60), (0.55, 0.25, 0.15, 0.05)  # images in a request
# Requests differ in their digits: shares vary by about a third of themselves.
EVENNESS = 100


def _unchanged(images: Images, _random: Generator) -> Sequence[Images]:
    return list(images)


def _inverted(images: Images, _random: Generator) -> Sequence[Images]:
    return list(255 - images)


def _grey(images: Images, random: Generator) -> Sequence[Images]:
    """Ink and paper a tenth of the range apart, with noise."""
    noise = random.normal(0, 2, images.shape)
    return list(np.clip(110 + 0.1 * (images.astype(float) - 100) + noise, 0, 255).round().astype(np.uint8))


def _blank(images: Images, random: Generator) -> Sequence[Images]:
    """Noise only."""
    return list(np.clip(random.normal(20, 2, images.shape), 0, 255).round().astype(np.uint8))


def _odd(images: Images, random: Generator) -> Sequence[Images]:
    """Photographs of paper, images for every warning, and two in a hundred blank."""
    return [_odd_one(images[place : place + 1], random) for place in range(len(images))]


def _odd_one(image: Images, random: Generator) -> Images:
    kinds = (*transforms.TRANSFORMS, "grey")
    kind = str(random.choice(["paper", "blank", *kinds], p=[0.5, 0.02, *[0.48 / len(kinds)] * len(kinds)]))
    if kind == "paper":
        return paper.sheet(image[0], (image[0], image[0]), random)
    return (KINDS[kind](image, random) if kind in KINDS else transforms.make(kind, image))[0]


KINDS: Mapping[str, Make] = {
    "normal": _unchanged,
    "one digit": _unchanged,
    "inverted": _inverted,
    "grey": _grey,
    "blank": _blank,
    "odd": _odd,
}
SENT_AS_FILES = ("odd",)  # the others are sent as arrays


def requests(kind: str, count: int, images: Images, labels: NDArray[np.uint8], seed: int = 0) -> list[bytes]:
    """Bodies of `POST /predict/batch`."""
    random = np.random.default_rng([seed, *kind.encode()])
    return [_request(kind, images, labels, random) for _ in range(count)]


def refused(count: int) -> list[bytes]:
    """Bodies that the service refuses: ragged, empty, truncated."""
    return [[b'{"x": [[0, 1], [2]]}', b'{"x": []}', b'{"x": [[0'][index % 3] for index in range(count)]


def _request(kind: str, images: Images, labels: NDArray[np.uint8], random: Generator) -> bytes:
    size = int(random.choice(SIZES, p=SIZE_SHARES))
    shares = np.bincount(labels, minlength=10) / len(labels)
    mixed = np.eye(10)[3] if kind == "one digit" else random.dirichlet(EVENNESS * shares)
    digits = random.choice(10, size, p=mixed)
    chosen = [int(random.choice(np.flatnonzero(labels == digit))) for digit in digits]
    made = KINDS[kind](images[chosen], random)
    samples = [Sample(_png(image) if kind in SENT_AS_FILES else image, "") for image in made]
    return json.dumps(payload(samples)).encode()


def _png(image: Images) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
