"""Answers labelled images with a model version as the service does, without HTTP, and measures the answers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lambda_fn.bodies import image_files
from lambda_fn.bodies.images import scale_pixels
from lambda_fn.inference.model import Model
from lambda_fn.pipeline import predict
from lambda_fn.settings import Settings
from lambda_fn.tasks import TASKS
from model.significance import wilson
from scripts.client.samples import Sample

BATCH = 200
BINS = 15


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model version's answers to n images.

    Attributes:
        classes: the contract's labels.
        labels, answers: n positions in `classes`.
        confidence: n, 0..1.
        warnings: n lists of codes.
        seen: what the network saw, n×H×W.
        seconds: for preparation and inference.
    """

    classes: tuple[str, ...]
    labels: NDArray[np.int64]
    answers: NDArray[np.int64]
    confidence: NDArray[np.float64]
    warnings: list[list[str]]
    seen: NDArray[np.float32]
    seconds: float

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which answers are right, n."""
        right: NDArray[np.bool_] = self.answers == self.labels
        return right

    @property
    def low(self) -> NDArray[np.bool_]:
        """Which answers have low confidence, n."""
        return np.array(["low_confidence" in codes for codes in self.warnings])

    def accuracy(self) -> tuple[float, float, float]:
        """The share of right answers and its 95 % interval."""
        return float(self.right.mean()), *wilson(int(self.right.sum()), len(self.labels))

    def calibration_error(self) -> float:
        """Expected calibration error over 15 equal bins, 0..1."""
        place = np.minimum((self.confidence * BINS).astype(int), BINS - 1)
        gaps = [
            abs(self.right[place == b].mean() - self.confidence[place == b].mean()) * (place == b).mean()
            for b in np.unique(place)
        ]
        return float(sum(gaps))

    def codes(self) -> dict[str, float]:
        """The share of images with each warning, most frequent first."""
        counts = Counter(code for codes in self.warnings for code in codes)
        return {code: count / len(self.labels) for code, count in counts.most_common()}


def load(version: str | None, name: str | None = None) -> Model:
    """A version of a model, or the version in a folder; the defaults are the service's.

    Raises:
        ModelRejected: it is not what its contract says.
    """
    settings = Settings.from_environment()
    name = name or next(iter(settings.models))
    folder = settings.model_repository / name / (version or settings.models[name])
    return Model.load(Path(version) if version and "/" in version else folder)


def evaluate(samples: Sequence[Sample], model: Model, title: str) -> Evaluation:
    """Answers every image; each label must be one of the contract's.

    Raises:
        RequestError: an image that the service would refuse.
    """
    classes, predictions = model.contract.labels, []
    for start in tqdm(range(0, len(samples), BATCH), desc=title, unit="batch", leave=False, disable=None):
        images = [_pixels(sample.image) for sample in samples[start : start + BATCH]]
        predictions.append(predict(TASKS[model.contract.task], model, images))
    answers = [prediction.answers for prediction in predictions]
    seen = [next(iter(prediction.prepared.tensors.values()))[..., 0] for prediction in predictions]
    return Evaluation(
        classes=classes,
        labels=np.array([classes.index(str(sample.label)) for sample in samples]),
        answers=np.array([classes.index(str(label)) for each in answers for label in each.members["y"]]),
        confidence=np.concatenate([each.confidence for each in answers]).astype(np.float64),
        warnings=[codes for each in answers for codes in each.warnings],
        seen=np.concatenate(seen),
        seconds=sum(prediction.prepare_ms + prediction.inference_ms for prediction in predictions) / 1e3,
    )


def _pixels(image: bytes | NDArray[Any]) -> NDArray[Any]:
    """uint8, or float32 in 0..1, as the service decodes them."""
    if isinstance(image, bytes):
        return image_files.decode([image])[0]
    return image if image.dtype == np.uint8 else scale_pixels(image[np.newaxis].astype(float), 0)[0]
