"""The notebook in; out, a served model's folder: the ONNX file, its contract, what proves it, and its card."""

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

from model.digits.data import mnist
from scripts.train import export_onnx, golden_images, model_card, run_notebook

ROOT = Path(__file__).resolve().parents[2]
SERVED = ROOT / "model" / "digits"
NOTEBOOKS = {"1": Path("model/digits/mnist_convnet.ipynb"), "2": Path("model/digits/mnist_paper.ipynb")}
CARD = Path("model/digits/card.md.tmpl")
MAX_DIFFERENCE = 1e-5
LOW_CONFIDENCE = 0.9  # the notebook's last table weighs it against others
GOLDEN_TOLERANCE = 1e-4  # ten times what is allowed here, for processors that round differently
TOOLS = {"tensorflow": "tensorflow-cpu"}


class BuildError(Exception):
    """The exported model is not the trained one; nothing was moved into place."""


def main() -> None:
    options = _options()
    workshop = ROOT / "build"
    workshop.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=workshop, prefix="model-") as scratch:
        notebook, result = build(Path(scratch), options.version, options.epochs)
        target = options.out / options.version
        options.out.mkdir(parents=True, exist_ok=True)
        _replace(result, target)
        run_notebook.write(notebook, options.out / NOTEBOOKS[options.version].name)
        # never among what is committed
        keras_file = (workshop if options.out.resolve() == SERVED else options.out) / "model.keras"
        shutil.copy(Path(scratch) / "build" / "model.keras", keras_file)
    for path in sorted(target.iterdir()):
        _say(f"{path.stat().st_size:>9,}  {path.name}")
    _say(f"done: {os.path.relpath(target)}")


def build(scratch: Path, version: str, epochs: int | None) -> tuple[run_notebook.Notebook, Path]:
    """Everything that can fail, in a temporary folder; the executed notebook and the folder to serve."""
    _say(f"running {NOTEBOOKS[version]}")
    mnist.fetch()  # here its progress shows, and a failure reads better than inside the notebook
    notebook = run_notebook.execute(ROOT / NOTEBOOKS[version], scratch, {} if epochs is None else {"epochs": epochs})
    saved = scratch / "build"  # the notebook's own `out_dir`
    training = json.loads((saved / "metrics.json").read_text())

    result = scratch / version
    result.mkdir()
    model = import_module("keras").models.load_model(saved / "model.keras")
    images, labels = mnist.load("test")
    tensor = (images / 255).astype(np.float32)[..., np.newaxis]
    probabilities: NDArray[np.float32] = model.predict(tensor, batch_size=1000, verbose=0)
    check_accuracy(probabilities, labels, training["test_accuracy"])

    _say(f"exporting to ONNX, opset {export_onnx.OPSET}")
    export_onnx.export(model, result / "model.onnx")
    difference = compare(probabilities, export_onnx.answers(result / "model.onnx", tensor), labels)

    golden_images.save(result / "golden.npz", images, labels, probabilities)
    np.savez_compressed(result / "test_outputs.npz", probabilities=probabilities)
    for picture in saved.glob("*.png"):
        shutil.copy(picture, result)

    contract = describe(result, version, training, run_notebook.source_sha256(notebook), difference)
    (result / "contract.json").write_text(json.dumps(contract, indent=2) + "\n", encoding="utf-8")
    size = (result / "model.onnx").stat().st_size
    card = model_card.render((ROOT / CARD).read_text(encoding="utf-8"), contract, training, labels, probabilities, size)
    (result / "card.md").write_text(card, encoding="utf-8")
    return notebook, result


def compare(expected: NDArray[np.float32], actual: NDArray[np.float32], labels: NDArray[np.uint8]) -> float:
    """How far ONNX Runtime is from Keras at most; refuses if that is too far or costs a single answer."""
    difference = float(np.abs(expected - actual).max())
    _say(f"ONNX Runtime against Keras, {len(labels):,} images: at most {difference:.1e} apart")
    if not difference <= MAX_DIFFERENCE:
        raise BuildError(f"ONNX Runtime and Keras differ by {difference:.1e}, more than {MAX_DIFFERENCE:.0e}")
    check_accuracy(actual, labels, float((expected.argmax(axis=1) == labels).mean()))
    return difference


def check_accuracy(probabilities: NDArray[np.float32], labels: NDArray[np.uint8], expected: float) -> None:
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    if abs(accuracy - expected) > 1e-6:  # Keras reports float32; one image of 10,000 is 1e-4
        raise BuildError(f"accuracy {accuracy:.4f} where {expected:.4f} was expected")


def describe(folder: Path, version: str, training: dict[str, Any], source: str, difference: float) -> dict[str, Any]:
    """The contract: all that a server has to know of the model, and where it comes from."""
    tools = ("keras", "tensorflow", "onnx", "onnxruntime", "numpy")
    return {
        "name": "digits",
        "version": version,
        "file": "model.onnx",
        "sha256": _sha256(folder / "model.onnx"),
        "golden_sha256": _sha256(folder / "golden.npz"),
        "opset": export_onnx.OPSET,
        "inputs": [{"name": export_onnx.INPUT, "datatype": "FP32", "shape": [-1, 28, 28, 1]}],
        "outputs": [{"name": export_onnx.OUTPUT, "datatype": "FP32", "shape": [-1, 10]}],
        "labels": [str(digit) for digit in range(10)],
        "training_class_shares": training["training_class_shares"],
        "preprocessing": {"pixel_range": [0.0, 1.0], "ink": "light on dark", "size": [28, 28]},
        "low_confidence_below": training.get("low_confidence_below", LOW_CONFIDENCE),
        "golden_tolerance": GOLDEN_TOLERANCE,
        "metrics": {
            "test_images": training["test_images"],
            "test_accuracy": round(training["test_accuracy"], 6),
            "test_loss": round(training["test_loss"], 6),
            "onnx_keras_max_abs_difference": difference,
        },
        "tools": {"python": platform.python_version(), **{name: installed(TOOLS.get(name, name)) for name in tools}},
        "built_by": {
            "notebook": str(NOTEBOOKS[version]),
            "notebook_source_sha256": source,
            "epochs": training["epochs"],
            "seed": training["seed"],
            "command": "make model" if version == "1" else f"make model VERSION={version}",
        },
    }


def _replace(result: Path, target: Path) -> None:
    """Puts the finished folder where the old one was; the old one goes last."""
    if target.exists():
        shutil.move(target, result.with_name("replaced"))
    shutil.move(result, target)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.train.build_model", description=__doc__)
    parser.add_argument("--epochs", type=int, help="instead of the notebook's own number")
    parser.add_argument("--version", default="1", choices=NOTEBOOKS, help="which notebook (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=SERVED, help="default: model/digits")
    return parser.parse_args()


def _say(message: str) -> None:
    print(f"model: {message}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (BuildError, mnist.MnistUnavailable) as error:
        sys.exit(f"model: refused: {error}")
