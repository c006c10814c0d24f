"""Makes training sets of digits on paper, brought back into MNIST's form by the service's own preparation.

An image depends only on its seed, so a set is the same on any number of processors.
"""

from collections.abc import Callable
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lambda_fn.digits.mnist_form import canonical
from model.digits.data import negatives, paper, strokes

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]

PART = 480


def digits(images: Images, labels: Labels, seed: int) -> Images:
    """Each image (n, 28, 28) once, on paper and back: n×28×28."""
    return _all(partial(_digit, images, labels, seed), len(images), f"digits on paper, seed {seed}")


def others(images: Images, labels: Labels, count: int, seed: int) -> Images:
    """Images without a digit, as the network would see them: count×28×28."""
    return _all(partial(_other, images, labels, seed), count, f"no digits, seed {seed}")


def sheet(images: Images, labels: Labels, seed: int, index: int) -> Images:
    """The image (H×W or H×W×3) behind one of `digits`."""
    random = np.random.default_rng([seed, index])
    left, right = random.integers(0, len(images), 2)
    digit = strokes.add(images[index], int(labels[index]), random)
    return paper.sheet(digit, (images[left], images[right]), random)


def other_sheet(images: Images, labels: Labels, seed: int, index: int) -> Images:
    """The image behind one of `others`."""
    random = np.random.default_rng([seed, index])
    first, second = random.integers(0, len(images), 2)
    pair = (int(labels[first]), int(labels[second]))
    return negatives.image((images[first], images[second]), pair, random)


def _digit(images: Images, labels: Labels, seed: int, part: range) -> Images:
    return _as_bytes([sheet(images, labels, seed, index) for index in part])


def _other(images: Images, labels: Labels, seed: int, part: range) -> Images:
    return _as_bytes([other_sheet(images, labels, seed, index) for index in part])


def _as_bytes(images: list[Images]) -> Images:
    return (canonical(images).tensor * 255).round().astype(np.uint8)


def _all(work: Callable[[range], Images], count: int, title: str) -> Images:
    parts = [range(start, min(start + PART, count)) for start in range(0, count, PART)]
    with get_context("fork").Pool() as pool, tqdm(total=count, desc=title, disable=None) as progress:
        done = []
        for result in pool.imap(work, parts):
            done.append(result)
            progress.update(len(result))
    return np.concatenate(done)
