"""The benchmark's own arithmetic: medians and ratios, percentiles, the rule of quantisation, the objectives' marks."""

import numpy as np
import pytest

from scripts.measure.bench import figures, objectives, quantise
from scripts.measure.bench.figures import Spread


def test_a_spread_is_told_with_three_digits() -> None:
    assert Spread.of([4.7123, 4.6, 5.0249]).text(" ms") == "4.71 ms (4.60–5.02)"
    assert Spread.of([0.0123]).text(" ms", 1e3) == "12.3 ms"
    assert [figures.number(value) for value in (0, 0.0123, 0.987, 1, 12.34, 1234.5)] == [
        "0", "0.012", "0.99", "1.00", "12.3", "1,234"
    ]  # fmt: skip


def test_ratios_are_of_the_same_round() -> None:
    assert figures.ratios([2, 40, 6], [1, 20, 2]) == Spread(2, 2, 3)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.95, 10), (0.9, 9), (0.01, 1)])
def test_a_percentile_is_one_of_the_values(share: float, expected: int) -> None:
    assert figures.percentile(list(range(10, 0, -1)), share) == expected


def test_int8_is_worth_it_only_if_faster_and_no_worse() -> None:
    assert quantise.worth(1.3, 0.05)
    assert not quantise.worth(1.29, 0.9)
    assert not quantise.worth(2.0, 0.04)


def test_mistakes_on_both_sides_are_chance_and_on_one_are_not() -> None:
    right, wrong = np.array([True]), np.array([False])
    one_each = np.concatenate([right, wrong]), np.concatenate([wrong, right])
    assert quantise.worse_by_chance(*one_each) == 0.75
    assert quantise.worse_by_chance(right.repeat(10), wrong.repeat(10)) == 2**-10
    assert quantise.worse_by_chance(right, right) == 1


@pytest.mark.parametrize(
    ("p99", "errors", "after", "seconds", "held"),
    [
        (0.02, 0, 100, 300, True),
        (0.06, 0, 100, 300, False),
        (0.02, 1, 100, 300, False),
        (0.02, 0, 120, 300, False),
        (0.02, 0, 100, 5, None),
    ],
)
def test_the_steady_load_holds_only_as_a_whole(
    p99: float, errors: int, after: int, seconds: float, held: bool | None
) -> None:
    load = {"p99": p99, "errors": errors, "memory": [100, after], "seconds": seconds}
    results = {"hold": {"1 image": load}, "machine": {"cores": "2"}}
    assert [row.held for row in objectives.steady(results)] == [held]
