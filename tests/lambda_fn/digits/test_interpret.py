"""Digits, confidence and warnings from the network's probabilities."""

from dataclasses import replace
from typing import Any

import numpy as np

from lambda_fn.digits import interpret
from lambda_fn.task import Answers, Prepared
from tests.conftest import CONTRACT

PROBABILITIES = np.array([[0.1, 0.7, 0.2], [0.05, 0.05, 0.9], [1, 0, 0]], np.float32)


def answers(
    warnings: list[list[str]], low_confidence_below: float = 0.8, probabilities: Any = PROBABILITIES
) -> Answers:
    contract = replace(CONTRACT, labels=("0", "1", "2"), low_confidence_below=low_confidence_below)
    prepared = Prepared({}, np.arange(len(probabilities)), warnings)
    return interpret.interpret({"probabilities": probabilities}, prepared, contract)


def test_the_digit_is_the_most_probable() -> None:
    found = answers([[], [], []])
    assert found.members == {"y": [1, 2, 0]}
    assert found.confidence.tolist() == PROBABILITIES.max(axis=1).tolist()


def test_low_confidence_comes_after_other_warnings() -> None:
    assert answers([["resized"], ["colour"], []]).warnings == [["resized", "low_confidence"], ["colour"], []]


def test_a_confidence_at_the_threshold_is_not_low() -> None:
    assert answers([[]], 0.75, np.array([[0.25, 0.75, 0]], np.float32)).warnings == [[]]


def test_a_blank_image_shows_no_digit_more_than_another() -> None:
    found = answers([[], [], ["blank"]])
    assert found.confidence[2] == np.float32(1 / 3)
    assert found.outputs["probabilities"][2].tolist() == [np.float32(1 / 3)] * 3
    assert found.warnings[2] == ["blank", "low_confidence"]


def test_an_unclear_image_has_low_confidence_however_sure_the_model() -> None:
    assert answers([[], [], ["unclear"]], 0.1).warnings[2] == ["unclear", "low_confidence"]


def test_each_class_is_counted() -> None:
    assert answers([[], [], []]).class_counts == [1, 1, 1]
    assert answers([[]], probabilities=PROBABILITIES[:1]).class_counts == [0, 1, 0]


def test_the_inputs_stay_as_they_are() -> None:
    probabilities, warnings = PROBABILITIES.copy(), [["blank"], ["resized"], []]
    answers(warnings, 1, probabilities)
    assert np.array_equal(probabilities, PROBABILITIES)
    assert warnings == [["blank"], ["resized"], []]
