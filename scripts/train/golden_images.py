"""Labels and Keras's probabilities in; out, the few test images whose answers a server must reproduce at its start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CLEAR_MARGIN = 0.02  # between the two likeliest digits: less, and another processor's rounding could turn the answer


def choose(labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> NDArray[np.intp]:
    """Twenty indices, digits 0 to 9 twice: first the surest right answer of each digit, then the least sure."""
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    right = (probabilities.argmax(axis=1) == labels) & (first - second > CLEAR_MARGIN)
    candidates = [np.flatnonzero(right & (labels == digit)) for digit in range(10)]
    surest = [of_digit[first[of_digit].argmax()] for of_digit in candidates]
    least_sure = [of_digit[first[of_digit].argmin()] for of_digit in candidates]
    return np.array(surest + least_sure)


def save(path: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> None:
    chosen = choose(labels, probabilities)
    np.savez_compressed(path, images=images[chosen], labels=labels[chosen], probabilities=probabilities[chosen])
