"""Builds the toy's model version: a softmax of its input, a contract, golden tensors and a golden request."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

NAME, VERSION = "colours", "1"
PIXELS = [[9.0, 1.0, 1.0], [1.0, 9.0, 1.0], [1.0, 1.0, 9.0], [3.0, 3.0, 3.0]]
COLOURS = ["red", "green", "blue", "red"]


def build(root: Path) -> Path:
    """Writes <root>/colours/1 and returns it."""
    folder = root / NAME / VERSION
    folder.mkdir(parents=True)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Softmax", ["pixels"], ["shares"], axis=1)],
        "toy",
        [value("pixels", TensorProto.FLOAT, ["batch", 3])],
        [value("shares", TensorProto.FLOAT, ["batch", 3])],
    )
    opset = helper.make_opsetid("", 18)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=10), folder / "model.onnx")
    pixels = np.array(PIXELS, np.float32)
    powers = np.exp(pixels - pixels.max(axis=1, keepdims=True))
    np.savez(folder / "golden.npz", pixels=pixels, shares=powers / powers.sum(axis=1, keepdims=True))
    request = {"name": "colours", "path": "/predict/colour", "query": {}, "body": {"pixels": PIXELS}}
    requests = [request | {"answer": {"colour": COLOURS}, "tolerance": 1e-4}]
    (folder / "golden_requests.json").write_text(json.dumps(requests))
    (folder / "contract.json").write_text(json.dumps(contract(folder)))
    return folder


def contract(folder: Path) -> dict[str, Any]:
    """The contract of the files in the folder."""

    def sha256(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()

    def warning(meaning: str, above: float | None) -> dict[str, Any]:
        return {"meaning": meaning, "alarm_above": above, "alarm_meaning": above and "are grey: a broken camera"}

    return {
        "name": NAME,
        "version": VERSION,
        "task": "strongest_colour",
        "unit": "pixel",
        "file": "model.onnx",
        "sha256": sha256("model.onnx"),
        "golden_sha256": sha256("golden.npz"),
        "golden_requests_sha256": sha256("golden_requests.json"),
        "inputs": [{"name": "pixels", "datatype": "FP32", "shape": [-1, 3]}],
        "outputs": [{"name": "shares", "datatype": "FP32", "shape": [-1, 3]}],
        "labels": ["red", "green", "blue"],
        "class_metrics": ["Red", "Green", "Blue"],
        "training_class_shares": [0.5, 0.3, 0.2],
        "warnings": {"grey": warning("all channels are equal", 0.2), "low_confidence": warning("look at it", None)},
        "low_confidence_below": 0.5,
        "golden_tolerance": 1e-5,
    }
