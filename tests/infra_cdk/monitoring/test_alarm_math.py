"""Metric math of the alarms, compared with the same values computed another way."""

from collections.abc import Sequence

import numpy as np
import pytest

from infra_cdk import context
from infra_cdk.config import ConfigError
from infra_cdk.monitoring import drift
from infra_cdk.served_model import ServedModel
from lambda_fn.inference.golden import read_requests
from scripts.simulate.cloudwatch import alarms, expression
from scripts.simulate.cloudwatch.alarms import Alarm
from tests.infra_cdk.conftest import PROD, ROOT, stage_named

CONFIG = context.read(PROD)
MODEL = ServedModel.read(ROOT, CONFIG.model_name, CONFIG.model_version)
SHARES = MODEL.training_class_shares
BURN_RATES = {"error-budget-1h": 14.4, "error-budget-6h": 6, "error-budget-1d": 3}
MONDAY_SIX = np.array([6 * 60])
SOME = (0, 1, 3, 4, 5, 20, 199, 200, 999, 1000, 5000)


def alarm_named(name: str) -> Alarm:
    (found,) = (each for each in alarms.read(stage_named("prod").template).values() if each.name.endswith(name))
    return found


def value(alarm: Alarm, counts: Sequence[float], at: np.ndarray = MONDAY_SIX) -> float:
    """The alarm's expression for these values of its metrics, in their order; NaN is no data."""
    metrics = [query.id for query in alarm.queries if query.name]
    (math,) = (query.expression for query in alarm.queries if query.expression)
    series = {metric: np.array([count], float) for metric, count in zip(metrics, counts, strict=True)}
    return float(expression.evaluate(math, series, at)[0])


@pytest.mark.parametrize("alarm", [a for a in alarms.read(stage_named("prod").template).values() if len(a.queries) > 1])
def test_without_data_only_missing_traffic_in_busy_hours_fires(alarm: Alarm) -> None:
    metrics = sum(query.name is not None for query in alarm.queries)
    if alarm.name.endswith("no-traffic"):
        assert value(alarm, [np.nan] * metrics) < alarm.properties["Threshold"]  # Monday at six is in the busy hours
        assert value(alarm, [np.nan] * metrics, np.array([23 * 60])) >= alarm.properties["Threshold"]
    else:
        assert value(alarm, [np.nan] * metrics) == 0 < alarm.properties["Threshold"]


@pytest.mark.parametrize("name", BURN_RATES)
@pytest.mark.parametrize("part", ["long", "short"])
def test_a_burn_rate_is_the_failed_share_divided_by_the_budget(name: str, part: str) -> None:
    alarm = alarm_named(f"{name}-{part}")
    for requests in (1, 10, 1000, 10_000, 1_000_000):
        for errors in (0, 1, 4, 5, 50, 1440):
            if errors <= requests:
                expected = errors / requests * 10_000 if errors >= 5 else 0
                assert value(alarm, [errors, requests]) == pytest.approx(expected)
    assert alarm.properties["Threshold"] == BURN_RATES[name]


def test_one_failure_never_fires_an_alarm() -> None:
    for name in BURN_RATES:
        for requests in (1, 2, 60):
            assert value(alarm_named(f"{name}-short"), [1, requests]) == 0


SHARE_ALARMS = {
    "low-confidence": 1000,
    "rejected-input": 200,
    "provisioned-spillover": 1000,
} | {f"warning-{code.replace('_', '-')}": 1000 for code in MODEL.alarm_shares}


@pytest.mark.parametrize(("name", "minimum"), SHARE_ALARMS.items())
def test_a_share_is_a_quotient_and_0_below_its_minimum(name: str, minimum: int) -> None:
    alarm = alarm_named(name)
    for whole in SOME:
        for part in (each for each in SOME if each <= whole):
            expected = float(np.divide(part, whole)) if whole >= minimum else 0
            assert value(alarm, [part, whole]) == pytest.approx(expected)
    assert value(alarm, [np.nan, 5000]) == 0  # a warning that did not occur has no metric


def test_the_heartbeats_requests_alone_stay_far_below_the_minimums() -> None:
    inputs = read_requests(ROOT / "model" / MODEL.name / MODEL.version)[0].count
    assert 5 * 15 * inputs < SHARE_ALARMS["low-confidence"]
    assert SHARE_ALARMS["rejected-input"] >= 5 * 15
    assert 5 * 60 * inputs <= DRIFT_MINIMUM


DRIFT_MINIMUM = 3000


@pytest.mark.parametrize(
    ("published", "delivered", "failed", "fires"),
    [
        (0, 0, 0, False),
        (1, 1, 0, False),
        (1, 2, 0, False),  # to an address and a pager
        (1, 1, 1, True),  # the pager failed
        (1, 0, 1, True),
        (3, np.nan, np.nan, True),  # nobody has confirmed
    ],
)
@pytest.mark.parametrize("name", ["pages-undelivered", "tickets-undelivered"])
def test_messages_that_fail_or_reach_nobody_fire(
    name: str, published: float, delivered: float, failed: float, fires: bool
) -> None:
    alarm = alarm_named(name)
    counts = {
        "NumberOfMessagesPublished": published,
        "NumberOfNotificationsDelivered": delivered,
        "NumberOfNotificationsFailed": failed,
    }
    values = [counts[query.name.name] for query in alarm.queries if query.name]
    assert (value(alarm, values) >= alarm.properties["Threshold"]) == fires


def index(counts: np.ndarray, expected: Sequence[float] = SHARES) -> float:
    """The textbook's population stability index, with half an answer added to each class."""
    observed = (counts + 0.5) / (counts + 0.5).sum()
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
@pytest.mark.parametrize("images", [3000, 12_345, 3_000_000])
def test_the_drift_index_is_the_textbooks(shares: np.ndarray, images: int) -> None:
    counts = np.random.default_rng(1).multinomial(images, shares / shares.sum()).astype(float)
    assert value(alarm_named("drift"), list(counts)) == pytest.approx(index(counts), abs=1e-5)


def test_drift_is_0_below_the_minimum() -> None:
    alarm = alarm_named("drift")
    assert value(alarm, [*[0] * 9, DRIFT_MINIMUM - 1]) == 0
    assert value(alarm, [*[0] * 9, DRIFT_MINIMUM]) > 1
    assert value(alarm, [*[np.nan] * 9, DRIFT_MINIMUM]) > 1


def test_chance_alone_is_no_drift() -> None:
    """In 10,000 hours with the minimum of images, the largest index is far below the threshold."""
    counts = np.random.default_rng(2).multinomial(DRIFT_MINIMUM, SHARES, size=10_000).astype(float).T
    (math,) = (query.expression for query in alarm_named("drift").queries if query.expression)
    found = expression.evaluate(math, {f"m{d}": each for d, each in enumerate(counts)}, np.zeros(10_000, int))
    assert pytest.approx(found.mean(), rel=0.1) == 0.003
    assert found.max() < alarm_named("drift").properties["Threshold"] / 5


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.9, 0.1), (0.1,) * 10])
def test_drift_works_for_any_number_of_classes_up_to_ten(shares: tuple[float, ...]) -> None:
    counts = np.arange(1, len(shares) + 1) * 10_000.0
    series = {f"m{number}": np.array([count]) for number, count in enumerate(counts)}
    (found,) = expression.evaluate(drift.expression(shares), series, MONDAY_SIX)
    assert found == pytest.approx(index(counts, shares), abs=1e-5)


def test_drift_of_ten_classes_fits_an_alarm_whatever_their_shares() -> None:
    """Rare classes have the longest logarithms."""
    assert len(drift.expression([1 - 9e-6, *[1e-6] * 9])) <= 2048


def test_drift_refuses_more_classes_than_an_alarm_can_hold() -> None:
    with pytest.raises(ConfigError, match="the model has 11 classes; drift takes at most 10"):
        drift.expression([1 / 11] * 11)


@pytest.mark.parametrize(
    ("day", "hour", "busy"),
    [(0, 3, False), (0, 4, True), (5, 8, True), (5, 9, False), (6, 5, False), (2, 0, False)],
)
def test_missing_traffic_fires_in_the_busy_hours_only(day: int, hour: int, busy: bool) -> None:
    """Day 0 is Monday; prod's busy hours are MON-SAT 4-9."""
    alarm, at = alarm_named("no-traffic"), np.array([(day * 24 + hour) * 60])
    assert (value(alarm, [15, 15], at) < 5) == busy
    assert value(alarm, [15 + 5, 15], at) >= 5
