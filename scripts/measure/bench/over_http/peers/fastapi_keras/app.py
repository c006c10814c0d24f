"""FastAPI and Keras: answers `{"x": [...]}` with `{"y": [...]}`, like the earlier service."""

import os
from typing import Any

import keras
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = keras.models.load_model(os.environ["KERAS_MODEL"])


class Batch(BaseModel):
    """Images n×28×28 or n×28×28×1, 0 to 255 or 0 to 1."""

    x: list[Any]


@app.post("/predict/batch")
def predict_batch(batch: Batch) -> dict[str, list[int]]:
    x = np.array(batch.x, dtype="float32").reshape(-1, 28, 28, 1)
    if x.max() > 1:
        x /= 255
    return {"y": model.predict(x, verbose=0).argmax(axis=1).tolist()}
