"""The golden files of a model version: tensors that prove the model, requests that prove the whole service."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lambda_fn.bodies import images
from lambda_fn.digits.prepare import is_mnist_like, prepare
from lambda_fn.errors import ModelRejected
from lambda_fn.inference import golden
from lambda_fn.inference.golden import GoldenRequest
from tests.conftest import CONTRACT, DIGITS, VERSIONS

Call = Callable[..., tuple[int, dict[str, Any]]]
ALL = [(version, request) for version in VERSIONS for request in golden.read_requests(DIGITS.parent / version)]
HEARTBEATS = {version: golden.read_requests(DIGITS.parent / version)[0] for version in VERSIONS}


@pytest.mark.parametrize("version", VERSIONS)
def test_tensors_have_the_graphs_names_and_shapes(version: str) -> None:
    folder = DIGITS.parent / version
    contract = golden.read_contract(folder)
    tensors = golden.read_tensors(folder, contract)
    for tensor in contract.inputs + contract.outputs:
        assert tensors[tensor.name].shape == (30, *tensor.shape[1:])
        assert tensors[tensor.name].dtype == np.float32


@pytest.mark.parametrize(("version", "request_"), ALL, ids=[f"{version}, {each.name}" for version, each in ALL])
def test_the_service_gives_the_golden_answers(call: Call, version: str, request_: GoldenRequest) -> None:
    query = request_.query | {"version": version}
    status, answer = call(request_.body, path=request_.path, queryStringParameters=query)
    assert (status, request_.mismatches(answer)) == (200, {})


@pytest.mark.parametrize("version", VERSIONS)
def test_the_heartbeats_request_has_one_image_of_each_digit(version: str) -> None:
    assert HEARTBEATS[version].answer == {"y": list(range(10))}
    assert HEARTBEATS[version].count == 10


@pytest.mark.parametrize("version", VERSIONS)
def test_half_of_the_heartbeats_images_must_be_prepared(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """These steps run on paper only: in MNIST's own form, an image passes as it is."""
    from lambda_fn.digits import mnist_form
    from lambda_fn.vision import components, ink

    used = dict.fromkeys(("canonical", "ink", "components"), 0)

    def count(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            used[name] += len(arguments[0])
            return step(*arguments)

        return counted

    monkeypatch.setattr(mnist_form, "canonical", count("canonical", mnist_form.canonical))
    monkeypatch.setattr(ink, "find", count("ink", ink.find))
    monkeypatch.setattr(components, "find", count("components", components.find))
    decoded = images.from_json(json.dumps(HEARTBEATS[version].body).encode(), 10)
    prepared = prepare(decoded, CONTRACT)
    assert used["canonical"] == 5
    assert used["ink"] >= 5
    assert used["components"] >= 5
    assert sum(bool(codes) for codes in prepared.warnings) >= 5


@pytest.mark.parametrize("version", VERSIONS)
def test_the_paper_request_has_one_image_of_each_digit_and_all_must_be_prepared(version: str) -> None:
    (answer,) = (request.answer for number, request in ALL if (number, request.name) == (version, "paper"))
    assert answer["y"] == list(range(10))
    assert all("resized" in codes for codes in answer["warnings"])
    assert {code for codes in answer["warnings"] for code in codes} >= {"colour", "recentred", "cluttered"}


REQUEST = GoldenRequest("two", "/predict/batch", {}, {"x": []}, {"y": [3, 8], "confidence": [0.9, 0.8]}, 0.01)


def test_an_answer_within_the_tolerance_matches() -> None:
    assert REQUEST.mismatches({"y": [3, 8], "confidence": [0.909, 0.791], "more": 1}) == {}


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"y": [3, 3], "confidence": [0.9, 0.8]}, {1: "y is 3, must be 8"}),
        ({"y": [3, 8.0], "confidence": [0.9, 0.8]}, {1: "y is 8.0, must be 8"}),
        ({"y": ["3", 8], "confidence": [0.9, 0.8]}, {0: 'y is "3", must be 3'}),
        ({"y": [3, 8], "confidence": [0.9, 0.82]}, {1: "confidence is 0.82, must be 0.8"}),
        (
            {"y": [3, 8], "confidence": [float("nan"), None]},
            {0: "confidence is NaN, must be 0.9", 1: "confidence is null, must be 0.8"},
        ),
        ({"y": [8, 8], "confidence": [0.1, 0.8]}, {0: "y is 8, must be 3"}),
    ],
)
def test_a_wrong_answer_is_named_by_its_input(answer: dict[str, Any], wrong: dict[int, str]) -> None:
    assert REQUEST.mismatches(answer) == wrong


def test_true_is_not_one() -> None:
    assert GoldenRequest("", "", {}, {}, {"y": [1]}, 0.01).mismatches({"y": [True]})


def test_lists_are_compared_value_by_value() -> None:
    request = GoldenRequest("", "", {}, {}, {"probabilities": [[0.25, 0.75]]}, 0.01)
    assert request.mismatches({"probabilities": [[0.251, 0.749]]}) == {}
    for wrong in ([[0.25]], [[0.25, 0.9]], [0.25]):
        assert request.mismatches({"probabilities": wrong}).keys() == {0}


@pytest.mark.parametrize("answer", [{"y": [3, 8]}, {"y": [3], "confidence": [0.9, 0.8]}, {"y": 3}, {}])
def test_an_answer_without_a_value_for_each_input_is_an_error(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is not a list of 2"):
        REQUEST.mismatches(answer)


READERS: dict[str, Callable[[Path], object]] = {
    "golden.npz": lambda folder: golden.read_tensors(folder, CONTRACT),
    "golden_requests.json": golden.read_requests,
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_with_another_digest_is_refused(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelRejected, match=f"{name}: its SHA-256 is "):
        READERS[name](folder)


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelRejected) as caught:
        READERS[name](folder)
    assert str(caught.value) == f"{folder / name}: No such file or directory"


@pytest.mark.parametrize("version", VERSIONS)
def test_twenty_golden_images_are_mnists_and_ten_come_off_paper(version: str, mnist: Any) -> None:
    folder = DIGITS.parent / version
    found = golden.read_tensors(folder, golden.read_contract(folder))["images"][..., 0]
    originals = {(image / np.float32(255)).astype(np.float32).tobytes() for image in mnist[0]}
    assert [image.tobytes() in originals for image in found] == [True] * 20 + [False] * 10
    assert is_mnist_like(found[:20]).all()
