"""The served model in, the same in static int8 out, and whether it is worth shipping: by figures and a stated rule."""

import argparse
import hashlib
import json
import logging
import sys
import time
from collections.abc import Iterator
from math import comb
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.digits.data import mnist
from scripts.measure.bench import floor
from scripts.measure.bench.payloads import INPUT, MODEL
from scripts.measure.bench.systems import ROOT, run_pinned

FOLDER = ROOT / "build" / "bench" / "int8"
CALIBRATION = 1000
BATCHES = (1, 16, 100)
ROW = "100 images, floats"

FASTER, NOISE = 1.3, 0.05
RULE = (
    f"ship int8 only if a request of {ROW} is answered at least {FASTER} times as fast end to end, and if its mistakes "
    f"are not more than float's beyond chance (one-sided exact McNemar test on all test images, p at least {NOISE})"
)
# By https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html: unsigned activations and signed
# weights are the default on x86-64; without VNNI their products may saturate, which weights of 7 bits avoid.
VARIANTS = {"8-bit weights": False, "7-bit weights": True}


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Each variant beside float.

    Returns:
        `variants`: {name: {accuracy, agreement, worse_p, bytes, seconds: {batch: [one a round]}}}, float among them;
        `end_to_end`: {"float", "int8" (the `best` variant): [seconds of a request, one a round]}; `best`, `ship`.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = {"float": MODEL} | {name: _quantised(reduce) for name, reduce in VARIANTS.items()}
    sessions = {name: floor.session(file) for name, file in files.items()}
    images, labels = mnist.load("test")
    tensor = _tensor(images)
    digits = {name: floor.scores(model, tensor).argmax(axis=1) for name, model in sessions.items()}
    speeds = _speeds(sessions, tensor, rounds, seconds)
    variants: dict[str, dict[str, Any]] = {
        name: {
            "accuracy": float((found == labels).mean()),
            "agreement": float((found == digits["float"]).mean()),
            "worse_p": worse_by_chance(digits["float"] == labels, found == labels),
            "bytes": files[name].stat().st_size,
            "seconds": speeds[name],
        }
        for name, found in digits.items()
    }
    accurate = [name for name in VARIANTS if variants[name]["worse_p"] >= NOISE]
    best = min(accurate or VARIANTS, key=lambda name: median(speeds[name][str(max(BATCHES))]))
    end_to_end = _end_to_end(files[best], rounds, seconds)
    ratio = median(f / q for f, q in zip(end_to_end["float"], end_to_end["int8"], strict=True))
    ship = worth(ratio, variants[best]["worse_p"])
    return {"variants": variants, "best": best, "end_to_end": end_to_end, "ratio": ratio, "ship": ship}


def worth(speed: float, worse_p: float) -> bool:
    """The rule above: `speed` is int8's end to end, as a multiple of float's."""
    return speed >= FASTER and worse_p >= NOISE


def worse_by_chance(float_right: NDArray[np.bool_], int8_right: NDArray[np.bool_]) -> float:
    """How likely so many more mistakes would be if both models were equally good, 0..1."""
    lost, gained = int((float_right & ~int8_right).sum()), int((int8_right & ~float_right).sum())
    both = lost + gained
    return float(sum(comb(both, k) for k in range(lost, both + 1)) / 2**both)


class _Calibration:
    """Training images, in batches, as onnxruntime's calibration reads them."""

    def __init__(self) -> None:
        images = mnist.load("train")[0][:CALIBRATION]
        self._batches: Iterator[NDArray[np.float32]] = iter(np.array_split(_tensor(images), 10))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next batch, or None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {INPUT: batch}


def _quantised(reduce_range: bool) -> Path:
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    logging.getLogger().setLevel(logging.ERROR)  # it recommends what was just done
    prepared, out = FOLDER / "prepared.onnx", FOLDER / f"int{7 if reduce_range else 8}.onnx"
    quant_pre_process(str(MODEL), str(prepared), skip_symbolic_shape=True)
    quantization.quantize_static(
        str(prepared),
        str(out),
        _Calibration(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        reduce_range=reduce_range,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )
    return out


def _speeds(
    sessions: dict[str, Any], tensor: NDArray[np.float32], rounds: int, seconds: float
) -> dict[str, dict[str, list[float]]]:
    found: dict[str, dict[str, list[float]]] = {name: {str(size): [] for size in BATCHES} for name in sessions}
    for _ in tqdm(range(rounds), desc="int8 beside float", unit="round", disable=None):
        for size in BATCHES:
            for name, model in sessions.items():
                found[name][str(size)].append(_seconds(model, tensor[:size], seconds / 4))
    return found


def _seconds(model: Any, batch: NDArray[np.float32], budget: float) -> float:
    times: list[float] = []
    while sum(times) < budget:
        began = time.perf_counter()
        floor.scores(model, batch)
        times.append(time.perf_counter() - began)
    return median(times)


def _end_to_end(model: Path, rounds: int, seconds: float) -> dict[str, list[float]]:
    """The handler itself, with either model, in processes that take turns."""
    repository = _repository(model)
    found: dict[str, list[float]] = {"float": [], "int8": []}
    for _ in tqdm(range(rounds), desc="int8 end to end", unit="round", disable=None):
        for name, variables in (("float", {}), ("int8", {"MODEL_REPOSITORY": str(repository)})):
            out = FOLDER / f"{name}.json"
            options = ["--rounds", "1", "--seconds", str(seconds), "--only", ROW]
            command = [sys.executable, "-m", "scripts.measure.bench.in_process", str(out), *options]
            run_pinned(command, FOLDER / "handler.log", **variables)
            found[name] += json.loads(out.read_text())["rows"][ROW]["ours"]
    return found


def _repository(model: Path) -> Path:
    """A model repository with the int8 model in the place of the served one; its golden answers may differ."""
    version = FOLDER / MODEL.parent.parent.name / MODEL.parent.name
    version.mkdir(parents=True, exist_ok=True)
    for name in ("contract.json", "golden.npz"):
        (version / name).write_bytes((MODEL.parent / name).read_bytes())
    contract = json.loads((version / "contract.json").read_bytes())
    content = model.read_bytes()
    (version / contract["file"]).write_bytes(content)
    contract |= {"sha256": hashlib.sha256(content).hexdigest(), "golden_tolerance": 1.0}
    (version / "contract.json").write_text(json.dumps(contract))
    return FOLDER


def _tensor(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return (images / 255).astype(np.float32)[..., np.newaxis]


def main() -> None:
    """Writes the result, as JSON, to the file named first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    options.out.write_text(json.dumps(measure(options.rounds, options.seconds)))


if __name__ == "__main__":
    main()
