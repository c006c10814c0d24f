"""What the service says of each kind of post in; half a day of prod's metrics and log lines out.

From Monday's midnight to noon: the trucks arrive from four to nine; a fiftieth of the requests are photographs; from
5:20 the model fails now and then for ten minutes; at 6:10 a new version of the function is deployed; from 7:30 a camera
at one client is grey for twenty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.simulate import simulate
from scripts.simulate.cloudwatch import recording
from scripts.simulate.cloudwatch.insights import Line
from scripts.simulate.cloudwatch.recording import ALIAS, FUNCTION, Recording, Request
from scripts.simulate.cloudwatch.store import Name, Store

KINDS = ("normal", "odd", "grey")
MINUTES = 12 * 60
DEPLOYED = 6 * 60 + 10
CANARY_MINUTES = 5
ODD_SHARE, GREY_SHARE, FAILED_SHARE = 0.02, 0.15, 0.001
GREY = slice(7 * 60 + 30, 7 * 60 + 50)
FAILING = slice(5 * 60 + 20, 5 * 60 + 30)
OLD, NEW = "7", "8"


@dataclass(slots=True)
class Day:
    """The metrics and log lines of `clock`'s minutes."""

    store: Store
    clock: NDArray[np.int64]
    lines: list[Line] = field(default_factory=list)


def make(recorded: Recording) -> Day:
    """Spreads what was recorded over the day, from a fixed seed."""
    random = np.random.default_rng(0)
    clock = np.arange(MINUTES)
    day = Day(Store(MINUTES), clock + 1)
    arriving = random.poisson(np.maximum(simulate.rates(clock), 4) * (1 + 0.25 * np.sin(clock / 40)))
    shares = {"odd": np.full(MINUTES, ODD_SHARE), "refused": np.full(MINUTES, simulate.REFUSED_SHARE)}
    shares |= {kind: np.zeros(MINUTES) for kind in ("grey", "failed", "start")}
    shares["grey"][GREY], shares["failed"][FAILING] = GREY_SHARE, FAILED_SHARE
    counts = {kind: random.binomial(arriving, share) for kind, share in shares.items()}
    counts["start"] = _starts(random)
    counts["normal"] = np.maximum(arriving - sum(counts.values()), 0)
    counts["heartbeat"] = np.ones(MINUTES, int)
    for kind, number in counts.items():
        requests = recorded[kind]
        chosen = random.multinomial(number, np.ones(len(requests)) / len(requests)).astype(float)
        recording.add(day.store, requests, chosen)
        day.lines += _lines(requests, chosen)
    simulate.add_memory(day.store, recorded)
    _add_versions(day.store, np.sum(list(counts.values()), axis=0), random)
    _add_concurrency(day.store, random)
    return day


def _starts(random: np.random.Generator) -> NDArray[np.int64]:
    """When scaling has more warm at four, when the new version comes, and one or the other between."""
    starts = (random.random(MINUTES) < 0.01).astype(int)
    starts[4 * 60 : 4 * 60 + 4] += 2
    starts[DEPLOYED : DEPLOYED + 10] += 1
    return starts


def _lines(requests: Sequence[Request], counts: NDArray[np.float64]) -> list[Line]:
    """Each request's lines where it occurs first, for a table of one request again and again would tell nothing."""
    return [
        Line(f"2026-11-23 {first // 60:02}:{first % 60:02}", line, int(counts[:, place].sum()))
        for place, first in enumerate((counts > 0).argmax(axis=0).tolist())
        for line in requests[place].lines
        if counts[:, place].any()
    ]


def _add_versions(store: Store, calls: NDArray[np.int64], random: np.random.Generator) -> None:
    share = np.zeros(MINUTES)
    share[DEPLOYED:], share[DEPLOYED + CANARY_MINUTES :] = 0.1, 1
    new = random.binomial(calls, share)
    for version, number in ((OLD, calls - new), (NEW, new)):
        dimensions: Mapping[str, str] = ALIAS | {"ExecutedVersion": version}
        name = Name("AWS/Lambda", "Invocations", frozenset(dimensions.items()))
        store.add(name, np.ones(1), number[:, np.newaxis].astype(float))


def _add_concurrency(store: Store, random: np.random.Generator) -> None:
    """By Little's law from the calls and their time: how many are under way, seen sixty times in each minute."""
    time = store.series(Name.of("AWS/Lambda", "Duration", ALIAS), "Sum", 1)
    under_way = np.nan_to_num(time) / 60_000
    most = np.maximum(random.poisson(under_way[:, np.newaxis], (MINUTES, 60)).max(axis=1), 1)
    warm = np.where(simulate.rates(np.arange(MINUTES)) == simulate.BUSY, 10, 2)
    store.add(Name.of("AWS/Lambda", "ConcurrentExecutions", FUNCTION), *_each(most))
    # A call finds itself and, on average, as many others as are under way.
    store.add(
        Name.of("AWS/Lambda", "ProvisionedConcurrencyUtilization", ALIAS), *_each((1 + under_way).round(2) / warm)
    )


def _each(values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    distinct, where = np.unique(values, return_inverse=True)
    return distinct.astype(float), np.eye(len(distinct))[where]
