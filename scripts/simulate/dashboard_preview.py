"""`make dashboard-preview`: prod's dashboards as docs/dashboard-*.png, for nobody here can open CloudWatch.

The stack is synthesised, and its widgets' metrics and expressions are evaluated on what the real handlers say of a
local load (preview/day.py). API Gateway's and Lambda's own metrics are derived from the same requests: their
count and status, and their time with 16 ms for the way (cloudwatch/recording.py).
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.simulate import simulate, stage_template
from scripts.simulate.cloudwatch import alarms, dashboards, recording
from scripts.simulate.cloudwatch.dashboards import Widget
from scripts.simulate.preview import day, panels
from scripts.simulate.preview.day import Day

DOCS = Path(__file__).resolve().parents[2] / "docs"
# Inches of a unit of the grid, and what stays free around a widget.
UNIT_X, UNIT_Y = 0.78, 0.56
LEFT, RIGHT, BELOW, ABOVE = 0.75, 0.25, 0.62, 0.45
LEGEND = 1.15
DPI = 72


def draw(widgets: Sequence[Widget], today: Day, states: Mapping[str, bool], path: Path) -> None:
    """Writes one dashboard's PNG, each widget where the grid has it."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    height = max(each.y + each.height for each in widgets)
    figure = plt.figure(figsize=(24 * UNIT_X, height * UNIT_Y), facecolor=panels.PAPER)
    for each in widgets:
        panels.draw(figure.add_axes(_place(each, height)), each, today, states)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)


def _place(widget: Widget, height: int) -> tuple[float, float, float, float]:
    """Left, bottom, width and height of its axes, as shares of the picture."""
    left, right, below, above = LEFT, RIGHT, BELOW, ABOVE
    if widget.kind in ("text", "alarm", "log"):
        left, right, below = 0.25, 0.25, 0.05
    if widget.kind == "text":
        above = 0.0
    if widget.properties.get("legend", {}).get("position") == "right":
        right, below = LEGEND, 0.4
    x, y = widget.x * UNIT_X + left, (height - widget.y - widget.height) * UNIT_Y + below
    wide, high = widget.width * UNIT_X - left - right, widget.height * UNIT_Y - below - above
    return x / (24 * UNIT_X), y / (height * UNIT_Y), wide / (24 * UNIT_X), high / (height * UNIT_Y)


def named(template: Mapping[str, Any]) -> dict[str, str]:
    """The names of the alarms, without the stack's, by their logical ids."""
    return {
        key: each["Properties"]["AlarmName"].split("-", 2)[2]
        for key, each in template["Resources"].items()
        if each["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    }


def with_names(widget: Widget, names: Mapping[str, str]) -> Widget:
    """The alarm widget knows ARNs; CloudWatch looks up their names."""
    if widget.kind != "alarm":
        return widget
    return Widget(
        widget.kind, widget.x, widget.y, widget.width, widget.height, {**widget.properties, "names": dict(names)}
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Draws both dashboards."""
    parser = argparse.ArgumentParser(prog="make dashboard-preview", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the pictures")
    options = parser.parse_args(arguments)
    template = stage_template.synthesise(simulate.PROD.stage)
    today = day.make(recording.record(day.KINDS, service=simulate.PROD.service_name))
    by_name = alarms.states(template, today.store, today.clock)
    names = named(template)
    states = {key: bool(by_name[name][-1]) for key, name in names.items() if name in by_name}
    for name, widgets in dashboards.read(template).items():
        path = options.out / f"dashboard-{name}.png"
        draw([with_names(each, names) for each in widgets], today, states, path)
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
