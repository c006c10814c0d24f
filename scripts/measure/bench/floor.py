"""Answers a request with the least work that libraries allow: no checks, no warnings, no log, no HTTP."""

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import simdjson
from numpy.typing import NDArray

from scripts.measure.bench.payloads import INPUT, MODEL, OUTPUT, SIDE, Payload

CHUNK = 16  # about the fastest; one run of 500 images takes a tenth longer

Scores = NDArray[np.float32]


def session() -> onnxruntime.InferenceSession:
    """The model on one thread, with onnxruntime's defaults otherwise."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(MODEL, options, ["CPUExecutionProvider"])


def floor(
    payload: Payload, model: onnxruntime.InferenceSession, decode: Callable[[str], bytes] = base64.b64decode
) -> Callable[[str], Scores]:
    """The least work for this kind of payload: from the event's body to probabilities (n×10)."""
    parser = simdjson.Parser()

    def numbers(content: bytes) -> Scores:
        document: Any = parser.parse(content)
        values: NDArray[np.float64] = np.frombuffer(document["x"].as_buffer(of_type="d"), np.float64)
        return values.astype(np.float32)

    def whole_numbers(content: bytes) -> Scores:
        return numbers(content) / np.float32(255)

    def files(content: bytes) -> Scores:
        from PIL import Image

        document: Any = parser.parse(content)
        pixels = [np.asarray(Image.open(io.BytesIO(decode(file)))) for file in document["images"]]
        return np.stack(pixels).astype(np.float32) / np.float32(255)

    def tensor(content: bytes) -> Scores:
        return np.divide(np.frombuffer(content, np.uint8, offset=payload.json_bytes), 255, dtype=np.float32)

    read = {"ints": whole_numbers, "floats": numbers, "png": files, "uint8": tensor}[payload.kind]

    def answer(body: str) -> Scores:
        images = read(decode(body)).reshape(-1, SIDE, SIDE, 1)
        chunks = (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))
        return np.concatenate([model.run([OUTPUT], {INPUT: chunk})[0] for chunk in chunks])

    return answer
