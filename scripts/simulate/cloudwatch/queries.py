"""Evaluates the metrics and expressions of an alarm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.simulate.cloudwatch import expression
from scripts.simulate.cloudwatch.expression import Series
from scripts.simulate.cloudwatch.store import Name, Store


@dataclass(frozen=True, slots=True)
class Query:
    """A metric with its statistic, or an expression over others; `period` is in minutes."""

    id: str
    period: int
    name: Name | None = None
    statistic: str = ""
    expression: str = ""
    label: str = ""
    shown: bool = True


def text(value: Any) -> str:
    """A template's value with its references written as ${name}."""
    if isinstance(value, dict):
        if "Fn::Join" in value:
            return "".join(text(part) for part in value["Fn::Join"][1])
        return "${" + ".".join(map(str, np.atleast_1d(next(iter(value.values()))))) + "}"
    return str(value)


def evaluate(queries: Sequence[Query], store: Store, clock: NDArray[np.int64]) -> dict[str, Series]:
    """Each query's series by its id; `clock` has the minute at which each datapoint's window ends."""
    series = {
        query.id: store.series(query.name, query.statistic, query.period) for query in queries if query.name is not None
    }
    for query in queries:
        if query.expression:
            metrics = {key: each for key, each in series.items() if key != query.id}
            series[query.id] = expression.evaluate(query.expression, metrics, clock - query.period)
    return series
