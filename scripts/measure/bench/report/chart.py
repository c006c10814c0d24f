"""Draws docs/benchmark.png: time in process, HTTP, start and memory."""

from pathlib import Path
from statistics import median
from typing import Any

from scripts.measure.bench.report import objectives
from scripts.measure.figures import BLUE, GREY, ORANGE, RED, number

STEPS = {"interpreter": "#7f8c99", "imports": GREY, "session": BLUE, "verification": "#2a9d8f", "warm-up": ORANGE}


def draw(results: dict[str, Any], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(12, 7.5), layout="constrained")
    _floor(axes[0, 0], results)
    _systems(axes[0, 1], results, results["http"]["burst"], "500 predictions as 5 × 100 floats over HTTP", 1e3, "ms")
    _start(axes[1, 0], results)
    memory = {name: amounts[-1:] for name, amounts in results["http"]["memory"].items()}
    _systems(axes[1, 1], results, memory, "Resident memory after the requests", 1e-6, "MB")
    for each in axes.flat:
        each.spines[["top", "right"]].set_visible(False)
    machine = results["machine"]
    title = f"{machine['processor'].split(' (')[0]}, one core each, {machine['Python']}"
    figure.suptitle(title + (" – a quick trial" if results["quick"] else ""), fontsize=12)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _floor(axes: Any, results: dict[str, Any]) -> None:
    spreads = {name: objectives.to_floor(results, name) for name in results["in_process"]}
    for place, (name, spread) in enumerate(spreads.items()):
        axes.barh(place, spread.median, 0.6, color=BLUE)
        limit = objectives.TO_FLOOR.get(name)
        if limit:
            axes.plot([limit, limit], [place - 0.38, place + 0.38], color=RED, lw=2, label="objective")
        strict = objectives.to_floor(results, name, "strict")
        axes.plot(strict.median, place, "o", color="black", ms=4, label="to the stricter floor")
        end = max(spread.median, strict.median, limit or 0)
        axes.text(end, place, f"  {number(spread.median)}×", va="center", fontsize=9)
    axes.axvline(1, color="black", lw=0.8)
    axes.set_yticks(range(len(spreads)), list(spreads))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set(title="Event to response, as a multiple of the floor", xlabel="times the bare parse and session")
    handles, labels = axes.get_legend_handles_labels()
    legend = dict(zip(labels, handles, strict=True))  # one of each
    axes.legend(legend.values(), legend.keys(), frameon=False, loc="lower right", fontsize=9)


def _systems(
    axes: Any, results: dict[str, Any], values: dict[str, list[float]], title: str, scale: float, unit: str
) -> None:
    names = [name for name in values if name != "http" and values[name]]
    heights = [median(values[name]) * scale for name in names]
    bars = axes.barh(range(len(names)), heights, 0.6, color=[BLUE if name == "ours" else GREY for name in names])
    axes.bar_label(bars, [f" {number(height)} {unit}" for height in heights], fontsize=9)
    axes.set_yticks(range(len(names)), [results["titles"][name].split(" (")[0] for name in names])
    axes.invert_yaxis()
    axes.margins(x=0.16)
    axes.set(title=title, xlabel=unit)


def _start(axes: Any, results: dict[str, Any]) -> None:
    rows = {"floor": results["cold"]["floor"], "ours": results["cold"]["ours"]}
    if "missing" not in results["container"]:
        rows["ours, in the\ncontainer"] = results["container"]["steps"]
    for place, starts in enumerate(rows.values()):
        left = 0.0
        for step, colour in STEPS.items():
            width = median(start.get(step, 0) for start in starts) * 1e3
            axes.barh(place, width, 0.6, left=left, color=colour, label=None if place else step)
            left += width
        axes.text(left, place, f" {number(left)} ms", va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.margins(x=0.16)
    axes.set(title="Start: new interpreter to ready", xlabel="ms")
    axes.legend(frameon=False, ncols=3, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16))
