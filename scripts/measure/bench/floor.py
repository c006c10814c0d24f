"""An event's body in, scores out, by the least work that libraries allow: no checks, no warnings, no log, no HTTP."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import simdjson
from numpy.typing import NDArray

from scripts.measure.bench.payloads import INPUT, MODEL, OUTPUT, SIDE, Payload

CHUNK = 16  # about the fastest here; one run of 500 images takes a tenth longer

Scores = NDArray[np.float32]


def session(file: Path = MODEL) -> onnxruntime.InferenceSession:
    """A model on one thread, everything else as onnxruntime has it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options, ["CPUExecutionProvider"])


def floor(
    payload: Payload, model: onnxruntime.InferenceSession, decode: Callable[[str], bytes]
) -> Callable[[str], Scores]:
    """The least work for this kind of payload, with `decode` for its base64."""
    parser = simdjson.Parser()

    def numbers(content: bytes) -> Scores:
        document: Any = parser.parse(content)
        values: NDArray[np.float64] = np.frombuffer(document["x"].as_buffer(of_type="d"), np.float64)
        return values.astype(np.float32)

    def whole_numbers(content: bytes) -> Scores:
        return numbers(content) / np.float32(255)

    def pictures(content: bytes) -> Scores:
        from PIL import Image

        document: Any = parser.parse(content)
        pixels = [np.asarray(Image.open(io.BytesIO(decode(file)))) for file in document["images"]]
        return np.stack(pixels).astype(np.float32) / np.float32(255)

    def tensor(content: bytes) -> Scores:
        return np.divide(np.frombuffer(content, np.uint8, offset=payload.json_bytes), 255, dtype=np.float32)

    read = {"ints": whole_numbers, "floats": numbers, "png": pictures, "uint8": tensor}[payload.kind]

    def answer(body: str) -> Scores:
        return scores(model, read(decode(body)).reshape(-1, SIDE, SIDE, 1))

    return answer


def scores(model: onnxruntime.InferenceSession, tensor: Scores) -> Scores:
    """n×10 of n×28×28×1."""
    chunks = (tensor[start : start + CHUNK] for start in range(0, len(tensor), CHUNK))
    return np.concatenate([model.run([OUTPUT], {INPUT: chunk})[0] for chunk in chunks])


def standard_library(body: str) -> bytes:
    """Python's own base64, as a floor without any library but the two that do the work."""
    return base64.b64decode(body)
