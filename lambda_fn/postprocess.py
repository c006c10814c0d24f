"""Scores in, the answer out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOW_CONFIDENCE = "low_confidence"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a batch shows, one entry an image.

    Attributes:
        digits: positions in the contract's labels.
        confidence: probability of that digit, 0..1.
        warnings: stable codes of what is doubtful about the image or was changed in it.
    """

    digits: NDArray[np.intp]
    confidence: NDArray[np.float32]
    warnings: list[list[str]]

    def counts(self, classes: int) -> list[int]:
        """How many images show each class."""
        counts: list[int] = np.bincount(self.digits, minlength=classes).tolist()
        return counts

    def as_json(self) -> dict[str, Any]:
        """The members of the response that speak of the images."""
        return {"y": self.digits.tolist(), "confidence": rounded(self.confidence), "warnings": self.warnings}


def answer(scores: NDArray[np.float32], warnings: list[list[str]], low_confidence_below: float) -> Answer:
    """The digit of each image and how sure it is.

    Args:
        scores: n×classes, rows summing to 1.
        warnings: what was noticed before inference, n lists; each low-confidence image's list grows by one code.
        low_confidence_below: see Contract.
    """
    digits = scores.argmax(axis=1)
    confidence = scores[np.arange(len(scores)), digits]
    for index in np.flatnonzero(confidence < low_confidence_below).tolist():
        warnings[index].append(LOW_CONFIDENCE)
    return Answer(digits, confidence, warnings)


def rounded(values: NDArray[np.float32]) -> list[Any]:
    """Plain numbers with six decimals: a float32 written as a double would show digits that mean nothing."""
    plain: list[Any] = values.astype(np.float64).round(6).tolist()
    return plain
