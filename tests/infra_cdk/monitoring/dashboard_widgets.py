"""A template's dashboards: where each widget lies, and which metrics and expressions it names."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.simulate.cloudwatch.queries import Query, text
from scripts.simulate.cloudwatch.store import Name

DEFAULT_SECONDS = 300
SEARCH = re.compile(r"SEARCH\('\{([^,}]+),([^}]+)\} MetricName=\"(\w+)\" (\w+)=\"([^\"]+)\"', '(\w+)', (\d+)\)")


@dataclass(frozen=True, slots=True)
class Widget:
    """`kind` is text, alarm, metric or log; x, y, width and height are in the grid's units, 24 to a row."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    properties: Mapping[str, Any]


def read(template: Mapping[str, Any]) -> dict[str, list[Widget]]:
    """The widgets of each dashboard, by the dashboard's name without the stack's."""
    found = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Dashboard":
            properties = resource["Properties"]
            widgets = json.loads(text(properties["DashboardBody"]))["widgets"]
            found[properties["DashboardName"].split("-", 2)[2]] = [
                Widget(each["type"], each["x"], each["y"], each["width"], each["height"], each["properties"])
                for each in widgets
            ]
    return found


def queries(widget: Widget) -> list[Query]:
    """The metrics and expressions of a graph."""
    return [_query(entry, place) for place, entry in enumerate(widget.properties["metrics"])]


def _query(entry: list[Any], place: int) -> Query:
    options = entry[-1] if isinstance(entry[-1], dict) else {}
    key, label, shown = options.get("id", f"_{place}"), options.get("label", ""), options.get("visible", True)
    period = options.get("period", DEFAULT_SECONDS) // 60
    if "expression" in options:
        return Query(key, period, expression=options["expression"], label=label, shown=shown)
    namespace, name, *dimensions = entry[:-1] if options else entry
    metric = Name.of(namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)))
    return Query(key, period, metric, options.get("stat", "Average"), label=label or name, shown=shown)
