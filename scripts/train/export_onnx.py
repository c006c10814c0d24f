"""A trained Keras model in, one checked ONNX file out; and what ONNX Runtime answers with it."""

from __future__ import annotations

import logging
import os
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

Floats = NDArray[np.float32]

OPSET = 18  # the newest that tf2onnx writes
INPUT, OUTPUT = "images", "probabilities"
SHAPES: dict[str, list[int | str]] = {INPUT: ["batch", 28, 28, 1], OUTPUT: ["batch", 10]}


def export(model: Any, path: Path) -> None:
    """Writes a Keras model, called before, as one ONNX file; raises onnx's ValidationError if it is not sound."""
    logging.getLogger("tf2onnx").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of Keras's own patch of tf2onnx
        model.export(str(path), format="onnx", verbose=False, opset_version=OPSET)
    proto = onnx.load(path)
    tidy(proto)
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def tidy(proto: onnx.ModelProto) -> None:
    """Gives the graph the contract's names and a free batch, and takes out whatever tells of the exporting machine."""
    graph = proto.graph
    _rename(graph)
    for value in (*graph.input, *graph.output):
        value.CopyFrom(onnx.helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, SHAPES[value.name]))
    del graph.value_info[:]  # inferred anew by whoever loads the model
    del proto.metadata_props[:]
    proto.doc_string = graph.doc_string = ""
    graph.name = "digits"
    used = {node.domain for node in graph.node}
    kept = [opset for opset in proto.opset_import if opset.domain in used]
    del proto.opset_import[:]
    proto.opset_import.extend(kept)


def answers(path: Path, images: Floats) -> Floats:
    """ONNX Runtime's probabilities (n, 10) on the CPU for images (n, 28, 28, 1)."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when onnxruntime is imported
    session = import_module("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    batches = np.array_split(images, max(1, len(images) // 1000))
    return np.concatenate([session.run([OUTPUT], {INPUT: batch})[0] for batch in batches])


def _rename(graph: onnx.GraphProto) -> None:
    """Names by place in the graph: the exporter numbers them as it goes, differently each time."""
    (given,) = graph.input
    (made,) = graph.output
    names = {given.name: INPUT, made.name: OUTPUT}
    constants = {constant.name for constant in graph.initializer}
    for number, node in enumerate(graph.node):
        node.name, node.doc_string = f"{node.op_type}_{number}", ""
        for place, name in enumerate(node.input):
            if name in constants:
                names.setdefault(name, f"{node.name}.{place}")
        for place, name in enumerate(node.output):
            names.setdefault(name, f"{node.name}:{place}")
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    for value in (given, made, *graph.initializer):
        value.name = names.get(value.name, value.name)
    graph.initializer.sort(key=lambda constant: constant.name)
