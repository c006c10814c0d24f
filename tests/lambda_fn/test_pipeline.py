"""A prediction: prepared, run and interpreted, with what observers need."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from lambda_fn.deadline import Deadline
from lambda_fn.errors import OutOfTime
from lambda_fn.inference.model import Model
from lambda_fn.pipeline import predict
from lambda_fn.tasks import TASKS
from tests.conftest import CONTRACT, DIGITS


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(DIGITS)


def test_a_prediction_holds_each_steps_result(model: Model, mnist: Any) -> None:
    images = mnist[0][:3]
    found = predict(TASKS[CONTRACT.task], model, images)
    assert (found.count, found.contract) == (3, CONTRACT)
    assert found.inputs is images
    assert found.prepared.rows.tolist() == [0, 1, 2]
    assert np.array_equal(found.outputs["probabilities"], model.run(found.prepared.tensors)["probabilities"])
    assert found.answers.members == {"y": mnist[1][:3].tolist()}
    assert found.prepare_ms > 0
    assert found.inference_ms > 0


def test_it_can_not_be_changed(model: Model, mnist: Any) -> None:
    found = predict(TASKS[CONTRACT.task], model, mnist[0][:1])
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.prepare_ms = 0.0  # type: ignore[misc]


def test_it_stops_when_the_time_is_over(model: Model, mnist: Any) -> None:
    with pytest.raises(OutOfTime):
        predict(TASKS[CONTRACT.task], model, mnist[0][:1], Deadline(-1))


def test_the_time_of_each_step_is_its_own(model: Model, mnist: Any) -> None:
    """Preparing images of paper takes many times as long as running the model on them."""
    plain, paper = mnist[0][:32], np.roll(mnist[0][:32], 5, axis=2)
    predict(TASKS[CONTRACT.task], model, paper)  # what the first images import
    found = [predict(TASKS[CONTRACT.task], model, images) for images in (plain, paper)]
    assert 0 < found[0].prepare_ms < found[1].prepare_ms
    assert found[1].prepare_ms > found[1].inference_ms > 0
