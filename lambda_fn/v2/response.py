"""Writes an inference response of the Open Inference Protocol: JSON, raw bytes after it, gzip.

Raw bytes are those of the binary tensor extension: little-endian, row-major, in the order of the outputs.
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_fn.bodies.request_body import header
from lambda_fn.pipeline import Prediction
from lambda_fn.task import Strings, TensorRoute, rounded
from lambda_fn.v2.request import LENGTH, Request

ZIPPED_FROM = 1024  # bytes; a shorter answer gains nothing


def respond(
    event: Mapping[str, Any], request: Request, route: TensorRoute[Any], prediction: Prediction
) -> tuple[str | bytes, dict[str, str]]:
    """The response's body and headers.

    API Gateway passes bytes on unchanged only to a request with an Accept header. A request without one gets plain
    JSON, even where it asked for raw bytes or gzip; Triton's client reads both.
    """
    takes_bytes = bool(header(event.get("headers"), "accept"))
    text, blobs = _write(request, route, prediction, takes_bytes)
    headers = {"Content-Type": "application/json"}
    if blobs:
        headers = {"Content-Type": "application/octet-stream", LENGTH: str(len(text))}
    body = b"".join([text, *blobs])
    if takes_bytes and len(body) >= ZIPPED_FROM and _takes_gzip(header(event.get("headers"), "accept-encoding")):
        # Level 1 takes a fortieth of level 9's time, and its JSON is a fifth larger.
        return zlib.compress(body, 1, zlib.MAX_WBITS | 16), headers | {"Content-Encoding": "gzip"}
    return body if blobs else body.decode(), headers


def _write(
    request: Request, route: TensorRoute[Any], prediction: Prediction, takes_bytes: bool
) -> tuple[bytes, list[bytes]]:
    contract = prediction.contract
    datatypes = {output.name: output.datatype for output in route.outputs(contract)}
    outputs, blobs = [], []
    for name, binary in request.outputs.items():
        values = route.encode(name, prediction.answers)
        shape = values.shape if isinstance(values, np.ndarray) else (len(values),)
        entry: dict[str, Any] = {"name": name, "datatype": datatypes[name], "shape": shape}
        if binary and takes_bytes:
            blobs.append(_raw(values))
            entry["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            entry["data"] = _plain(values)
        outputs.append(entry)
    request_id = {} if request.id is None else {"id": request.id}
    response = request_id | {"model_name": contract.name, "model_version": contract.version, "outputs": outputs}
    return json.dumps(response, separators=(",", ":"), ensure_ascii=False).encode(), blobs


def _raw(values: NDArray[Any] | Strings) -> bytes:
    if isinstance(values, np.ndarray):
        return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    encoded = (text.encode() for text in values)
    return b"".join(len(text).to_bytes(4, "little") + text for text in encoded)


def _plain(values: NDArray[Any] | Strings) -> list[Any]:
    if not isinstance(values, np.ndarray):
        return values
    flat = values.reshape(-1)
    return rounded(flat) if values.dtype.kind == "f" else list(flat.tolist())


def _takes_gzip(accept_encoding: str) -> bool:
    codings = (coding.partition(";") for coding in accept_encoding.lower().split(","))
    return any(name.strip() == "gzip" and quality.strip() not in ("q=0", "q=0.0") for name, _, quality in codings)
