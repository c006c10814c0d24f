"""At each simulated fault, prod's right alarms fire in time, and no other."""

from collections.abc import Mapping
from typing import Any

import pytest

from scripts.simulate import simulate, stage_template
from scripts.simulate.cloudwatch.recording import Recording
from scripts.simulate.simulate import SCENARIOS, Scenario

# Minutes after the fault; later, a client would notice it first.
LATEST = {"drift": 60}
LATEST_OTHER = 15


@pytest.fixture(scope="module")
def template() -> Mapping[str, Any]:
    return stage_template.synthesise("prod")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Recording]:
    return simulate.record(tmp_path_factory.mktemp("wrong"))


@pytest.fixture(scope="module")
def results(recordings: tuple[Recording, Recording], template: Mapping[str, Any]) -> Mapping[str, Mapping[str, int]]:
    return {each.title: simulate.fired(each, recordings, template) for each in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_the_right_alarms_fire_in_time_and_no_other(
    scenario: Scenario, results: Mapping[str, Mapping[str, int]]
) -> None:
    found = results[scenario.title]
    assert found.keys() == scenario.expected
    for name, minutes in found.items():
        assert 0 < minutes <= LATEST.get(name, LATEST_OTHER)


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
