"""Predictions in, a picture out: how the digits are distributed, how sure the model is, and where it was wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.client.client import Predictions
from scripts.client.samples import Sample

BLUE, GREY, RED = "#1f5fa8", "#b9c0c8", "#c0392b"
SHOWN = 10


def draw(samples: Sequence[Sample], predictions: Predictions, trained: NDArray[np.float64] | None, path: Path) -> None:
    """Writes a PNG: predicted shares beside `trained` (10 shares), confidence, and the most doubtful pictures."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(11, 6), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=[2, 1])
    left, right = figure.add_subfigure(grid[0]).subplots(1, 2)
    _shares(left, np.bincount(predictions.digits, minlength=10) / len(predictions.digits), trained)
    _confidence(right, predictions.confidence)
    below = figure.add_subfigure(grid[1])
    below.suptitle("The least confident", x=0.01, ha="left", fontsize=11)
    _doubtful(below.subplots(1, SHOWN), samples, predictions)
    figure.suptitle(_title(samples, predictions), fontsize=13)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _title(samples: Sequence[Sample], predictions: Predictions) -> str:
    title = f"{len(predictions.digits):,} images, {predictions.model['name']} version {predictions.model['version']}"
    pairs = zip(predictions.digits, samples, strict=True)
    right = [digit == sample.label for digit, sample in pairs if sample.label is not None]
    return f"{title}: {np.mean(right):.2%} right" if len(right) == len(samples) else title


def _shares(axes: Any, predicted: NDArray[np.float64], trained: NDArray[np.float64] | None) -> None:
    digits = np.arange(10)
    if trained is not None:
        axes.bar(digits - 0.2, trained * 100, 0.4, color=GREY, label="training")
    axes.bar(digits + (0.2 if trained is not None else 0), predicted * 100, 0.4, color=BLUE, label="predicted")
    axes.set(title="Share of each digit", xlabel="digit", ylabel="% of images", xticks=digits)
    axes.margins(y=0.2)
    axes.legend(frameon=False, ncols=2, loc="upper center")


def _confidence(axes: Any, confidence: NDArray[np.float64]) -> None:
    axes.hist(confidence, bins=np.linspace(0, 1, 21), color=BLUE)
    axes.set(title="Confidence", xlabel="probability of the predicted digit", ylabel="images (log)", yscale="log")
    axes.set_xlim(0, 1)


def _doubtful(places: Any, samples: Sequence[Sample], predictions: Predictions) -> None:
    worst = np.argsort(predictions.confidence)[:SHOWN]
    for axes in places:
        axes.axis("off")
    for axes, index in zip(places, worst, strict=False):
        axes.imshow(samples[index].pixels(), cmap="gray")
        digit, label = predictions.digits[index], samples[index].label
        wrong = label is not None and label != digit
        text = f"{digit}, is {label}" if wrong else f"{digit}"
        axes.set_title(f"{text}\n{predictions.confidence[index]:.2f}", fontsize=9, color=RED if wrong else "black")
