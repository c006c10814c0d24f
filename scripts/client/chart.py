"""Draws predictions: how often each label was answered, confidence, and the least confident images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.client import report
from scripts.client.client import Predictions
from scripts.client.samples import Sample

BLUE, GREY, RED = "#1f5fa8", "#b9c0c8", "#c0392b"
SHOWN = 10


def draw(samples: Sequence[Sample], predictions: Predictions, path: Path) -> None:
    """Writes a PNG."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure = plt.figure(figsize=(11, 6), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=[2, 1])
    left, right = figure.add_subfigure(grid[0]).subplots(1, 2)
    _shares(left, report.predicted_shares(predictions), report.training_shares(predictions))
    _confidence(right, predictions.confidence)
    below = figure.add_subfigure(grid[1])
    below.suptitle("The least confident", x=0.01, ha="left", fontsize=11)
    found = report.right(samples, predictions)
    _least_confident(below.subplots(1, SHOWN), samples, predictions, found)
    title = f"{len(samples):,} images, {predictions.model['name']} version {predictions.model['version']}"
    figure.suptitle(title if found is None else f"{title}: {found.mean():.2%} right", fontsize=13)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _shares(axes: Any, predicted: dict[str, float], trained: dict[str, float]) -> None:
    places = np.arange(len(predicted))
    if trained:
        axes.bar(places - 0.2, [share * 100 for share in trained.values()], 0.4, color=GREY, label="training")
    heights = [share * 100 for share in predicted.values()]
    axes.bar(places + (0.2 if trained else 0), heights, 0.4, color=BLUE, label="predicted")
    axes.set(title="Share of each label", xlabel="label", ylabel="% of images")
    axes.set_xticks(places, list(predicted))
    axes.margins(y=0.2)
    axes.legend(frameon=False, ncols=2, loc="upper center")


def _confidence(axes: Any, confidence: NDArray[np.float64]) -> None:
    axes.hist(confidence, bins=np.linspace(0, 1, 21), color=BLUE)
    axes.set(title="Confidence", xlabel="probability of the answer", ylabel="images (log)", yscale="log")
    axes.set_xlim(0, 1)


def _least_confident(
    places: Any, samples: Sequence[Sample], predictions: Predictions, right: NDArray[np.bool_] | None
) -> None:
    worst = np.argsort(predictions.confidence)[:SHOWN]
    for axes in places:
        axes.axis("off")
    for axes, index in zip(places, worst, strict=False):
        axes.imshow(samples[index].pixels(), cmap="gray")
        wrong = right is not None and not right[index]
        text = f"{predictions.labels[index]}, is {samples[index].label}" if wrong else predictions.labels[index]
        axes.set_title(f"{text}\n{predictions.confidence[index]:.2f}", fontsize=9, color=RED if wrong else "black")
