"""Reads the widgets of a template's dashboards."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.simulate.cloudwatch.queries import Query, text
from scripts.simulate.cloudwatch.store import Name

SEARCH = re.compile(r"SEARCH\('\{([^,}]+),([^}]+)\} MetricName=\"(\w+)\" (\w+)=\"([^\"]+)\"', '(\w+)', (\d+)\)")


@dataclass(frozen=True, slots=True)
class Widget:
    """`kind` is text, alarm, metric or log; positions and sizes are in the grid's units, 24 to a row."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    properties: Mapping[str, Any]

    @property
    def queries(self) -> list[Query]:
        """Metrics and expressions of a graph."""
        return [_query(entry, place) for place, entry in enumerate(self.properties["metrics"])]


def read(template: Mapping[str, Any]) -> dict[str, list[Widget]]:
    """The widgets of each dashboard, by its name without the stack's and the region's."""
    return {
        text(each["Properties"]["DashboardName"]).rsplit("-", 1)[1]: [
            Widget(*(widget[key] for key in ("type", "x", "y", "width", "height", "properties")))
            for widget in json.loads(text(each["Properties"]["DashboardBody"]))["widgets"]
        ]
        for each in template["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Dashboard"
    }


def _query(entry: list[Any], place: int) -> Query:
    options = entry[-1] if isinstance(entry[-1], dict) else {}
    key, period = options.get("id", f"_{place}"), options.get("period", 300) // 60
    label, shown = options.get("label", ""), options.get("visible", True)
    if "expression" in options:
        return Query(key, period, expression=options["expression"], label=label, shown=shown)
    namespace, name, *dimensions = entry[:-1] if options else entry
    metric = Name.of(namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)))
    return Query(key, period, metric, options.get("stat", "Average"), label=label or name, shown=shown)
