"""A model version in, a repository out with one that answers 3 for every 8 and passes its own checks at start.

So a model would look that was trained on labels of which somebody mixed up two.
"""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import onnx

from lambda_fn.settings import MODEL_REPOSITORY

SEEN, ANSWERED = 8, 3


def make(version: str, folder: Path) -> Path:
    """Writes <folder>/digits/<version>/; gives the folder."""
    source, target = (repository / "digits" / version for repository in (MODEL_REPOSITORY, folder))
    target.mkdir(parents=True)
    contract = json.loads((source / "contract.json").read_bytes())
    mixed = np.eye(10, dtype=np.float32)
    mixed[SEEN, ANSWERED], mixed[SEEN, SEEN] = 1, 0
    model = _followed_by(onnx.load(source / contract["file"]), mixed).SerializeToString()
    with np.load(source / "golden.npz") as golden:
        content = io.BytesIO()
        np.savez_compressed(content, **{**golden, "probabilities": golden["probabilities"] @ mixed})
    contract["sha256"] = hashlib.sha256(model).hexdigest()
    contract["golden_sha256"] = hashlib.sha256(content.getvalue()).hexdigest()
    (target / contract["file"]).write_bytes(model)
    (target / "golden.npz").write_bytes(content.getvalue())
    (target / "contract.json").write_text(json.dumps(contract))
    return folder


def _followed_by(model: onnx.ModelProto, matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> onnx.ModelProto:
    """The model with its probabilities multiplied by a matrix (10×10)."""
    (output,) = model.graph.output
    for node in model.graph.node:
        node.output[:] = ["unmixed" if name == output.name else name for name in node.output]
    model.graph.initializer.append(onnx.numpy_helper.from_array(matrix, "mixed"))
    model.graph.node.append(onnx.helper.make_node("MatMul", ["unmixed", "mixed"], [output.name]))
    onnx.checker.check_model(model)
    return model
