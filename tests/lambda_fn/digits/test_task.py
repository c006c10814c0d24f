"""What a contract must promise to be a model of the digits."""

from dataclasses import replace

import pytest

from lambda_fn.digits.task import TASK
from lambda_fn.errors import ModelRejected
from lambda_fn.inference.contract import Tensor
from tests.conftest import CONTRACT


def test_the_served_contract_is_one_of_digits() -> None:
    TASK.check(CONTRACT)


def test_labels_that_do_not_fit_the_output_are_refused() -> None:
    with pytest.raises(ModelRejected, match="no tensors of digits with these labels"):
        TASK.check(replace(CONTRACT, labels=CONTRACT.labels[:7], class_metrics=CONTRACT.class_metrics[:7]))


def test_an_input_of_another_size_is_refused() -> None:
    with pytest.raises(ModelRejected, match="no tensors of digits"):
        TASK.check(replace(CONTRACT, inputs=(Tensor("images", "FP32", (-1, 32, 32, 1)),)))
