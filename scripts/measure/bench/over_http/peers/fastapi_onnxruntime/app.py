"""FastAPI, pydantic and onnxruntime: answers `{"x": [...]}` with `{"y": [...], "confidence": [...]}`."""

import os
from typing import Any

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
options = ort.SessionOptions()
options.intra_op_num_threads = 1  # each system has one core
session = ort.InferenceSession(os.environ["MODEL"], options)


class Batch(BaseModel):
    """Images n×28×28 or n×28×28×1, 0 to 255 or 0 to 1."""

    x: list[Any]


class Prediction(BaseModel):
    y: list[int]
    confidence: list[float]


@app.post("/predict/batch")
def predict_batch(batch: Batch) -> Prediction:
    x = np.array(batch.x, dtype=np.float32).reshape(-1, 28, 28, 1)
    if x.max() > 1:
        x /= 255
    scores = session.run(None, {"images": x})[0]
    return Prediction(y=scores.argmax(axis=1).tolist(), confidence=scores.max(axis=1).tolist())
