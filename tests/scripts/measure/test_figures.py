"""The arithmetic of the measurements: medians, ratios, percentiles, process memory."""

import os

import pytest

from scripts.measure import figures, processes
from scripts.measure.figures import Objective, Spread


def test_a_spread_is_written_with_three_digits() -> None:
    assert Spread.of([4.7123, 4.6, 5.0249]).text(" ms") == "4.71 ms (4.60–5.02)"
    assert Spread.of([0.0123]).text(" ms", 1e3) == "12.3 ms"
    assert [figures.number(value) for value in (0, 0.0123, 0.987, 1, 12.34, 1234.5)] == [
        "0", "0.012", "0.99", "1.00", "12.3", "1,234"
    ]  # fmt: skip


def test_ratios_are_taken_within_a_round() -> None:
    assert figures.ratios([2, 40, 6], [1, 20, 2]) == Spread(2, 2, 3)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.95, 10), (0.9, 9), (0.01, 1)])
def test_a_percentile_is_one_of_the_values(share: float, expected: int) -> None:
    assert figures.percentile(list(range(10, 0, -1)), share) == expected


def test_objectives_are_marked() -> None:
    rows = [Objective("a", "1", "< 2", True), Objective("b", "3", "< 2", False), Objective("c", "", "< 2", None)]
    assert figures.objectives_table(rows).splitlines()[2:] == [
        "| a | 1 | < 2 | yes |", "| b | 3 | < 2 | **no** |", "| c |  | < 2 | not measured in full |"
    ]  # fmt: skip


def test_a_running_process_has_memory_and_files_and_an_ended_one_none() -> None:
    found = processes.sample(os.getpid())
    assert found
    assert found.memory > 1_000_000
    assert found.files > 2
    assert processes.sample(2**22 + 1) is None
