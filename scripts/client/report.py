"""Reports predictions as text: each image if there are few, otherwise how often each label was answered."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.client.client import Predictions
from scripts.client.samples import Sample

MODELS = Path(__file__).resolve().parents[2] / "model"
LISTED = 20


def training_shares(predictions: Predictions) -> dict[str, float]:
    """The share of each label in the training of the model that answered; empty if the model is not on this disk."""
    path = MODELS / predictions.model["name"] / predictions.model["version"] / "contract.json"
    if not path.exists():
        return {}
    contract = json.loads(path.read_bytes())
    return dict(zip(contract["labels"], contract["training_class_shares"], strict=True))


def predicted_shares(predictions: Predictions) -> dict[str, float]:
    """The share of each label among the answers."""
    labels = training_shares(predictions) or sorted(set(predictions.labels))
    return {label: predictions.labels.count(label) / len(predictions.labels) for label in labels}


def right(samples: Sequence[Sample], predictions: Predictions) -> NDArray[np.bool_] | None:
    """Which answers are right, n; None unless the label of every image is known."""
    labels = [sample.label for sample in samples]
    if not set(labels) <= predicted_shares(predictions).keys():
        return None
    return np.array([label == answer for label, answer in zip(labels, predictions.labels, strict=True)])


def write(samples: Sequence[Sample], predictions: Predictions) -> str:
    """The result as text."""
    n = len(samples)
    lines = [
        f"{n} images in {predictions.seconds:.2f} s ({n / predictions.seconds:.0f} a second), "
        f"model {predictions.model['name']} version {predictions.model['version']}"
    ]
    found = right(samples, predictions)
    if found is not None:
        lines.append(f"right: {found.sum()} of {n} ({found.mean():.2%})")
    doubtful = sum("low_confidence" in codes for codes in predictions.warnings)
    lines += [f"low confidence: {doubtful} ({doubtful / n:.2%})", ""]
    return "\n".join(lines + (_each(samples, predictions) if n <= LISTED else _shares(predictions)))


def _each(samples: Sequence[Sample], predictions: Predictions) -> list[str]:
    width = max(len(sample.name) for sample in samples)
    rows = zip(samples, predictions.labels, predictions.confidence, predictions.warnings, strict=True)
    return [f"{s.name:<{width}}  {label}  {sure:7.2%}  {', '.join(codes)}".rstrip() for s, label, sure, codes in rows]


def _shares(predictions: Predictions) -> list[str]:
    shares, trained = predicted_shares(predictions), training_shares(predictions)
    lines = ["label  predicted" + ("  in training" if trained else "")]
    for label, share in shares.items():
        lines.append(f"{label:>5}  {share:>9.1%}" + (f"  {trained[label]:>11.1%}" if trained else ""))
    return lines
