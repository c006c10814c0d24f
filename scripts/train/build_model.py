"""`make model`: runs a notebook, exports its model to ONNX, verifies it, and writes the version's folder with its card.

What is special about a model stands in model/<name>/recipe.py and card.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.train import export_onnx, run_notebook

ROOT = Path(__file__).resolve().parents[2]
MAX_DIFFERENCE = 1e-5
LOW_CONFIDENCE = 0.9  # for a notebook that chooses none
TOOLS = ("keras", "tensorflow-cpu", "onnx", "onnxruntime", "numpy")


class BuildError(Exception):
    """The exported model is not the trained one; nothing was moved into place."""


def main() -> None:
    options = _options()
    recipe = import_module(f"model.{options.name}.recipe")
    if options.version not in recipe.NOTEBOOKS:
        raise BuildError(f"{options.name} has no version {options.version}; there is {', '.join(recipe.NOTEBOOKS)}")
    served = ROOT / "model" / options.name
    out = options.out or served
    build_folder = ROOT / "build"
    build_folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build_folder, prefix="model-") as scratch:
        notebook, result = build(recipe, Path(scratch), options.version, options.epochs)
        target = out / options.version
        out.mkdir(parents=True, exist_ok=True)
        _replace(result, target)
        run_notebook.write(notebook, out / recipe.NOTEBOOKS[options.version])
        # The Keras file is never committed.
        keras_file = (build_folder if out.resolve() == served else out) / "model.keras"
        shutil.copy(Path(scratch) / "build" / "model.keras", keras_file)
    for path in sorted(target.iterdir()):
        _report(f"{path.stat().st_size:>9,}  {path.name}")
    _report(f"done: {os.path.relpath(target)}")


def build(recipe: Any, scratch: Path, version: str, epochs: int | None) -> tuple[run_notebook.Notebook, Path]:
    """Does everything that can fail in a scratch folder. Returns the executed notebook and the version's folder."""
    source = Path("model") / recipe.NAME / recipe.NOTEBOOKS[version]
    _report(f"running {source}")
    tensors, labels = recipe.test_set()  # before the notebook, so that a failed download is easier to read
    notebook = run_notebook.execute(ROOT / source, scratch, {} if epochs is None else {"epochs": epochs})
    saved = scratch / "build"  # the notebook's own `out_dir`
    training = json.loads((saved / "metrics.json").read_text())

    result = scratch / version
    result.mkdir()
    keras_model = import_module("keras").models.load_model(saved / "model.keras")
    probabilities = _run_keras(keras_model, tensors)
    check_accuracy(probabilities, labels, training["test_accuracy"])

    _report(f"exporting to ONNX, opset {export_onnx.OPSET}")
    export_onnx.export(keras_model, result / "model.onnx", recipe.CONTRACT["inputs"], recipe.CONTRACT["outputs"])
    (output,) = recipe.CONTRACT["outputs"]
    found = export_onnx.run(result / "model.onnx", tensors, output["name"])
    difference = compare(probabilities, found, labels)

    _save_arrays(result / "test_outputs.npz", {output["name"]: probabilities})
    for plot in saved.glob("*.png"):
        shutil.copy(plot, result)

    built_by = {
        "notebook": str(source),
        "notebook_source_sha256": run_notebook.source_sha256(notebook),
        "epochs": training["epochs"],
        "seed": training["seed"],
        "command": "make model" if version == "1" else f"make model VERSION={version}",
    }
    contract = describe(recipe, result, version, training, difference) | {"built_by": built_by}
    contract = add_golden_files(recipe, result, contract, labels, probabilities, keras_model)
    card = import_module(f"model.{recipe.NAME}.card")  # it needs scipy
    size = (result / "model.onnx").stat().st_size
    (result / "card.md").write_text(card.render(contract, training, labels, probabilities, size), encoding="utf-8")
    return notebook, result


def compare(expected: NDArray[np.float32], actual: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """The largest difference between ONNX Runtime and Keras. Raises BuildError if it is too large."""
    difference = float(np.abs(expected - actual).max())
    _report(f"ONNX Runtime against Keras, {len(labels):,} images: at most {difference:.1e} apart")
    if not difference <= MAX_DIFFERENCE:
        raise BuildError(f"ONNX Runtime and Keras differ by {difference:.1e}, more than {MAX_DIFFERENCE:.0e}")
    check_accuracy(actual, labels, float((expected.argmax(axis=1) == labels).mean()))
    return difference


def check_accuracy(probabilities: NDArray[np.float32], labels: NDArray[np.uint8], expected: float) -> None:
    """Raises BuildError unless the share of right answers is the expected one."""
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    if abs(accuracy - expected) > 1e-6:  # Keras reports float32; one image of 10,000 is 1e-4
        raise BuildError(f"accuracy {accuracy:.4f} where {expected:.4f} was expected")


def describe(recipe: Any, folder: Path, version: str, training: dict[str, Any], difference: float) -> dict[str, Any]:
    """The contract, still without golden files: what the service, the stack and the scripts know of the version."""
    fixed = recipe.CONTRACT
    return {
        "name": recipe.NAME,
        "version": version,
        "task": fixed["task"],
        "unit": fixed["unit"],
        "file": "model.onnx",
        "sha256": _sha256(folder / "model.onnx"),
        "golden_sha256": "",
        "golden_requests_sha256": "",
        "opset": export_onnx.OPSET,
        **{name: fixed[name] for name in ("inputs", "outputs", "labels", "class_metrics")},
        "training_class_shares": training["training_class_shares"],
        **{name: fixed[name] for name in ("warnings", "preprocessing")},
        "low_confidence_below": training.get("low_confidence_below", LOW_CONFIDENCE),
        "golden_tolerance": fixed["golden_tolerance"],
        "metrics": {
            "test_images": training["test_images"],
            "test_accuracy": round(training["test_accuracy"], 6),
            "test_loss": round(training["test_loss"], 6),
            "onnx_keras_max_abs_difference": difference,
        },
        "tools": {
            "python": platform.python_version(),
            **{name.removesuffix("-cpu"): installed(name) for name in TOOLS},
        },
    }


def add_golden_files(
    recipe: Any,
    folder: Path,
    contract: dict[str, Any],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    keras_model: Any,
) -> dict[str, Any]:
    """Writes golden.npz, golden_requests.json and contract.json. Raises BuildError if the service would refuse it."""
    from lambda_fn.errors import ModelRejected
    from lambda_fn.inference import golden
    from lambda_fn.inference.model import Model

    _write_contract(folder, contract)
    model = Model.unverified(folder, golden.read_contract(folder))
    on_paper = recipe.paper_files(model)
    inputs = recipe.golden_inputs(labels, probabilities, on_paper, model)
    (output,) = contract["outputs"]
    outputs = _run_keras(keras_model, inputs)
    _save_arrays(folder / golden.TENSORS, {**inputs, output["name"]: outputs})
    lines = [
        json.dumps(request, separators=(",", ":"))
        for request in recipe.golden_requests(inputs, outputs, on_paper, model)
    ]
    (folder / golden.REQUESTS).write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    digests = {
        "golden_sha256": _sha256(folder / golden.TENSORS),
        "golden_requests_sha256": _sha256(folder / golden.REQUESTS),
    }
    _write_contract(folder, contract | digests)
    try:
        Model.load(folder)
    except ModelRejected as error:
        raise BuildError(str(error)) from error
    return contract | digests


def _save_arrays(path: Path, arrays: dict[str, NDArray[np.float32]]) -> None:
    np.savez_compressed(path, allow_pickle=False, **arrays)


def _run_keras(model: Any, tensors: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    (tensor,) = tensors.values()
    answers: NDArray[np.float32] = model.predict(tensor, batch_size=1000, verbose=0)
    return answers


def _write_contract(folder: Path, contract: dict[str, Any]) -> None:
    (folder / "contract.json").write_text(json.dumps(contract, indent=2) + "\n", encoding="utf-8")


def _replace(result: Path, target: Path) -> None:
    """Puts the finished folder in the place of the old one, which is removed last."""
    if target.exists():
        shutil.move(target, result.with_name("replaced"))
    shutil.move(result, target)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.train.build_model", description=__doc__)
    parser.add_argument("--name", default="digits", help="folder below model/ (default: %(default)s)")
    parser.add_argument("--version", default="1", help="which of its notebooks (default: %(default)s)")
    parser.add_argument("--epochs", type=int, help="instead of the notebook's own number")
    parser.add_argument("--out", type=Path, help="default: model/<name>")
    return parser.parse_args()


def _report(message: str) -> None:
    print(f"model: {message}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (BuildError, OSError, ValueError) as error:
        sys.exit(f"model: refused: {error}")
