"""Scores in, the answer out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLANK = "blank"
LOW_CONFIDENCE = "low_confidence"
# Codes that ask for a person, however sure the model is.
DOUBTFUL = {BLANK, "unclear"}


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
        scores: n×classes, rows summing to 1; a blank image's are made even, for it shows no class more than another.
        warnings: what was noticed before inference, n lists; each list that asks for a person ends in low_confidence.
        low_confidence_below: see Contract.
    """
    for index, codes in enumerate(warnings):
        if BLANK in codes:
            scores[index] = 1 / scores.shape[1]
    digits = scores.argmax(axis=1)
    confidence = scores[np.arange(len(scores)), digits]
    for codes, low in zip(warnings, (confidence < low_confidence_below).tolist(), strict=True):
        if low or not DOUBTFUL.isdisjoint(codes):
            codes.append(LOW_CONFIDENCE)
    return Answer(digits, confidence, warnings)


def rounded(values: NDArray[np.float32]) -> list[Any]:
    """Plain numbers with six decimals: a float32 written as a double would show digits that mean nothing."""
    plain: list[Any] = values.astype(np.float64).round(6).tolist()
    return plain
