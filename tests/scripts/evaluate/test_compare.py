"""Two evaluations in, a verdict out."""

import numpy as np
import pytest

from scripts.client.samples import Sample
from scripts.evaluate.compare import Comparison, by_chance
from scripts.evaluate.evaluation import Evaluation


def evaluation(digits: list[int], labels: list[int], confidence: list[float] | None = None) -> Evaluation:
    n = len(labels)
    sure = np.array(confidence or [0.9] * n)
    codes = [["low_confidence"] if value < 0.5 else [] for value in sure]
    return Evaluation(np.array(labels), np.array(digits), sure, codes, np.zeros((n, 28, 28), np.float32), 1.0)


@pytest.mark.parametrize(
    ("mended", "broken", "chance"), [(0, 0, 1), (0, 1, 0.5), (1, 1, 0.75), (0, 10, 2**-10), (5, 0, 1)]
)
def test_the_sign_test(mended: int, broken: int, chance: float) -> None:
    assert by_chance(mended, broken) == pytest.approx(chance)


def compare(old: list[int], new: list[int]) -> Comparison:
    labels = [7] * len(old)
    return Comparison("set", [Sample(b"", "")] * len(old), evaluation(old, labels), evaluation(new, labels))


def test_flips_are_told_apart() -> None:
    found = compare([7, 7, 1, 1], [7, 1, 7, 2])
    assert (found.mended, found.broken) == ([2], [1])


def test_worse_beyond_chance_is_worse() -> None:
    assert compare([7] * 20, [7] * 8 + [1] * 12).worse
    assert not compare([7] * 20, [7] * 19 + [1]).worse
    assert not compare([1] * 20, [7] * 20).worse


def test_figures_of_an_evaluation() -> None:
    found = evaluation([7, 7, 7, 1], [7, 7, 1, 1], [0.9, 0.9, 0.9, 0.4])
    share, low, high = found.accuracy()
    assert share == 0.75
    assert low < share < high
    assert found.low.tolist() == [False, False, False, True]
    assert found.codes() == {"low_confidence": 0.25}
    assert found.calibration_error() == pytest.approx(0.75 * abs(2 / 3 - 0.9) + 0.25 * 0.6)
