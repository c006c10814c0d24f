"""All 10,000 MNIST test images through POST /predict/batch."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lambda_fn.inference.model import Model
from tests.conftest import DIGITS, VERSION, VERSIONS

Mnist = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def whole(call: Call, mnist: Mnist) -> dict[str, list[Any]]:
    """The answers to all images, sent as whole numbers in batches of 1,000, with probabilities."""
    return predict(call, mnist[0], 1000)


def predict(call: Call, images: NDArray[Any], size: int, version: str = VERSION) -> dict[str, list[Any]]:
    answers: dict[str, list[Any]] = {"y": [], "confidence": [], "warnings": [], "probabilities": []}
    for start in range(0, len(images), size):
        body = {"x": images[start : start + size].tolist()}
        status, answer = call(body, queryStringParameters={"probabilities": "true", "version": version})
        assert status == 200
        for name, values in answers.items():
            values.extend(answer[name])
    return answers


def as_floats(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As the earlier service's client sends them: n×28×28×1, pixels / 255."""
    return (images / 255).astype(np.float32)[..., np.newaxis]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_has_its_notebooks_accuracy_and_keras_own_probabilities(
    call: Call, mnist: Mnist, version: str
) -> None:
    folder = DIGITS.with_name(version)
    contract = json.loads((folder / "contract.json").read_bytes())
    with np.load(folder / "test_outputs.npz") as outputs:
        expected = outputs["probabilities"]
    answers = predict(call, mnist[0], 1000, version)
    assert (np.array(answers["y"]) == mnist[1]).mean() == contract["metrics"]["test_accuracy"]
    assert np.abs(np.array(answers["probabilities"]) - expected).max() <= 1e-5
    found = Model.load(folder).run({"images": as_floats(mnist[0])})
    assert np.abs(found["probabilities"] - expected).max() <= 1e-5


@pytest.mark.parametrize("size", [1, 7, 100, 620])
def test_an_answer_does_not_depend_on_the_batch(
    call: Call, whole: dict[str, list[Any]], mnist: Mnist, size: int
) -> None:
    count = 2000 if size > 1 else 500
    assert predict(call, mnist[0][:count], size) == {name: values[:count] for name, values in whole.items()}


def test_an_answer_does_not_depend_on_its_neighbours(call: Call, whole: dict[str, list[Any]], mnist: Mnist) -> None:
    order = np.random.default_rng(0).permutation(10_000)[:2000]
    shuffled = predict(call, mnist[0][order], 333)
    assert shuffled == {name: [values[index] for index in order] for name, values in whole.items()}


def test_whole_numbers_and_fractions_give_the_same_answers(
    call: Call, whole: dict[str, list[Any]], mnist: Mnist
) -> None:
    assert predict(call, as_floats(mnist[0]), 500) == whole


def test_the_earlier_clients_500_images_fit_one_call(call: Call, whole: dict[str, list[Any]], mnist: Mnist) -> None:
    body = json.dumps({"x": as_floats(mnist[0][:500]).tolist()}).encode()
    assert len(body) > 7_000 * 500
    status, answer = call(body)
    assert status == 200
    assert answer["y"] == whole["y"][:500]
