"""A widget and its place on the picture in; drawn as CloudWatch would."""

import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scripts.simulate.cloudwatch import insights
from scripts.simulate.cloudwatch.dashboards import Widget, drawn
from scripts.simulate.preview.day import Day

INK, FAINT, PAPER = "#16191f", "#5f6b76", "#ffffff"
SERIES = ("#1f5fa8", "#e9a23b", "#c0392b", "#2a9d8f", "#7d5ba6")
OK, ALARM = "#2a9d8f", "#c0392b"
CHARACTERS = 9.6  # of a line of text, in a unit of the grid
LOG_ROWS = 8


def draw(axes: Any, widget: Widget, day: Day, alarms: Mapping[str, bool]) -> None:
    """Draws on `axes`, which has the widget's place; `alarms` has each one's state by its logical id."""
    kind = widget.kind if widget.kind != "metric" else widget.properties["view"]
    DRAW[kind](axes, widget, day, alarms)


def _text(axes: Any, widget: Widget, _day: Day, _alarms: object) -> None:
    axes.axis("off")
    heading, _, reading = widget.properties["markdown"].rpartition("\n")
    if heading:
        axes.text(0, 0.85, heading.lstrip("# "), fontsize=19, weight="bold", color=INK, va="top")
    wrapped = textwrap.fill(reading.replace("`", ""), int(widget.width * CHARACTERS))
    axes.text(0, 0.25 if heading else 0.95, wrapped, fontsize=10, color=FAINT, va="top", linespacing=1.35)


def _alarms(axes: Any, widget: Widget, _day: Day, alarms: Mapping[str, bool]) -> None:
    _title(axes, widget)
    axes.axis("off")
    names = [re.sub(r"^\$\{|\.Arn\}$", "", each) for each in widget.properties["alarms"]]
    columns = 6
    rows = -(-len(names) // columns)
    for place, name in enumerate(names):
        row, column = divmod(place, columns)
        left, bottom = column / columns, 1 - (row + 1) / rows
        colour = ALARM if alarms[name] else OK
        box = {"transform": axes.transAxes, "facecolor": colour, "alpha": 0.14, "edgecolor": "none"}
        axes.add_patch(_rectangle(left + 0.003, bottom + 0.04, 1 / columns - 0.006, 1 / rows - 0.08, **box))
        label = f"{'●' if alarms[name] else '✓'}  {_readable(name, widget)}"
        axes.text(left + 0.012, bottom + 0.5 / rows, label, fontsize=10.5, color=INK, va="center")


def _rectangle(*arguments: Any, **options: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(arguments[:2], *arguments[2:], **options)


def _readable(name: str, widget: Widget) -> str:
    return str(widget.properties.get("names", {}).get(name, name))


def _graph(axes: Any, widget: Widget, day: Day, _alarms: object) -> None:
    _title(axes, widget)
    shown = list(drawn(widget, day.store, day.clock))
    for place, each in enumerate(shown):
        end = each.period - 1
        times, values = (day.clock[end :: each.period] - each.period) / 60, each.values[end :: each.period]
        colour = each.colour or SERIES[place % len(SERIES)]
        axes.plot(times, values, color=colour, lw=1.5, label=each.label, solid_capstyle="round")
    _bounds(axes, widget)
    axis = widget.properties.get("yAxis", {}).get("left", {})
    axes.set_ylabel(axis.get("label", ""), color=FAINT, fontsize=9)
    low, high = axes.get_ylim()
    axes.set_ylim(axis.get("min", low), axis.get("max", high if high > 0.06 else 1) * 1.03)
    axes.set_xlim(0, len(day.clock) / 60)
    axes.set_xticks(range(0, len(day.clock) // 60 + 1, 2 if widget.width > 6 else 4))
    axes.xaxis.set_major_formatter(lambda hour, _: f"{int(hour):02}:00")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}")
    _style(axes)
    right = widget.properties.get("legend", {}).get("position") == "right"
    where = (
        {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)}
        if right
        else {"loc": "upper left", "bbox_to_anchor": (-0.02, -0.11), "ncols": 4, "columnspacing": 1.2}
    )
    axes.legend(frameon=False, fontsize=8.5, handlelength=1.2, borderpad=0.1, **where)


def _bounds(axes: Any, widget: Widget) -> None:
    """The annotations, labels side by side where lines are near; like CloudWatch's they stretch the axis."""
    bounds = sorted(_annotations(widget), key=lambda each: float(each["value"]))
    for each in bounds:
        axes.axhline(each["value"], color=each["color"], lw=1, ls=(0, (5, 3)))
    beside, below = 0, -np.inf
    for each in bounds:
        near = each["value"] - below < 0.1 * np.ptp(axes.get_ylim())
        beside, below = (beside + 1 if near else 0), each["value"]
        axes.annotate(
            each["label"],
            (1 - 0.3 * beside, each["value"]),
            xycoords=("axes fraction", "data"),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=each["color"],
        )


def _annotations(widget: Widget) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = widget.properties.get("annotations", {}).get("horizontal", [])
    return found


def _bar(axes: Any, widget: Widget, day: Day, _alarms: object) -> None:
    """Horizontal, as CloudWatch's are; what has the same first word lies together."""
    _title(axes, widget)
    shown = list(drawn(widget, day.store, day.clock))
    labels = list(dict.fromkeys(each.label.split(" ")[0] for each in shown))
    together = len(shown) / len(labels)
    for place, each in enumerate(shown):
        group, member = divmod(place, int(together))
        axes.barh(group + (member - 0.5) * 0.4, each.values[-1], 0.38, color=each.colour)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.set_xlabel(widget.properties["yAxis"]["left"]["label"], color=FAINT, fontsize=9)
    _style(axes, grid="x")


def _numbers(axes: Any, widget: Widget, day: Day, _alarms: object) -> None:
    _title(axes, widget)
    axes.axis("off")
    shown = list(drawn(widget, day.store, day.clock))
    for place, each in enumerate(shown):
        label, unit = each.label.split(", ")
        middle = 0.78 - 0.5 * place
        axes.text(0.5, middle, f"{each.values[-1]:.5g} {unit}", fontsize=26, color=INK, ha="center", va="center")
        axes.text(0.5, middle - 0.19, label, fontsize=10.5, color=FAINT, ha="center", va="center")


def _log(axes: Any, widget: Widget, day: Day, _alarms: object) -> None:
    _title(axes, widget)
    axes.axis("off")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    table = insights.run(widget.properties["query"], day.lines)
    rows = [[_cell(value) for value in row] for row in table.rows[:LOG_ROWS]] or [["-"] * len(table.columns)]
    widths = np.array([max(len(row[place]) for row in [table.columns, *rows]) + 2 for place in range(len(rows[0]))])
    lefts = np.concatenate([[0], np.cumsum(widths)])[:-1] / max(widths.sum(), 60)
    for number, row in enumerate([table.columns, *rows]):
        height = 0.93 - number / (LOG_ROWS + 1)
        for left, cell in zip(lefts, row, strict=True):
            axes.text(
                left, height, cell, fontsize=8.5, color=INK if number else FAINT, va="baseline", family="monospace"
            )
        axes.plot([0, 1], [height - 0.03] * 2, color="#e3e6ea", lw=0.6)


def _cell(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _title(axes: Any, widget: Widget) -> None:
    axes.set_title(widget.properties["title"], loc="left", fontsize=12, weight="bold", color=INK, pad=9)


def _style(axes: Any, grid: str = "y") -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#c6ccd2")
    axes.tick_params(colors=FAINT, labelsize=8.5, length=0)
    axes.grid(axis=grid, color="#e8eaed", lw=0.8)
    axes.set_axisbelow(True)


DRAW: dict[str, Callable[[Any, Widget, Day, Any], None]] = {
    "text": _text,
    "alarm": _alarms,
    "timeSeries": _graph,
    "bar": _bar,
    "singleValue": _numbers,
    "log": _log,
}
