"""Draws docs/load.png: rate, latency and memory over time, by phase."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from scripts.measure.figures import BLUE, GREY, ORANGE, RED
from scripts.measure.load.results import HOSTILE, Row
from scripts.measure.processes import Sample

SHARES = {99: RED, 95: ORANGE, 50: BLUE}


def draw(found: dict[str, Any], rows: Sequence[Row], samples: Sequence[Sample], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    began = min(row.at for row in rows)
    seconds = int(max(row.at for row in rows) - began) + 1
    figure, axes = plt.subplots(3, 1, figsize=(12, 8), sharex=True, layout="constrained", height_ratios=(3, 3, 2))
    _rate(axes[0], rows, began, seconds)
    _latency(axes[1], rows, began, seconds)
    _memory(axes[2], samples, began)
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        _bands(each, rows, began)
    _names(axes[0], rows, found, began)
    axes[2].set(xlabel="seconds", xlim=(0, seconds))
    machine = found["machine"]
    title = f"make load: {machine['processor'].split(' (')[0]}, {machine['cores']} cores for server and generator"
    figure.suptitle(title + (" – a quick trial" if found["quick"] else ""), fontsize=12)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _rate(axes: Any, rows: Sequence[Row], began: float, seconds: int) -> None:
    series = (
        ("right answers", BLUE, [row for row in rows if row.kind != HOSTILE and row.status == 200 and not row.fault]),
        ("refused, 429", ORANGE, [row for row in rows if row.status == 429]),
        ("hostile", GREY, [row for row in rows if row.kind == HOSTILE]),
        ("failed", RED, [row for row in rows if row.fault]),
    )
    for label, colour, chosen in series:
        counts, _ = np.histogram([row.at - began for row in chosen], bins=seconds, range=(0, seconds))
        if counts.any():
            axes.step(np.arange(seconds), counts, where="post", color=colour, label=label, lw=1.2)
    axes.set_yscale("symlog", linthresh=10)
    axes.set_yticks([0, 10, 100, 1000], ["0", "10", "100", "1,000"])
    axes.set(ylabel="requests a second", ylim=(0, None))
    axes.legend(frameon=False, ncols=4, loc="lower left", fontsize=9)


def _latency(axes: Any, rows: Sequence[Row], began: float, seconds: int) -> None:
    window = max(1, seconds // 200)
    buckets: dict[int, list[float]] = {}
    for row in rows:
        if row.kind != HOSTILE and row.status == 200 and not row.fault:
            buckets.setdefault(int(row.at - began) // window, []).append(row.milliseconds)
    places = sorted(buckets)
    for share, colour in SHARES.items():
        values = [np.percentile(buckets[place], share) for place in places]
        axes.plot([(place + 0.5) * window for place in places], values, color=colour, lw=1.2, label=f"p{share}")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set(ylabel="milliseconds")
    axes.legend(frameon=False, ncols=3, loc="upper left", fontsize=9)


def _memory(axes: Any, samples: Sequence[Sample], began: float) -> None:
    axes.plot([each.at - began for each in samples], [each.memory / 1e6 for each in samples], color=BLUE, lw=1.2)
    axes.set(ylabel="MB, all server\nprocesses", ylim=(0, None))


def _spans(rows: Sequence[Row], began: float) -> dict[str, tuple[float, float]]:
    spans: dict[str, tuple[float, float]] = {}
    for row in rows:
        low, high = spans.get(row.phase, (row.at - began,) * 2)
        spans[row.phase] = (min(low, row.at - began), max(high, row.at - began))
    return spans


def _bands(axes: Any, rows: Sequence[Row], began: float) -> None:
    for place, (low, high) in enumerate(_spans(rows, began).values()):
        if place % 2:
            axes.axvspan(low, high, color="#f0f2f5", zorder=0)


def _names(axes: Any, rows: Sequence[Row], found: dict[str, Any], began: float) -> None:
    """A phase's name above it; phases that are compared share one."""
    spans = _spans(rows, began)
    groups: dict[str, list[str]] = {}
    for phase in found["phases"]:
        if phase["name"] in spans:
            groups.setdefault("hostile, in turns" if phase["group"] == HOSTILE else phase["name"], []).append(
                phase["name"]
            )
    for title, names in groups.items():
        middle = (spans[names[0]][0] + spans[names[-1]][1]) / 2
        axes.annotate(title, (middle, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 6), rotation=60,
                      textcoords="offset points", ha="left", va="bottom", fontsize=9)  # fmt: skip
