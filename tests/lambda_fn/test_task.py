"""What all tasks share."""

import numpy as np

from lambda_fn.task import rounded


def test_numbers_have_no_more_digits_than_a_float32() -> None:
    assert rounded(np.array([[0.1, 1 / 3]], np.float32)) == [[0.1, 0.333333]]
