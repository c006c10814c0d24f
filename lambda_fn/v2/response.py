"""Scores and warnings in, an inference response of the Open Inference Protocol out: JSON, raw bytes after it, gzip.

The raw bytes are those of the binary tensor extension: little-endian, row-major, in the order of the outputs.
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_fn.bodies import json_arrays
from lambda_fn.digits.interpret import Answer, rounded
from lambda_fn.inference.contract import Contract
from lambda_fn.v2.request import DIGIT, LENGTH, WARNINGS, Request

ZIPPED_FROM = 1024  # bytes; a shorter answer gains nothing


@dataclass(frozen=True, slots=True)
class Output:
    """A tensor of the answer: n elements or rows, as raw bytes and as JSON."""

    datatype: str
    shape: tuple[int, ...]
    raw: Callable[[], bytes]
    plain: Callable[[], list[Any]]


def respond(
    event: Mapping[str, Any], request: Request, contract: Contract, scores: NDArray[np.float32], answer: Answer
) -> tuple[str | bytes, dict[str, str]]:
    """The response's body and its headers.

    API Gateway brings bytes to a client unspoilt if the request has an Accept header. One without it gets JSON, plain,
    even where it asked for raw bytes or gzip; Triton's client takes both.
    """
    takes_bytes = bool(json_arrays.header(event, "accept"))
    text, blobs = _write(request, contract, scores, answer, takes_bytes)
    headers = {"Content-Type": "application/json"}
    if blobs:
        headers = {"Content-Type": "application/octet-stream", LENGTH: str(len(text))}
    body = b"".join([text, *blobs])
    if takes_bytes and len(body) >= ZIPPED_FROM and _takes_gzip(json_arrays.header(event, "accept-encoding")):
        # Of the levels, 1 takes a fortieth of 9's time and makes JSON a fifth larger.
        return zlib.compress(body, 1, zlib.MAX_WBITS | 16), headers | {"Content-Encoding": "gzip"}
    return body if blobs else body.decode(), headers


def _write(
    request: Request, contract: Contract, scores: NDArray[np.float32], answer: Answer, takes_bytes: bool
) -> tuple[bytes, list[bytes]]:
    available = _outputs(contract, scores, answer)
    outputs, blobs = [], []
    for name, binary in request.outputs.items():
        output = available[name]
        entry: dict[str, Any] = {"name": name, "datatype": output.datatype, "shape": output.shape}
        if binary and takes_bytes:
            blobs.append(output.raw())
            entry["parameters"] = {"binary_data_size": len(blobs[-1])}
        else:
            entry["data"] = output.plain()
        outputs.append(entry)
    said = {} if request.id is None else {"id": request.id}
    response = said | {"model_name": contract.name, "model_version": contract.version, "outputs": outputs}
    return json.dumps(response, separators=(",", ":"), ensure_ascii=False).encode(), blobs


def _outputs(contract: Contract, scores: NDArray[np.float32], answer: Answer) -> dict[str, Output]:
    count, digits = (len(scores),), answer.digits
    codes = [",".join(each) for each in answer.warnings]
    return {
        contract.output_name: Output(
            contract.output_datatype,
            scores.shape,
            lambda: scores.astype("<f4", copy=False).tobytes(),
            lambda: rounded(scores.reshape(-1)),
        ),
        DIGIT: Output("INT64", count, lambda: digits.astype("<i8", copy=False).tobytes(), digits.tolist),
        WARNINGS: Output("BYTES", count, lambda: _with_lengths(codes), lambda: codes),
    }


def _with_lengths(texts: list[str]) -> bytes:
    return b"".join(len(text).to_bytes(4, "little") + text.encode() for text in texts)


def _takes_gzip(accept_encoding: str) -> bool:
    codings = (coding.partition(";") for coding in accept_encoding.lower().split(","))
    return any(name.strip() == "gzip" and quality.strip() not in ("q=0", "q=0.0") for name, _, quality in codings)
