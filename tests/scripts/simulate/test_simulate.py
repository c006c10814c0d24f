"""At each simulated fault, prod's right alarms fire in time, and no other."""

from collections.abc import Mapping
from typing import Any

import pytest

from scripts.simulate import simulate
from scripts.simulate.cloudwatch.recording import Recording
from scripts.simulate.simulate import SCENARIOS, Scenario

# Minutes after the fault; later, a client would notice it first.
LATEST = {"drift": 60}
LATEST_OTHER = 15


@pytest.fixture(scope="module")
def templates() -> Mapping[str, Mapping[str, Any]]:
    """By busy hours."""
    return {hours: simulate.synthesise(hours) for hours in ("", simulate.BUSY_HOURS)}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Recording]:
    return simulate.record(tmp_path_factory.mktemp("wrong"))


@pytest.fixture(scope="module")
def results(
    recordings: tuple[Recording, Recording], templates: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Mapping[str, int]]:
    return {each.title: simulate.fired(each, recordings, templates[each.busy_hours]) for each in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_the_right_alarms_fire_in_time_and_no_other(
    scenario: Scenario, results: Mapping[str, Mapping[str, int]]
) -> None:
    found = results[scenario.title]
    assert found.keys() == scenario.expected
    for name, minutes in found.items():
        assert 0 < minutes <= LATEST.get(name, LATEST_OTHER)


def test_busy_hours_would_page_before_the_first_client(
    recordings: tuple[Recording, Recording], templates: Mapping[str, Mapping[str, Any]]
) -> None:
    (first_day,) = (each for each in SCENARIOS if each.first_day)
    assert simulate.fired(first_day, recordings, templates[simulate.BUSY_HOURS]).keys() == {"no-traffic"}


def test_the_runbooks_table_is_current(results: Mapping[str, Mapping[str, int]]) -> None:
    runbook = simulate.RUNBOOK.read_text()
    assert simulate.write(runbook, simulate.table(results)) == runbook


def test_every_alarm_on_concurrency_fires_in_a_scenario(results: Mapping[str, Mapping[str, int]]) -> None:
    fired = {name for found in results.values() for name in found}
    assert {"function-throttles", "provisioned-spillover", "provisioned-utilisation"} <= fired


def test_normal_mail_has_refused_requests_and_every_digit(recordings: tuple[Recording, Recording]) -> None:
    right, _ = recordings
    refused = [request.status for request in right["refused"]]
    assert set(refused) == {400}
    digits = {name.name for request in right["normal"] for name, value in request.metrics.items() if value > 0}
    assert {f"Digit{digit}" for digit in range(10)} <= digits


def test_the_wrong_model_starts_and_answers_wrongly(recordings: tuple[Recording, Recording]) -> None:
    _, wrong = recordings
    (heartbeat,) = wrong["heartbeat"]
    metrics = {name.name: value for name, value in heartbeat.metrics.items()}
    assert metrics["HeartbeatWrong"] == 1
    assert (metrics["Digit8"], metrics["Digit3"]) == (0, 2)
