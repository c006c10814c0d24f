"""A template's dashboards in, their widgets out: where each lies, and what its metrics and expressions say."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.simulate.cloudwatch.expression import Series
from scripts.simulate.cloudwatch.queries import Query, evaluate, text
from scripts.simulate.cloudwatch.store import Name, Store

DEFAULT_SECONDS = 300
SEARCH = re.compile(r"SEARCH\('\{([^,}]+),([^}]+)\} MetricName=\"(\w+)\" (\w+)=\"([^\"]+)\"', '(\w+)', (\d+)\)")


@dataclass(frozen=True, slots=True)
class Widget:
    """`kind` is text, alarm, metric or log; x, y, width and height are in the grid's units, of which a row has 24."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One line or bar: its label, colour (or ""), and values; `period` is in minutes."""

    label: str
    colour: str
    values: Series
    period: int


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


def drawn(widget: Widget, store: Store, clock: NDArray[np.int64]) -> Iterator[Drawn]:
    """What the graph shows, over the store's whole time: one value of each where it takes that as its period."""
    whole = widget.properties.get("setPeriodToTimeRange", False)
    asked = [replace(query, period=store.minutes) if whole else query for query in queries(widget)]
    plain = [query for query in asked if not query.expression.startswith("SEARCH")]
    values = evaluate(plain, store, clock)
    for query in asked:
        if query.expression.startswith("SEARCH"):
            yield from _search(query, store)
        elif query.shown:
            yield Drawn(query.label, query.options.get("color", ""), values[query.id], query.period)


def _query(entry: list[Any], place: int) -> Query:
    options = entry[-1] if isinstance(entry[-1], dict) else {}
    key, label = options.get("id", f"_{place}"), options.get("label", "")
    period = options.get("period", DEFAULT_SECONDS) // 60
    shown = options.get("visible", True)
    if "expression" in options:
        return Query(key, period, expression=options["expression"], label=label, shown=shown, options=options)
    namespace, name, *dimensions = entry[:-1] if options else entry
    metric = Name.of(namespace, name, dict(zip(dimensions[::2], dimensions[1::2], strict=True)))
    return Query(key, period, metric, options.get("stat", "Average"), label=label or name, shown=shown, options=options)


def _search(query: Query, store: Store) -> Iterator[Drawn]:
    """One line for each metric that the search finds, with the dimension's value that the label asks for."""
    found = SEARCH.fullmatch(query.expression)
    if not found:
        raise ValueError(f"{query.expression} is no search that is imitated here")
    namespace, dimensions, metric, wanted, value, statistic, seconds = found.groups()
    shown = re.fullmatch(r"\$\{PROP\('Dim\.(\w+)'\)\}", query.label)
    for name in store.names():
        here = dict(name.dimensions)
        same = (name.namespace, name.name, set(here)) == (namespace, metric, set(dimensions.split(",")))
        if same and shown and (namespace.startswith("AWS/") or here[wanted] == value):
            period = int(seconds) // 60
            yield Drawn(here[shown[1]], "", store.series(name, statistic, period), period)
