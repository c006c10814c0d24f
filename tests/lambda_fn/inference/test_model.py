"""A model folder in, a verified model out, or a refusal that names the file."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lambda_fn.errors import ModelRejected, NotFinite, NotFound
from lambda_fn.inference.model import CHUNK, Model, Models
from lambda_fn.settings import Settings

VERSION = Settings().model_directory


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.load(VERSION)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / VERSION.name
    folder.mkdir()
    for name in ("model.onnx", "contract.json", "golden.npz"):
        shutil.copy(VERSION / name, folder)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(ModelRejected) as caught:
        Model.load(folder)
    return str(caught.value)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sign(folder: Path, **members: object) -> None:
    contract = json.loads((folder / "contract.json").read_bytes()) | members
    (folder / "contract.json").write_text(json.dumps(contract))


@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 100])
def test_any_number_of_images_gets_one_row_of_scores_each(model: Model, count: int) -> None:
    scores = model.run(np.zeros((count, 28, 28, 1), np.float32))
    assert scores.shape == (count, 10)
    assert np.allclose(scores.sum(axis=1), 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_score_that_is_not_finite_never_leaves(model: Model, value: float) -> None:
    class Broken:
        def run(self, _names: object, feed: dict[str, Any]) -> list[Any]:
            (tensor,) = feed.values()
            return [np.where(np.arange(10) == 3, value, 0.1) * np.ones((len(tensor), 1))]

    broken = dataclasses.replace(model, session=Broken())  # type: ignore[arg-type]
    with pytest.raises(NotFinite):
        broken.run(np.zeros((CHUNK + 1, 28, 28, 1), np.float32))


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


def test_other_answers_than_the_golden_ones_are_refused(folder: Path) -> None:
    """A model whose digest is right, but that is not the one that the golden answers were taken from."""
    with np.load(folder / "golden.npz") as golden:
        members = dict(golden)
    members["probabilities"] = np.roll(members["probabilities"], 1, axis=1)
    np.savez(folder / "golden.npz", **members)
    sign(folder, golden_sha256=digest(folder / "golden.npz"))
    assert "golden answers differ by" in refusal(folder)


def test_a_file_that_is_no_model_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no model")
    sign(folder, sha256=digest(folder / "model.onnx"))
    assert refusal(folder) == f"{folder / 'model.onnx'}: onnxruntime can't load it"


def test_an_incomplete_contract_names_the_member(folder: Path) -> None:
    contract = json.loads((folder / "contract.json").read_bytes())
    del contract["sha256"]
    (folder / "contract.json").write_text(json.dumps(contract))
    assert refusal(folder) == f"{folder / 'contract.json'}: has no member 'sha256'"


@pytest.mark.parametrize("text", ["", "[]", '{"inputs": []}', "\x00"])
def test_an_unreadable_contract_is_refused(folder: Path, text: str) -> None:
    (folder / "contract.json").write_text(text)
    assert refusal(folder).startswith(str(folder / "contract.json"))


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"version": "77"}, "is the contract of version 77"),
        ({"low_confidence_below": float("nan")}, "low_confidence_below is nan, not between 0 and 1"),
        ({"golden_tolerance": 2}, "tolerance is 2.0, not between 0 and 1"),
        ({"labels": ["0", "1"]}, "can't be run as its contract says"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}]}, "can't be run as its contract says"),
        ({"inputs": [{"name": "images", "datatype": "FP32"}]}, "has no member 'shape'"),
    ],
)
def test_a_contract_that_does_not_fit_its_model_is_refused(
    folder: Path, members: dict[str, object], reason: str
) -> None:
    sign(folder, **members)
    assert reason in refusal(folder)


def test_versions_are_found_loaded_when_asked_for_and_kept(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "next")
    sign(folder.parent / "next", version="next")
    models = Models(folder.parent, folder.name)
    assert set(models.contracts) == {folder.name, "next"}
    assert models.get() is models.get(folder.name) is models.default
    assert models.get("next") is models.get("next")
    assert models.get("next").contract.version == "next"
    with pytest.raises(NotFound, match=f"there is {folder.name}, next"):
        models.get("99")


def test_a_broken_default_refuses_to_start_and_another_only_when_asked_for(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "next")
    sign(folder.parent / "next", version="next", sha256="0" * 64)
    with pytest.raises(ModelRejected):
        Models(folder.parent, "next")
    models = Models(folder.parent, folder.name)
    with pytest.raises(ModelRejected):
        models.get("next")
