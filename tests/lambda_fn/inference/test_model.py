"""A model version is verified when it is loaded, and runs on any number of rows."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lambda_fn.errors import ModelRejected, NotFinite
from lambda_fn.inference.contract import Contract
from lambda_fn.inference.model import CHUNK, Model
from tests.conftest import DIGITS, VERSIONS, change_contract, digest


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(DIGITS)


def refusal(folder: Path) -> str:
    with pytest.raises(ModelRejected) as caught:
        Model.load(folder)
    return str(caught.value)


def zeros(count: int) -> dict[str, Any]:
    return {"images": np.zeros((count, 28, 28, 1), np.float32)}


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 100])
def test_any_number_of_rows_gets_as_many_outputs(model: Model, count: int) -> None:
    (probabilities,) = model.run(zeros(count)).values()
    assert probabilities.shape == (count, 10)
    assert np.allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_never_leaves(model: Model, value: float) -> None:
    class Broken:
        def run(self, _names: object, feed: dict[str, Any]) -> list[Any]:
            (tensor,) = feed.values()
            return [np.where(np.arange(10) == 3, value, 0.1) * np.ones((len(tensor), 1))]

    broken = dataclasses.replace(model, session=Broken())  # type: ignore[arg-type]
    with pytest.raises(NotFinite):
        broken.run(zeros(CHUNK + 1))


@pytest.mark.parametrize("name", ["model.onnx", "contract.json", "golden.npz"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refusal(folder) == f"{folder / name}: No such file or directory"


@pytest.mark.parametrize("name", ["model.onnx", "golden.npz"])
def test_a_truncated_file_is_named_with_its_digest(folder: Path, name: str) -> None:
    expected = digest(folder / name)
    (folder / name).write_bytes((folder / name).read_bytes()[:-100])
    assert refusal(folder) == f"{folder / name}: its SHA-256 is {digest(folder / name)}, the contract says {expected}"


def test_a_flipped_bit_is_named_with_its_digest(folder: Path) -> None:
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    assert digest(folder / "model.onnx") in refusal(folder)


def test_a_model_with_other_answers_than_the_golden_ones_is_refused(folder: Path) -> None:
    """Its digest is right, but the golden answers are another model's."""
    with np.load(folder / "golden.npz") as golden:
        np.savez(folder / "golden.npz", **{**golden, "probabilities": np.roll(golden["probabilities"], 1, axis=1)})
    change_contract(folder, golden_sha256=digest(folder / "golden.npz"))
    assert "golden outputs differ by" in refusal(folder)


def test_a_file_that_is_not_a_model_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no model")
    change_contract(folder, sha256=digest(folder / "model.onnx"))
    assert refusal(folder) == f"{folder / 'model.onnx'}: onnxruntime can't load it"


@pytest.mark.parametrize(
    "members",
    [
        {"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]},
        {"outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 9]}]},
        {"outputs": [{"name": "logits", "datatype": "FP32", "shape": [-1, 10]}]},
        {"outputs": [{"name": "probabilities", "datatype": "BYTES", "shape": [-1, 10]}]},
    ],
)
def test_a_contract_that_does_not_fit_its_model_is_refused(folder: Path, members: dict[str, object]) -> None:
    change_contract(folder, **members)
    assert refusal(folder) == f"{folder}: the model can't be run as its contract says"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_version_must_give_its_golden_outputs_to_within_a_ten_thousandth(version: str, tmp_path: Path) -> None:
    """Another processor differs by some millionths, another model by far more."""
    assert Contract.read(DIGITS.parent / version / "contract.json").golden_tolerance == 1e-4
    folder = tmp_path / "digits" / version
    shutil.copytree(DIGITS.parent / version, folder)
    with np.load(folder / "golden.npz") as golden:
        tensors = {**golden}
    tensors["probabilities"] = tensors["probabilities"] + np.float32(3e-4)
    np.savez(folder / "golden.npz", **tensors)
    change_contract(folder, golden_sha256=digest(folder / "golden.npz"))
    assert "golden outputs differ by 0.0003" in refusal(folder)
