"""A task of three classes: which colour channel of a pixel is the strongest. It shares nothing with the digits."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_fn.bodies.request_body import Headers
from lambda_fn.deadline import Deadline
from lambda_fn.errors import InvalidRequest, TooLarge
from lambda_fn.inference.contract import Contract, Tensor
from lambda_fn.task import Answers, Prepared, Route, Strings, Task, TensorRoute, Tensors

Pixels = NDArray[np.float32]


def decode(content: bytes, _headers: Headers, at_most: int, _deadline: Deadline) -> Pixels:
    pixels = json.loads(content).get("pixels")
    if not isinstance(pixels, list) or not all(isinstance(pixel, list) and len(pixel) == 3 for pixel in pixels):
        raise InvalidRequest("not_pixels", "pixels must be a list of [red, green, blue]")
    if len(pixels) > at_most:
        raise TooLarge("too_many_pixels", f"{len(pixels)} pixels; at most {at_most} are allowed")
    return np.array(pixels, np.float32)


def prepare(pixels: Pixels, contract: Contract, deadline: Deadline) -> Prepared:
    deadline.check()
    grey = np.ptp(pixels, axis=1) == 0
    warnings = [["grey"] if is_grey else [] for is_grey in grey]
    return Prepared({contract.inputs[0].name: pixels}, np.arange(len(pixels)), warnings)


def interpret(outputs: Tensors, prepared: Prepared, contract: Contract) -> Answers:
    shares = outputs["shares"]
    classes = shares.argmax(axis=1)
    confidence = shares.max(axis=1)
    low = confidence < contract.low_confidence_below
    return Answers(
        members={"colour": [contract.labels[each] for each in classes]},
        confidence=confidence,
        warnings=[
            [*codes, "low_confidence"] if is_low else codes
            for codes, is_low in zip(prepared.warnings, low, strict=True)
        ],
        class_counts=np.bincount(classes, minlength=3).tolist(),
        outputs={"shares": shares},
    )


def encode(name: str, answers: Answers) -> NDArray[Any] | Strings:
    return answers.outputs[name] if name == "shares" else answers.members["colour"]


TASK: Task[Pixels] = Task(
    check=lambda _: None,
    routes={"/predict/colour": Route(decode)},
    prepare=prepare,
    interpret=interpret,
    tensor_route=TensorRoute(
        input=lambda contract: contract.inputs[0],
        datatypes=("FP32",),
        shapes=lambda _: ((-1, 3),),
        decode=lambda values, _: values.astype(np.float32),
        outputs=lambda contract: (contract.outputs[0], Tensor("colour", "BYTES", (-1,))),
        by_default=2,
        encode=encode,
    ),
)
