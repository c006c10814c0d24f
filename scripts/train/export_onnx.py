"""Exports a trained Keras model to one checked ONNX file, and asks ONNX Runtime for its answers."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

Floats = NDArray[np.float32]

OPSET = 18  # the newest that tf2onnx writes
Specs = Sequence[Mapping[str, Any]]


def export(model: Any, path: Path, inputs: Specs, outputs: Specs) -> None:
    """Writes a Keras model that was called before as one ONNX file, with the contract's inputs and outputs.

    Raises onnx's ValidationError if the graph is not sound.
    """
    logging.getLogger("tf2onnx").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of Keras's own patch of tf2onnx
        model.export(str(path), format="onnx", verbose=False, opset_version=OPSET)
    proto = onnx.load(path)
    tidy(proto, inputs, outputs)
    onnx.checker.check_model(proto, full_check=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def tidy(proto: onnx.ModelProto, inputs: Specs, outputs: Specs) -> None:
    """Gives the graph the contract's names and a free batch dimension, and removes traces of the exporting machine."""
    graph = proto.graph
    _rename(graph, inputs, outputs)
    for value, spec in zip((*graph.input, *graph.output), (*inputs, *outputs), strict=True):
        shape = ["batch", *spec["shape"][1:]]
        value.CopyFrom(onnx.helper.make_tensor_value_info(spec["name"], onnx.TensorProto.FLOAT, shape))
    del graph.value_info[:]  # whoever loads the model infers them
    del proto.metadata_props[:]
    proto.doc_string = graph.doc_string = ""
    graph.name = "model"
    used = {node.domain for node in graph.node}
    kept = [opset for opset in proto.opset_import if opset.domain in used]
    del proto.opset_import[:]
    proto.opset_import.extend(kept)


def run(path: Path, tensors: Mapping[str, Floats], output: str) -> Floats:
    """ONNX Runtime's answers on the CPU."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read when onnxruntime is imported
    session = import_module("onnxruntime").InferenceSession(str(path), providers=["CPUExecutionProvider"])
    count = len(next(iter(tensors.values())))
    batches = np.array_split(np.arange(count), max(1, count // 1000))
    found = [session.run([output], {name: tensor[rows] for name, tensor in tensors.items()})[0] for rows in batches]
    return np.concatenate(found)


def _rename(graph: onnx.GraphProto, inputs: Specs, outputs: Specs) -> None:
    """Names values by their place in the graph: the exporter numbers them differently each time."""
    ends = zip((*graph.input, *graph.output), (*inputs, *outputs), strict=True)
    names = {value.name: str(spec["name"]) for value, spec in ends}
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
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = names.get(value.name, value.name)
    graph.initializer.sort(key=lambda constant: constant.name)
