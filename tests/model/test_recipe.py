"""What the build of the digits needs: golden images, golden requests and the model card."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from lambda_fn.inference import golden
from lambda_fn.inference.model import Model
from lambda_fn.settings import MODEL_REPOSITORY
from model.digits import card, recipe
from scripts.train import run_notebook

VERSIONS = sorted(recipe.NOTEBOOKS)


def test_golden_images_are_the_surest_and_the_least_sure_right_answers_of_each_digit() -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8), 4)
    confidence = np.repeat(np.array([0.9, 0.6, 0.99, 0.505], np.float32), 10)  # the last is too close to call
    probabilities = np.zeros((40, 10), np.float32)
    probabilities[np.arange(40), labels] = confidence
    probabilities[np.arange(40), (labels + 1) % 10] = 1 - confidence
    assert recipe.choose_scans(labels, probabilities).tolist() == [*range(20, 30), *range(10, 20)]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_recipe_makes_the_committed_golden_files(version: str) -> None:
    folder = MODEL_REPOSITORY / recipe.NAME / version
    model = Model.load(folder)
    tensors = golden.read_tensors(folder, model.contract)
    _, labels = recipe.test_set()
    with np.load(folder / "test_outputs.npz") as outputs:
        on_paper = recipe.paper_files(model)
        inputs = recipe.golden_inputs(labels, outputs["probabilities"], on_paper, model)
    assert inputs["images"] == pytest.approx(tensors["images"], abs=1e-5)
    requests = recipe.golden_requests({"images": tensors["images"]}, tensors["probabilities"], on_paper, model)
    committed = json.loads((folder / golden.REQUESTS).read_bytes())
    assert [request["body"] for request in requests] == [request["body"] for request in committed]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contract_holds_the_fixed_members_of_the_recipe(version: str) -> None:
    contract = json.loads((MODEL_REPOSITORY / recipe.NAME / version / "contract.json").read_bytes())
    assert {name: contract[name] for name in recipe.CONTRACT} == recipe.CONTRACT


def test_the_card_is_filled_in_completely() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 2)
    contract: dict[str, Any] = {
        "version": "1",
        "opset": 18,
        "sha256": "ab",
        "training_class_shares": [0.1] * 10,
        "low_confidence_below": 0.9,
        "metrics": {"test_loss": 0.03, "onnx_keras_max_abs_difference": 1e-7},
        "tools": {"keras": "3", "tensorflow": "2"},
        "built_by": {"notebook": "n", "notebook_source_sha256": "cd", "seed": 7, "epochs": 15, "command": "make model"},
    }
    training = {"parameters": 34_826, "images_fitted": 54_000, "images_validated": 6_000}
    text = card.render(contract, training, labels, np.eye(10, dtype=np.float32)[labels], 140_000)
    assert not re.search(r"\$\w", text)
    assert "| test accuracy | **100.00%** (95% interval 83.89% to 100.00%; 0 of 20 wrong) |" in text


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contract_names_the_notebook_as_it_is(version: str) -> None:
    folder = MODEL_REPOSITORY / recipe.NAME
    built_by = json.loads((folder / version / "contract.json").read_bytes())["built_by"]
    notebook = run_notebook.read(folder / recipe.NOTEBOOKS[version])
    assert built_by["notebook"] == f"model/{recipe.NAME}/{recipe.NOTEBOOKS[version]}"
    assert built_by["notebook_source_sha256"] == run_notebook.source_sha256(notebook)
