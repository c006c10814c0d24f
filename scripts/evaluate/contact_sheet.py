"""Draws many images with their answers on one sheet, and the confusion between labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.client.samples import Sample
from scripts.evaluate.evaluation import Evaluation

COLUMNS = 10
RED = "#c0392b"


def draw(samples: Sequence[Sample], found: Evaluation, which: Sequence[int], title: str, path: Path) -> None:
    """Writes a PNG: each image of `which` beside what the network saw, with label, answer and confidence."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    rows = max(-(-len(which) // COLUMNS), 1)
    figure, places = plt.subplots(rows, 2 * COLUMNS, figsize=(14, 1.05 * rows + 0.5), squeeze=False)
    for axes in places.flat:
        axes.axis("off")
    for place, index in enumerate(which):
        left, right = places.flat[2 * place], places.flat[2 * place + 1]
        left.imshow(samples[index].pixels(), cmap="gray")
        right.imshow(found.seen[index], cmap="gray", vmin=0, vmax=1)
        text = f"{found.classes[found.labels[index]]} read as {found.classes[found.answers[index]]}"
        left.set_title(
            f"{text} ({found.confidence[index]:.2f})",
            fontsize=7,
            loc="left",
            color=RED if not found.right[index] else "black",
        )
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    figure.tight_layout(pad=0.3, rect=(0, 0, 1, 0.99))
    figure.savefig(path, dpi=90)
    plt.close(figure)


def confusion(found: Evaluation, title: str, path: Path) -> None:
    """Writes a PNG of labels against answers; only mistakes are coloured."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    size = len(found.classes)
    counts: NDArray[np.int64] = np.zeros((size, size), np.int64)
    np.add.at(counts, (found.labels, found.answers), 1)
    figure, axes = plt.subplots(figsize=(5.4, 5.4), layout="constrained")
    mistakes: NDArray[Any] = np.where(np.eye(size, dtype=bool), 0, counts)
    axes.imshow(mistakes, cmap="Reds", vmin=0, vmax=max(1.5 * mistakes.max(), 1))
    for true, read in np.ndindex(size, size):
        if counts[true, read]:
            axes.text(read, true, f"{counts[true, read]:,}", ha="center", va="center", fontsize=9)
    axes.set(xlabel="read as", ylabel="is", title=title)
    axes.set_xticks(range(size), found.classes)
    axes.set_yticks(range(size), found.classes)
    figure.savefig(path, dpi=100)
    plt.close(figure)
