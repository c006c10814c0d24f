"""Pictures and a model version in, what the service would answer and how good that is out; no HTTP in between."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lambda_fn.bodies import image_files
from lambda_fn.digits import interpret, prepare
from lambda_fn.inference.model import Model
from scripts.client.samples import Sample
from scripts.train.model_card import wilson

BATCH = 200
BINS = 15


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One model's answers to one set.

    Attributes:
        labels, digits: what the pictures show and what was read, n each.
        confidence: n, 0..1; warnings: n lists of codes; tensor: what the network saw, n×28×28.
        seconds: spent on preparation and inference.
    """

    labels: NDArray[np.int64]
    digits: NDArray[np.int64]
    confidence: NDArray[np.float64]
    warnings: list[list[str]]
    tensor: NDArray[np.float32]
    seconds: float

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which answers are right, n."""
        right: NDArray[np.bool_] = self.digits == self.labels
        return right

    @property
    def low(self) -> NDArray[np.bool_]:
        """Which answers ask for a person, n."""
        return np.array(["low_confidence" in codes for codes in self.warnings])

    def accuracy(self) -> tuple[float, float, float]:
        """The share of right answers and its 95 % interval (Wilson)."""
        return float(self.right.mean()), *wilson(int(self.right.sum()), len(self.labels))

    def calibration_error(self) -> float:
        """Expected calibration error, 15 equal bins: how far confidence is from accuracy, 0..1."""
        place = np.minimum((self.confidence * BINS).astype(int), BINS - 1)
        gaps = [
            abs(self.right[place == b].mean() - self.confidence[place == b].mean()) * (place == b).mean()
            for b in np.unique(place)
        ]
        return float(sum(gaps))

    def codes(self) -> dict[str, float]:
        """The share of pictures with each warning, most frequent first."""
        counts = Counter(code for codes in self.warnings for code in codes)
        return {code: count / len(self.labels) for code, count in counts.most_common()}


def evaluate(samples: Sequence[Sample], model: Model, title: str) -> Evaluation:
    """Answers every picture as the service does; all labels must be known."""
    answers, tensors, seconds = [], [], 0.0
    for start in tqdm(range(0, len(samples), BATCH), desc=title, unit="batch", leave=False, disable=None):
        pictures = [
            image_files.decode([sample.picture])[0] if isinstance(sample.picture, bytes) else sample.picture
            for sample in samples[start : start + BATCH]
        ]
        began = time.perf_counter()
        prepared = prepare.prepare(pictures)
        scores = model.run(prepared.tensor)
        seconds += time.perf_counter() - began
        answers.append(interpret.answer(scores, prepared.warnings, model.contract.low_confidence_below))
        tensors.append(prepared.tensor[..., 0])
    return Evaluation(
        labels=np.array([sample.label for sample in samples], np.int64),
        digits=np.concatenate([answer.digits for answer in answers]).astype(np.int64),
        confidence=np.concatenate([answer.confidence for answer in answers]).astype(np.float64),
        warnings=[codes for answer in answers for codes in answer.warnings],
        tensor=np.concatenate(tensors),
        seconds=seconds,
    )
