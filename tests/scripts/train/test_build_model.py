"""The parts of the build that need no Keras."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from model.digits import recipe
from scripts.train import build_model, export_onnx, run_notebook


def code(source: str, *outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    cell = {"cell_type": "code", "execution_count": 1, "id": source, "source": [source]}
    return {**cell, "metadata": metadata, "outputs": list(outputs)}


def printed(text: str, stream: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": stream, "text": [text]}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {"papermill": {"duration": 9.0}, "kernelspec": {"name": "mine"}}}


def test_a_cleaned_notebook_tells_nothing_of_the_machine() -> None:
    executed = notebook(
        code("fit()", printed("CUDA", "stderr"), printed("saved in /home/me/build\n"), papermill={"duration": 1.0})
    )
    cleaned = run_notebook.clean(executed, {"/home/me": "."})
    assert cleaned["cells"][0]["outputs"] == [printed("saved in ./build\n")]
    assert cleaned["cells"][0]["metadata"] == {}
    assert cleaned["metadata"]["kernelspec"]["name"] == "python3"
    assert "papermill" not in json.dumps(cleaned)


def test_text_printed_bit_by_bit_becomes_one_output() -> None:
    cleaned = run_notebook.clean(notebook(code("fit()", printed("epoch 1\n"), printed("epoch 2\n"))), {})
    assert cleaned["cells"][0]["outputs"] == [{**printed(""), "text": ["epoch 1\n", "epoch 2\n"]}]


def test_parameters_of_an_earlier_run_do_not_apply_to_the_next() -> None:
    injected = code("epochs = 1", tags=[run_notebook.INJECTED])
    assert [
        cell["source"] for cell in run_notebook.without_outputs(notebook(code("epochs = 15"), injected))["cells"]
    ] == [["epochs = 15"]]


def test_the_source_digest_outlives_a_run_but_not_an_edit() -> None:
    written, edited = notebook(code("fit()")), notebook(code("fit(x)"))
    ran = notebook(code("fit()", printed("epoch 1")), code("epochs = 1", tags=[run_notebook.INJECTED]))
    assert run_notebook.source_sha256(written) == run_notebook.source_sha256(ran)
    assert run_notebook.source_sha256(written) != run_notebook.source_sha256(edited)


def test_an_exported_graph_gets_the_names_and_the_free_batch_of_the_contract() -> None:
    value = helper.make_tensor_value_info
    given, made = value("in:0", onnx.TensorProto.FLOAT, [1, 28, 28, 1]), value("out", onnx.TensorProto.FLOAT, [1, 10])
    node = helper.make_node("Anything", ["in:0"], ["out"], doc_string="/home/me/train.py")
    proto = helper.make_model(helper.make_graph([node], "exported", [given], [made]))
    export_onnx.tidy(proto, recipe.CONTRACT["inputs"], recipe.CONTRACT["outputs"])
    assert (list(proto.graph.node[0].input), list(proto.graph.node[0].output)) == (["images"], ["probabilities"])
    assert proto.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert b"/home/me" not in proto.SerializeToString()


def test_an_accuracy_one_image_off_is_refused() -> None:
    labels = np.zeros(10_000, np.uint8)
    probabilities = np.eye(10, dtype=np.float32)[labels]
    with pytest.raises(build_model.BuildError):
        build_model.check_accuracy(probabilities, labels, expected=0.9999)
