"""Scores in, digits, confidence and doubts out."""

import numpy as np

from lambda_fn.digits import interpret

SCORES = np.array([[0.1, 0.7, 0.2], [0.05, 0.05, 0.9], [1, 0, 0]], np.float32)


def test_the_digit_is_the_highest_score() -> None:
    answer = interpret.answer(SCORES, [[], [], []], 0.8)
    assert answer.as_json() == {
        "y": [1, 2, 0],
        "confidence": [0.7, 0.9, 1.0],
        "warnings": [["low_confidence"], [], []],
    }


def test_low_confidence_comes_after_what_was_noticed_before() -> None:
    assert interpret.answer(SCORES, [["resized"], ["colour"], []], 0.8).warnings == [
        ["resized", "low_confidence"],
        ["colour"],
        [],
    ]


def test_a_confidence_at_the_threshold_is_not_low() -> None:
    scores = np.array([[0.25, 0.75]], np.float32)
    assert interpret.answer(scores, [[]], 0.75).warnings == [[]]


def test_a_blank_image_shows_no_digit_more_than_another() -> None:
    answer = interpret.answer(SCORES.copy(), [[], [], ["blank"]], 0.8)
    assert answer.confidence[2] == np.float32(1 / 3)
    assert answer.warnings[2] == ["blank", "low_confidence"]


def test_an_unclear_image_asks_for_a_person_however_sure_the_model() -> None:
    assert interpret.answer(SCORES, [[], [], ["unclear"]], 0.1).warnings[2] == ["unclear", "low_confidence"]


def test_every_class_is_counted() -> None:
    assert interpret.answer(SCORES, [[], [], []], 0.8).counts(5) == [1, 1, 1, 0, 0]


def test_numbers_show_no_digits_that_a_float_does_not_have() -> None:
    assert interpret.rounded(np.array([[0.1, 1 / 3]], np.float32)) == [[0.1, 0.333333]]
