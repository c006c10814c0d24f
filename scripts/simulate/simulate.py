"""`make simulate`: runs days of mail through prod's alarms, and writes which fault each alarm catches, and when.

The metrics come from the real handlers (cloudwatch/recorder.py); how many requests arrive in a minute is drawn from a
fixed seed. The real CloudWatch is one to three minutes later, because metrics take that long to arrive.
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

from lambda_fn.settings import MODEL_REPOSITORY, Settings
from scripts.simulate import stage_template, wrong_model
from scripts.simulate.cloudwatch import alarms, recording
from scripts.simulate.cloudwatch.recording import CRASHED, SPILLED, THROTTLED, Recording
from scripts.simulate.cloudwatch.store import Store

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "runbook.md"
MODEL = Path("digits", Settings().models["digits"])
HOUR, DAY = 60, 24 * 60
# A fault begins on a Monday at five, in the busy hours, after a day of normal mail. Normal mail runs from Saturday to
# Monday.
FAULT, FAULT_MINUTES = 7 * DAY + 5 * HOUR, 4 * HOUR
FAULTY_DAYS, NORMAL_DAYS = (FAULT - DAY, FAULT + FAULT_MINUTES), (5 * DAY, 8 * DAY)
FIRST_DAY = 7 * DAY, 8 * DAY
BUSY, DAYTIME, NIGHT = 300, 30, 0  # requests a minute: from 4 to 9, until 20, and at night and on Sundays
REFUSED_SHARE = 0.005
IN_USE = 0.3  # of the warm environments, with normal mail
# Of the stage once it has clients.
BUSY_HOURS = "MON-SAT 4-9"
# Each recorded request is about half as frequent again in one hour as in another.
EVENNESS = 4
# Requests of these kinds fail, and so does the heartbeat in one minute of ten: more often, by chance alone, three in a
# row would fire its alarm too.
FAILING = ("failed", CRASHED)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens from FAULT on.

    Attributes:
        title: in the runbook's table.
        expected: the alarms that must fire; no other may.
        kind: the kind of mail.
        instead: a kind that replaces a share of it.
        wrong: whether the wrong model answers.
        silent: whether no client sends anything.
        first_day: whether there are no clients yet: nothing happened before, and the stage has no busy hours.
        in_use: the share of the warm environments that is in use.
    """

    title: str
    expected: frozenset[str]
    kind: str = "normal"
    instead: tuple[str, float] = ("normal", 0.0)
    wrong: bool = False
    silent: bool = False
    first_day: bool = False
    in_use: float = IN_USE

    @property
    def minutes(self) -> NDArray[np.int64]:
        """Each simulated minute, counted from a Monday's midnight."""
        if self.first_day:
            return np.arange(*FIRST_DAY)
        return np.arange(*(FAULTY_DAYS if self.expected else NORMAL_DAYS))

    @property
    def busy_hours(self) -> str:
        """The value of the stage."""
        return "" if self.first_day else BUSY_HOURS


BUDGET = ("error-budget-1h", "error-budget-6h", "error-budget-1d")
SCENARIOS = (
    Scenario("the first day, before a client calls", frozenset(), first_day=True),
    Scenario("normal mail", frozenset()),
    Scenario("one digit only", frozenset({"drift"}), kind="one digit"),
    Scenario("inverted scans", frozenset({"warning-inverted"}), kind="inverted"),
    Scenario("a camera with little contrast", frozenset({"warning-low-contrast"}), kind="grey"),
    Scenario("a dark camera", frozenset({"drift", "low-confidence", "warning-blank"}), kind="blank"),
    Scenario("a model that answers 3 for every 8", frozenset({"drift", "heartbeat-wrong"}), wrong=True),
    Scenario(
        "a tenth of the requests answered 500", frozenset({*BUDGET, "new-version-errors"}), instead=("failed", 0.1)
    ),
    Scenario(
        "a tenth of the requests crash the function",
        frozenset({*BUDGET, "function-errors", "new-version-errors"}),
        instead=(CRASHED, 0.1),
    ),
    Scenario(
        "a tenth of the calls throttled by Lambda",
        frozenset({*BUDGET, "function-throttles"}),
        instead=(THROTTLED, 0.1),
    ),
    Scenario(
        "every warm environment in use, a tenth of the calls finding none",
        frozenset({"provisioned-utilisation", "provisioned-spillover"}),
        instead=(SPILLED, 0.1),
        in_use=1.0,
    ),
    Scenario("no mail in the busy hours", frozenset({"no-traffic"}), silent=True),
)


def record(folder: Path) -> tuple[Recording, Recording]:
    """What the service reports for every kind of mail, and what it reports with the wrong model."""
    kinds = sorted({scenario.kind for scenario in SCENARIOS})
    right = recording.record(kinds, service=stage_template.read("prod").service_name)
    wrong_model.make(MODEL_REPOSITORY / MODEL, folder / MODEL, seen="8", answered="3")
    return right, recording.record(["normal"], service=stage_template.read("prod").service_name, repository=folder)


def run(scenario: Scenario, recordings: tuple[Recording, Recording], seed: int = 0) -> Store:
    """The metrics of the scenario's minutes."""
    random = np.random.default_rng(seed)
    clock = scenario.minutes
    store = Store(len(clock))
    fault = (clock >= FAULT) & bool(scenario.expected)
    no_mail = scenario.first_day | (fault & scenario.silent)
    arriving = np.where(no_mail, 0, random.poisson(rates(clock)))
    right, wrong = recordings
    other, share = scenario.instead
    replaced = random.binomial(arriving, np.where(fault, share, 0))
    refused = random.binomial(arriving - replaced, REFUSED_SHARE)
    rest = arriving - replaced - refused
    _add(store, right["normal"], np.where(fault, 0, rest), random)
    _add(store, (wrong if scenario.wrong else right)[scenario.kind], np.where(fault, rest, 0), random)
    _add(store, right[other], replaced, random)
    _add(store, right["refused"], refused, random)
    failing = fault & (other in FAILING) & (clock % 10 == 0)
    _add(store, right["failed heartbeat"], failing, random)
    _add(store, right["heartbeat"], ~failing & ~(fault & scenario.wrong), random)
    _add(store, wrong["heartbeat"], fault & scenario.wrong, random)
    recording.add_platform(store, np.where(fault, scenario.in_use, IN_USE))
    return store


def fired(scenario: Scenario, recordings: tuple[Recording, Recording], template: Mapping[str, Any]) -> dict[str, int]:
    """Minutes from the fault to each alarm that fired, by the alarm's name; negative if it fired before the fault."""
    clock = scenario.minutes + 1
    states = alarms.states(template, run(scenario, recordings), clock)
    return {name: int(clock[state.argmax()]) - FAULT for name, state in sorted(states.items()) if state.any()}


def rates(clock: NDArray[np.int64]) -> NDArray[np.int64]:
    day, hour = clock // DAY % 7, clock // HOUR % 24
    rates = np.where((hour >= 4) & (hour < 9), BUSY, np.where((hour >= 9) & (hour < 20), DAYTIME, NIGHT))
    return np.where(day < 6, rates, NIGHT)


def _add(store: Store, requests: Sequence[recording.Request], arriving: NDArray[Any], random: Generator) -> None:
    """Draws each minute's requests from the recorded ones, whose weights change every hour."""
    weights = random.dirichlet(np.full(len(requests), EVENNESS), len(arriving) // HOUR).repeat(HOUR, axis=0)
    recording.add(store, requests, random.multinomial(arriving.astype(int), weights).astype(float))


def table(results: Mapping[str, Mapping[str, int]]) -> str:
    """Markdown: a row for each scenario."""
    rows = ["| from Monday, 5:00 | alarms, and minutes until they fire |", "|---|---|"]
    for title, found in results.items():
        fired = ", ".join(f"`{name}` {minutes}" for name, minutes in sorted(found.items(), key=lambda item: item[1]))
        rows.append(f"| {title} | {fired or 'none'} |")
    return "\n".join(rows)


def write(runbook: str, text: str) -> str:
    """The runbook with the table between its marks replaced."""
    marked, count = re.subn(
        r"(<!-- make simulate -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{text}\n{m[2]}", runbook, flags=re.S
    )
    if count != 1:
        raise ValueError("the runbook needs the marks <!-- make simulate --> and <!-- end -->")
    return marked


def synthesise(busy_hours: str) -> Mapping[str, Any]:
    """Prod's template with these busy hours."""
    return stage_template.synthesise("prod", busy_hours=busy_hours)


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 if other alarms fired than expected."""
    argparse.ArgumentParser(prog="make simulate", description=__doc__.split("\n")[0]).parse_args(arguments)
    templates = {hours: synthesise(hours) for hours in ("", BUSY_HOURS)}
    with tempfile.TemporaryDirectory() as folder:
        recordings = record(Path(folder))
    results = {scenario.title: fired(scenario, recordings, templates[scenario.busy_hours]) for scenario in SCENARIOS}
    text = table(results)
    sys.stdout.write(text + "\n")
    other = [each.title for each in SCENARIOS if results[each.title].keys() != each.expected]
    if other:
        sys.exit(f"other alarms than expected: {', '.join(other)}")
    RUNBOOK.write_text(write(RUNBOOK.read_text(), text))


if __name__ == "__main__":
    main()
