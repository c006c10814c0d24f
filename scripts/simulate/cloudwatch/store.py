"""Keeps the samples of metrics by minute, and gives statistics over a window that ends at each minute.

CloudWatch's alarms evaluate a window that moves by a minute, so a period of five minutes has a value each minute.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.simulate.cloudwatch.expression import Series


@dataclass(frozen=True, slots=True)
class Name:
    """A metric: namespace, name and dimensions.

    Values known only after a deployment are left empty: those of AWS's own metrics, and the function's version. Of
    Lambda's `Resource` the alias's name stays: ":live" for the calls of the alias, ":" for those of a version.
    """

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Mapping[str, str]) -> "Name":
        later = dimensions if namespace.startswith("AWS/") else ("function_version",)
        values = {key: "" if key in later else value for key, value in dimensions.items()}
        if "Resource" in dimensions:
            values["Resource"] = re.sub(r"\$\{[^}]*\}", "", dimensions["Resource"])
        return cls(namespace, name, frozenset(values.items()))


@dataclass(frozen=True, slots=True)
class Samples:
    """`values` (k) and how often each occurred in each minute, `counts` (minutes×k)."""

    values: NDArray[np.float64]
    counts: NDArray[np.float64]


class Store:
    """Metrics of `minutes` minutes."""

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        self._samples: dict[Name, list[Samples]] = defaultdict(list)
        self._known: dict[tuple[Name, str, int], Series] = {}

    def add(self, name: Name, values: NDArray[np.float64], counts: NDArray[np.float64]) -> None:
        """Adds k values and their counts (minutes×k)."""
        self._samples[name].append(Samples(values, counts))

    def series(self, name: Name, statistic: str, period: int) -> Series:
        """The statistic over the `period` minutes that end with each minute; NaN without a sample.

        Raises:
            ValueError: the statistic is not supported.
        """
        key = (name, statistic, period)
        if key not in self._known:
            samples = self._samples.get(name)
            missing = np.full(self.minutes, np.nan)
            self._known[key] = _statistic(samples, statistic, period) if samples else missing
        return self._known[key]


def _statistic(samples: Sequence[Samples], statistic: str, period: int) -> Series:
    total = _over_window(sum(each.counts.sum(axis=1) for each in samples), period)
    if statistic == "SampleCount":
        result = total
    elif statistic in ("Sum", "Average"):
        result = _over_window(sum(each.counts @ each.values for each in samples), period)
        result = result / np.maximum(total, 1) if statistic == "Average" else result
    elif statistic in ("Minimum", "Maximum"):
        sign = 1 if statistic == "Maximum" else -1
        result = sign * _highest([Samples(sign * each.values, each.counts) for each in samples], period)
    elif statistic.startswith("p"):
        result = _percentile(samples, float(statistic[1:]) / 100, period)
    else:
        raise ValueError(f"{statistic}: not supported")
    series: Series = np.where(total > 0, result, np.nan)
    return series


def _over_window(amounts: Any, period: int) -> Any:
    sums = np.cumsum(amounts, axis=0)
    sums[period:] -= sums[:-period].copy()
    return sums


def _highest(samples: Sequence[Samples], period: int) -> Series:
    each_minute: Series = np.max(
        [np.where(each.counts > 0, each.values, -np.inf).max(axis=1) for each in samples], axis=0
    )
    highest: Series = each_minute.copy()
    for back in range(1, period):
        highest[back:] = np.maximum(highest[back:], each_minute[:-back])
    return highest


def _percentile(samples: Sequence[Samples], share: float, period: int) -> Series:
    values = np.concatenate([each.values for each in samples])
    order = np.argsort(values)
    counts = _over_window(np.concatenate([each.counts for each in samples], axis=1)[:, order], period)
    reached = np.cumsum(counts, axis=1) >= counts.sum(axis=1, keepdims=True) * share
    return np.asarray(values[order][reached.argmax(axis=1)], float)
