"""Makes the measured requests from MNIST's test images, the same bytes for every system."""

import base64
import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_fn.api.proxy_event import proxy_event
from lambda_fn.settings import MODEL_REPOSITORY, Settings
from model.digits.data import mnist

BATCH, V2 = "/predict/batch", "/v2/models/digits/infer"
MODEL = MODEL_REPOSITORY / "digits" / Settings().models["digits"] / "model.onnx"
RIGHT = 0.97  # the least share of right answers
INPUT, OUTPUT, SIDE = "images", "probabilities", 28


@dataclass(frozen=True, slots=True)
class Payload:
    """One request.

    Attributes:
        name: in the tables.
        kind: ints, floats, png or uint8: the format of the pixels.
        digits: the labels of its n images.
        body: as a client sends it, before base64.
        json_bytes: length of the JSON before binary tensors.
    """

    name: str
    kind: str
    digits: list[int]
    body: bytes
    path: str = BATCH
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    json_bytes: int = 0

    @property
    def images(self) -> int:
        return len(self.digits)

    def event(self) -> dict[str, Any]:
        """The event that API Gateway makes of it."""
        scope = {
            "method": "POST",
            "headers": [(name.encode(), value.encode()) for name, value in self.headers.items()],
            "query_string": b"",
            "http_version": "1.1",
        }
        return proxy_event(scope, self.path, self.body, "bench")

    def as_v2_json(self) -> "Payload":
        """The same numbers as a V2 request in JSON, for servers that speak only that."""
        x = np.array(json.loads(self.body)["x"]).reshape(-1, SIDE, SIDE, 1)
        datatype = "UINT8" if self.kind == "ints" else "FP32"
        tensor = {"name": INPUT, "shape": x.shape, "datatype": datatype, "data": x.ravel().tolist()}
        return Payload(self.name, self.kind, self.digits, json.dumps({"inputs": [tensor]}).encode(), V2)


def every() -> list[Payload]:
    """All requests, the smallest first."""
    images, labels = mnist.load("test")
    return [
        _arrays("1 image, ints", "ints", images[:1], labels),
        _arrays("100 images, ints", "ints", images[:100], labels),
        _arrays("100 images, floats", "floats", images[:100], labels),
        _arrays("500 images, floats", "floats", images[:500], labels),
        _files("500 images, PNG", images[:500], labels),
        _tensor("500 images, UINT8 tensor", images[:500], labels),
    ]


def _arrays(name: str, kind: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Payload:
    # Like the earlier client: n×28×28×1 of float32 fractions, written with a double's digits.
    x = images if kind == "ints" else (images / 255).astype(np.float32)[..., np.newaxis]
    return Payload(name, kind, labels[: len(images)].tolist(), json.dumps({"x": x.tolist()}).encode())


def _files(name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Payload:
    from PIL import Image

    files = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        files.append(base64.b64encode(file.getvalue()).decode())
    return Payload(name, "png", labels[: len(images)].tolist(), json.dumps({"images": files}).encode())


def _tensor(name: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Payload:
    shape = [len(images), SIDE, SIDE, 1]
    tensor = {"name": INPUT, "shape": shape, "datatype": "UINT8", "parameters": {"binary_data_size": images.size}}
    header = json.dumps({"inputs": [tensor]}).encode()
    headers = {"content-type": "application/octet-stream", "inference-header-content-length": str(len(header))}
    body = header + images.tobytes()
    return Payload(name, "uint8", labels[: len(images)].tolist(), body, V2, headers, len(header))
