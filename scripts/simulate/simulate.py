"""`make simulate`: days of post in, minute by minute; out, which alarms of prod fire at a fault, and after how long.

What the function and the heartbeat say of each kind of request comes from their real handlers; how many of them arrive
in a minute is drawn from a fixed seed; CloudWatch is imitated (cloudwatch/). CloudWatch itself is later by what
its metrics take to arrive, one to three minutes.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from infra_cdk.config import STAGES
from scripts.simulate import stage_template, wrong_model
from scripts.simulate.cloudwatch import alarms, recording
from scripts.simulate.cloudwatch.recording import CRASHED, Recording
from scripts.simulate.cloudwatch.store import Name, Store

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"
PROD = STAGES["prod"]
HOUR, DAY = 60, 24 * 60
# A fault begins on Monday at five, when the trucks are there, after a day of normal post; normal post lasts from
# Saturday's midnight to Monday's.
FAULT, FAULT_MINUTES = 7 * DAY + 5 * HOUR, 4 * HOUR
FAULTY_DAYS, NORMAL_DAYS = (FAULT - DAY, FAULT + FAULT_MINUTES), (5 * DAY, 8 * DAY)
# Requests a minute: while the trucks arrive, over the day, and at night and on Sundays.
BUSY, DAYTIME, NIGHT = 300, 30, 0
REFUSED_SHARE = 0.005
# How even the recorded requests are among an hour's: each is about half as frequent again, or half as frequent.
EVENNESS = 4


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens from FAULT on.

    Attributes:
        title: for the table.
        kind: the post that comes then.
        instead: another kind that takes a share of its place.
        wrong: whether the wrong model answers.
        silent: whether clients send nothing.
        expected: the alarms that must fire, and no other may.
    """

    title: str
    expected: frozenset[str]
    kind: str = "normal"
    instead: tuple[str, float] = ("normal", 0.0)
    wrong: bool = False
    silent: bool = False

    @property
    def minutes(self) -> NDArray[np.int64]:
        """Each minute that is simulated, from a Monday's midnight on."""
        return np.arange(*(FAULTY_DAYS if self.expected else NORMAL_DAYS))


BUDGET = ("error-budget-1h", "error-budget-6h", "error-budget-1d")
SCENARIOS = (
    Scenario("normal post", frozenset()),
    Scenario("post of one digit", frozenset({"drift"}), kind="one digit"),
    Scenario("inverted scans", frozenset({"warning-inverted"}), kind="inverted"),
    Scenario("a camera gone grey", frozenset({"warning-low-contrast"}), kind="grey"),
    Scenario("a camera gone dark", frozenset({"drift", "low-confidence", "warning-blank"}), kind="blank"),
    Scenario("a model that answers 3 for every 8", frozenset({"drift", "heartbeat-wrong"}), wrong=True),
    Scenario("a tenth of requests answered 500", frozenset({*BUDGET, "new-version-errors"}), instead=("failed", 0.1)),
    Scenario(
        "a tenth of requests crashing the function",
        frozenset({*BUDGET, "function-errors", "new-version-errors"}),
        instead=(CRASHED, 0.1),
    ),
    Scenario("no post in the busy hours", frozenset({"no-traffic"}), silent=True),
)


def record(folder: Path) -> tuple[Recording, Recording]:
    """What the service says of every kind of post, and what it says with the wrong model."""
    kinds = sorted({scenario.kind for scenario in SCENARIOS})
    right = recording.record(kinds, service=PROD.service_name)
    repository = wrong_model.make(PROD.model_version, folder)
    return right, recording.record(["normal"], service=PROD.service_name, repository=repository)


def run(scenario: Scenario, recordings: tuple[Recording, Recording], seed: int = 0) -> Store:
    """The metrics of the scenario's minutes."""
    random = np.random.default_rng(seed)
    clock = scenario.minutes
    store = Store(len(clock))
    fault = (clock >= FAULT) & bool(scenario.expected)
    arriving = np.where(fault & scenario.silent, 0, random.poisson(rates(clock)))
    right, wrong = recordings
    other, share = scenario.instead
    replaced = random.binomial(arriving, np.where(fault, share, 0))
    refused = random.binomial(arriving - replaced, REFUSED_SHARE)
    rest = arriving - replaced - refused
    _add(store, right["normal"], np.where(fault, 0, rest), random)
    _add(store, (wrong if scenario.wrong else right)[scenario.kind], np.where(fault, rest, 0), random)
    _add(store, right[other], replaced, random)
    _add(store, right["refused"], refused, random)
    # One in ten fails as well, evenly: chance alone brings three in a row once in a thousand minutes.
    failing = fault & (share > 0) & (clock % 10 == 0)
    _add(store, right["failed heartbeat"], failing, random)
    _add(store, right["heartbeat"], ~failing & ~(fault & scenario.wrong), random)
    _add(store, wrong["heartbeat"], fault & scenario.wrong, random)
    store.add(Name.of(recording.FILTERED, "MaxMemoryUsed", {}), np.array([300.0]), np.ones((len(clock), 1)))
    return store


def add_memory(store: Store, recorded: Recording) -> None:
    """As the stack's metric filter makes it of the platform's report."""
    (report,) = recorded["report"][0].lines
    used = np.array([report["record"]["metrics"]["maxMemoryUsedMB"]], float)
    store.add(Name.of(recording.FILTERED, "MaxMemoryUsed", {}), used, np.ones((store.minutes, 1)))


def fired(scenario: Scenario, recordings: tuple[Recording, Recording], template: Mapping[str, Any]) -> dict[str, int]:
    """The alarms that fired, by name, and how many minutes after the fault began (before it: a number below 0)."""
    clock = scenario.minutes + 1
    states = alarms.states(template, run(scenario, recordings), clock)
    return {name: int(clock[state.argmax()]) - FAULT for name, state in sorted(states.items()) if state.any()}


def rates(clock: NDArray[np.int64]) -> NDArray[np.int64]:
    day, hour = clock // DAY % 7, clock // HOUR % 24
    rates = np.where((hour >= 4) & (hour < 9), BUSY, np.where((hour >= 9) & (hour < 20), DAYTIME, NIGHT))
    return np.where(day < 6, rates, NIGHT)


def _add(store: Store, requests: Sequence[recording.Request], arriving: NDArray[Any], random: Generator) -> None:
    """Spreads each minute's requests over those that were recorded; which of them are frequent changes each hour."""
    weights = random.dirichlet(np.full(len(requests), EVENNESS), len(arriving) // HOUR).repeat(HOUR, axis=0)
    recording.add(store, requests, random.multinomial(arriving.astype(int), weights).astype(float))


def table(results: Mapping[str, Mapping[str, int]]) -> str:
    """Markdown: a row for each scenario."""
    rows = ["| from Monday, 5:00 | alarms, and minutes until they fire |", "|---|---|"]
    for title, found in results.items():
        said = ", ".join(f"`{name}` {minutes}" for name, minutes in sorted(found.items(), key=lambda item: item[1]))
        rows.append(f"| {title} | {said or 'none'} |")
    return "\n".join(rows)


def write(runbook: str, text: str) -> str:
    """The runbook with the table between its marks replaced."""
    marked, count = re.subn(
        r"(<!-- make simulate -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{text}\n{m[2]}", runbook, flags=re.S
    )
    if count != 1:
        raise ValueError("the runbook has no place for the table: <!-- make simulate --> and <!-- end -->")
    return marked


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the runbook's table; fails where an alarm fired that should not, or the other way round."""
    argparse.ArgumentParser(prog="make simulate", description=__doc__.split("\n")[0]).parse_args(arguments)
    template = stage_template.synthesise("prod")
    with tempfile.TemporaryDirectory() as folder:
        recordings = record(Path(folder))
    results = {scenario.title: fired(scenario, recordings, template) for scenario in SCENARIOS}
    text = table(results)
    sys.stdout.write(text + "\n")
    other = [each.title for each in SCENARIOS if results[each.title].keys() != each.expected]
    if other:
        sys.exit(f"other alarms than expected: {', '.join(other)}")
    RUNBOOK.write_text(write(RUNBOOK.read_text(), text))


if __name__ == "__main__":
    main()
