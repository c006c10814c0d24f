"""Metric math, statistics over windows and alarm states, against values computed by hand."""

from typing import Any

import numpy as np
import pytest

from scripts.simulate.cloudwatch import alarms, expression
from scripts.simulate.cloudwatch.store import Name, Store

NONE = np.nan
MONDAY = np.zeros(3, int)
NAME = Name.of("PostalDigits", "Images", {"service": "s"})


@pytest.mark.parametrize(
    ("math", "expected"),
    [
        ("a + b * 2", [5, NONE, 15]),
        ("(a + b) * 2 - -1", [7, NONE, 19]),
        ("FILL(b, 0) / a", [2, 0, 2]),
        ("a / (a - 1)", [NONE, 2, 1.5]),
        ("IF(a >= 2, 10, 20)", [20, 10, 10]),
        ("IF(b > 2, a, 0)", [0, NONE, 3]),
        ("IF(a > 1 AND a < 3, 1, 0)", [0, 1, 0]),
        ("IF(a < 2 OR a > 2, 1, 0)", [1, 0, 1]),
        ("LOG(a)", [0, np.log(2), np.log(3)]),
        ("SUM(METRICS())", [3, 2, 9]),
        ("7", [7, 7, 7]),
    ],
)
def test_metric_math_is_evaluated(math: str, expected: list[float]) -> None:
    series = {"a": np.array([1.0, 2, 3]), "b": np.array([2.0, NONE, 6])}
    np.testing.assert_allclose(expression.evaluate(math, series, MONDAY), expected)


def test_days_count_from_monday_and_hours_from_midnight() -> None:
    at = np.array([0, 4 * 60 + 59, (6 * 24 + 23) * 60, 7 * 24 * 60])
    series = {"a": np.ones(4)}
    assert expression.evaluate("DAY(a)", series, at).tolist() == [1, 1, 7, 1]
    assert expression.evaluate("HOUR(a)", series, at).tolist() == [0, 4, 23, 0]


@pytest.mark.parametrize("math", ["RATE(a)", "a ** 2", "c", "a == 1", "'a'"])
def test_unsupported_math_is_refused(math: str) -> None:
    with pytest.raises(expression.UnknownExpression):
        expression.evaluate(math, {"a": np.ones(3)}, MONDAY)


@pytest.mark.parametrize(
    ("statistic", "period", "expected"),
    [
        ("Sum", 1, [1, 12, NONE, 5]),
        ("Sum", 2, [1, 13, 12, 5]),
        ("SampleCount", 2, [1, 4, 3, 1]),
        ("Average", 2, [1, 3.25, 4, 5]),
        ("Maximum", 2, [1, 5, 5, 5]),
        ("Minimum", 2, [1, 1, 2, 5]),
        ("p50", 2, [1, 2, 5, 5]),
        ("p99", 1, [1, 5, NONE, 5]),
    ],
)
def test_statistics_cover_a_window_that_moves_by_a_minute(statistic: str, period: int, expected: list[float]) -> None:
    store = Store(4)
    store.add(NAME, np.array([1.0, 5]), np.array([[1, 0], [0, 2], [0, 0], [0, 1]], float))
    store.add(NAME, np.array([2.0]), np.array([[0], [1], [0], [0]], float))
    np.testing.assert_allclose(store.series(NAME, statistic, period), expected)


def test_a_metric_without_samples_has_no_data() -> None:
    assert np.isnan(Store(2).series(NAME, "Sum", 1)).all()


def test_an_unsupported_statistic_is_refused() -> None:
    store = Store(1)
    store.add(NAME, np.ones(1), np.ones((1, 1)))
    with pytest.raises(ValueError, match="trimmed"):
        store.series(NAME, "trimmed", 1)


def alarm(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "Stack-dev-some",
            "AlarmActions": ["topic"],
            "Namespace": "PostalDigits",
            "MetricName": "Images",
            "Dimensions": [{"Name": "service", "Value": "s"}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        }
        | properties,
    }


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({}, "010110"),
        ({"TreatMissingData": "breaching"}, "111110"),
        ({"EvaluationPeriods": 2}, "000010"),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, "000111"),
        ({"Period": 120, "Threshold": 2}, "000010"),
        ({"ComparisonOperator": "LessThanThreshold"}, "000001"),
    ],
)
def test_an_alarm_counts_breaching_datapoints(properties: dict[str, Any], expected: str) -> None:
    store = Store(6)  # nothing, 1, nothing, 1, 1, 0
    store.add(NAME, np.array([1.0, 0]), np.array([[0, 0], [1, 0], [0, 0], [1, 0], [1, 0], [0, 1]], float))
    states = alarms.states({"Resources": {"A": alarm(**properties)}}, store, np.arange(6) + 1)
    assert "".join(str(int(state)) for state in states["some"]) == expected


def test_a_composite_fires_when_all_its_children_do() -> None:
    store = Store(3)
    store.add(NAME, np.array([1.0, 2]), np.array([[1, 0], [0, 1], [0, 0]], float))
    rule = {
        "Fn::Join": [
            "",
            ['(ALARM("', {"Fn::GetAtt": ["A", "Arn"]}, '") AND ALARM("', {"Fn::GetAtt": ["B", "Arn"]}, '"))'],
        ]
    }
    resources = {
        "A": alarm(AlarmActions=[]),
        "B": alarm(AlarmActions=[], Threshold=2),
        "C": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {"AlarmName": "Stack-dev-both", "AlarmRule": rule},
        },
    }
    states = alarms.states({"Resources": resources}, store, np.arange(3) + 1)
    assert {name: state.tolist() for name, state in states.items()} == {"both": [False, True, False]}
    with pytest.raises(ValueError, match="not supported"):
        alarms.children_of('ALARM("x") OR ALARM("y")')
