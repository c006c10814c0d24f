"""Builds a model version that answers one label instead of another and still passes its own checks at the start.

A model whose training labels were mixed up looks like this.
"""

import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import onnx

from lambda_fn.inference.golden import TENSORS


def make(source: Path, target: Path, seen: str, answered: str) -> None:
    """Writes a copy of the version in `source` to `target` that answers `answered` to images of `seen`."""
    shutil.copytree(source, target)
    contract = json.loads((source / "contract.json").read_bytes())
    labels, output = contract["labels"], contract["outputs"][0]["name"]
    mixed = np.eye(len(labels), dtype=np.float32)
    mixed[labels.index(seen)] = mixed[labels.index(answered)]
    model = _multiplied(onnx.load(source / contract["file"]), mixed).SerializeToString()
    with np.load(source / TENSORS) as golden:
        content = io.BytesIO()
        np.savez_compressed(content, **{**golden, output: golden[output] @ mixed})
    contract["sha256"] = hashlib.sha256(model).hexdigest()
    contract["golden_sha256"] = hashlib.sha256(content.getvalue()).hexdigest()
    (target / contract["file"]).write_bytes(model)
    (target / TENSORS).write_bytes(content.getvalue())
    (target / "contract.json").write_text(json.dumps(contract))


def _multiplied(model: onnx.ModelProto, matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> onnx.ModelProto:
    """The model with its output multiplied by a matrix."""
    (output,) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["unmixed" if name == output.name else name for name in node.output]
    model.graph.initializer.append(onnx.numpy_helper.from_array(matrix, "mixed"))
    model.graph.node.append(onnx.helper.make_node("MatMul", ["unmixed", "mixed"], [output.name]))
    onnx.checker.check_model(model)
    return model
