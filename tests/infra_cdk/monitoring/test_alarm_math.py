"""Every metric-math expression of the alarms, on counts, against the same computed another way."""

from collections.abc import Sequence

import numpy as np
import pytest

from infra_cdk.config import StageConfig
from infra_cdk.monitoring import drift
from infra_cdk.monitoring.alarms.model import MINIMUM_IMAGES, MINIMUM_REQUESTS, WARNING_SHARES
from infra_cdk.monitoring.alarms.presence import LEAST_REQUESTS
from infra_cdk.monitoring.alarms.service import SPILLOVER_MINIMUM
from infra_cdk.monitoring.burn_rate import PAIRS
from scripts.simulate.cloudwatch import alarms, expression
from scripts.simulate.cloudwatch.alarms import Alarm
from tests.infra_cdk.conftest import ROOT, stage_named

SHARES = drift.reference_shares(StageConfig(stage="dev"), ROOT)
MONDAY_SIX = np.array([6 * 60])
SOME = (0, 1, 3, 4, 5, 20, 199, 200, 999, 1000, 5000)


def alarm_named(name: str) -> Alarm:
    (found,) = (each for each in alarms.read(stage_named("prod").template).values() if each.name.endswith(name))
    return found


def value(alarm: Alarm, counts: Sequence[float], at: np.ndarray = MONDAY_SIX) -> float:
    """The alarm's expression where its metrics, in their order, have these values; NaN stands for no data."""
    metrics = [query.id for query in alarm.queries if query.name]
    (math,) = (query.expression for query in alarm.queries if query.expression)
    series = {metric: np.array([count], float) for metric, count in zip(metrics, counts, strict=True)}
    return float(expression.evaluate(math, series, at)[0])


@pytest.mark.parametrize("alarm", [a for a in alarms.read(stage_named("prod").template).values() if len(a.queries) > 1])
def test_without_data_it_is_finite_and_quiet(alarm: Alarm) -> None:
    metrics = sum(query.name is not None for query in alarm.queries)
    if alarm.name.endswith("no-traffic"):
        assert value(alarm, [np.nan] * metrics) < alarm.properties["Threshold"]  # in the busy hours, that is its point
        assert value(alarm, [np.nan] * metrics, np.array([23 * 60])) >= alarm.properties["Threshold"]
    else:
        assert value(alarm, [np.nan] * metrics) == 0 < alarm.properties["Threshold"]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
@pytest.mark.parametrize("part", ["long", "short"])
def test_a_burn_rate_is_the_failed_share_over_the_budget(pair, part: str) -> None:  # type: ignore[no-untyped-def]
    alarm = alarm_named(f"{pair.name}-{part}")
    for requests in (1, 10, 1000, 10_000, 1_000_000):
        for errors in (0, 1, 4, 5, 50, 1440):
            if errors <= requests:
                expected = errors / requests * 10_000 if errors >= 5 else 0
                assert value(alarm, [errors, requests]) == pytest.approx(expected)
    assert alarm.properties["Threshold"] == pair.burn


def test_one_failure_calls_nobody_however_few_the_requests() -> None:
    for pair in PAIRS:
        for requests in (1, 2, 60):
            assert value(alarm_named(f"{pair.name}-short"), [1, requests]) == 0


SHARE_ALARMS = {
    "low-confidence": MINIMUM_IMAGES,
    "rejected-input": MINIMUM_REQUESTS,
    "provisioned-spillover": SPILLOVER_MINIMUM,
} | {f"warning-{code.replace('_', '-')}": MINIMUM_IMAGES for code in WARNING_SHARES}


@pytest.mark.parametrize(("name", "minimum"), SHARE_ALARMS.items())
def test_a_share_is_a_quotient_and_quiet_below_its_minimum(name: str, minimum: int) -> None:
    alarm = alarm_named(name)
    for whole in SOME:
        for part in (each for each in SOME if each <= whole):
            expected = float(np.divide(part, whole)) if whole >= minimum else 0
            assert value(alarm, [part, whole]) == pytest.approx(expected)
    assert value(alarm, [np.nan, 5000]) == 0  # a code that did not occur has no metric


def test_the_heartbeat_alone_makes_no_share() -> None:
    per_window = 15 * 10
    assert per_window * 5 < MINIMUM_IMAGES
    assert MINIMUM_REQUESTS > 15 * 10
    assert drift.MINIMUM >= 60 * 10 * 5


def index(counts: np.ndarray) -> float:
    """The population stability index, in its textbook's form, with half a picture more of each digit."""
    observed, expected = (counts + 0.5) / (counts + 0.5).sum(), np.array(SHARES)
    return float(((observed - expected) * np.log(observed / expected)).sum())


@pytest.mark.parametrize(
    "shares",
    [
        pytest.param(np.array(SHARES), id="as expected"),
        pytest.param(np.eye(10)[3], id="one digit"),
        pytest.param(np.array(SHARES)[[0, 1, 2, 8, 4, 5, 6, 7, 3, 9]], id="two exchanged"),
        pytest.param(np.arange(1, 11) / 55, id="rising"),
        pytest.param(np.arange(10) / 45, id="one never"),
    ],
)
@pytest.mark.parametrize("pictures", [3000, 12_345, 3_000_000])
def test_the_drift_index_is_the_textbooks(shares: np.ndarray, pictures: int) -> None:
    counts = np.random.default_rng(1).multinomial(pictures, shares / shares.sum()).astype(float)
    assert value(alarm_named("drift"), list(counts)) == pytest.approx(index(counts), abs=1e-5)


def test_drift_is_quiet_below_the_minimum_count() -> None:
    alarm = alarm_named("drift")
    assert value(alarm, [*[0] * 9, drift.MINIMUM - 1]) == 0
    assert value(alarm, [*[0] * 9, drift.MINIMUM]) > 1
    assert value(alarm, [*[np.nan] * 9, drift.MINIMUM]) > 1


def test_drift_finds_no_drift_in_chance() -> None:
    """The largest index of 10,000 hours with the fewest pictures that count is far below the threshold."""
    counts = np.random.default_rng(2).multinomial(drift.MINIMUM, SHARES, size=10_000).astype(float).T
    (math,) = (query.expression for query in alarm_named("drift").queries if query.expression)
    found = expression.evaluate(math, {f"m{d}": each for d, each in enumerate(counts)}, np.zeros(10_000, int))
    assert pytest.approx(found.mean(), rel=0.1) == 0.003
    assert found.max() < drift.THRESHOLD / 5


def test_a_stages_own_shares_are_what_it_is_held_against() -> None:
    assert drift.expression([0.1] * 10) != drift.expression(SHARES)
    own = StageConfig(stage="dev", reference_shares=(0.55, *[0.05] * 9))
    assert drift.reference_shares(own, ROOT) == own.reference_shares


@pytest.mark.parametrize(
    ("day", "hour", "busy"),
    [(0, 3, False), (0, 4, True), (5, 8, True), (5, 9, False), (6, 5, False), (2, 0, False)],
)
def test_missing_post_is_looked_for_in_the_busy_hours(day: int, hour: int, busy: bool) -> None:
    """Monday is day 0 here; prod's busy hours are MON-SAT 4-9."""
    alarm, at = alarm_named("no-traffic"), np.array([(day * 24 + hour) * 60])
    assert (value(alarm, [15, 15], at) < LEAST_REQUESTS) == busy
    assert value(alarm, [15 + LEAST_REQUESTS, 15], at) >= LEAST_REQUESTS
