"""The task as a value: its routes, its steps, and its tensors over /v2."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pybase64
from numpy.typing import NDArray

from lambda_fn.bodies.images import Images
from lambda_fn.digits import decode
from lambda_fn.digits.interpret import interpret
from lambda_fn.digits.prepare import SIDE, prepare
from lambda_fn.errors import ModelRejected
from lambda_fn.inference.contract import Contract, Tensor
from lambda_fn.task import Answers, Extra, Prepared, Route, Strings, Task, TensorRoute, rounded

DIGIT, WARNINGS = "digit", "warnings"
# At most 1.3 kB each, their answer stays below Lambda's 6 MB.
SEEN_AT_MOST = 4000


def _check(contract: Contract) -> None:
    shapes = [each.shape for each in (*contract.inputs, *contract.outputs)]
    if shapes != [(-1, SIDE, SIDE, 1), (-1, len(contract.labels))]:
        raise ModelRejected(f"{contract.name} {contract.version}: {shapes} are no tensors of digits with these labels")


def _probabilities(_: Prepared, answers: Answers) -> list[Any]:
    (probabilities,) = answers.outputs.values()
    return rounded(probabilities)


def _seen(prepared: Prepared, _: Answers) -> list[str]:
    """What the network saw of each image: 784 bytes in base64, row by row, 0 to 255."""
    (tensor,) = prepared.tensors.values()
    pixels = (tensor * 255 + 0.5).astype(np.uint8)
    return [pybase64.b64encode_as_string(image.tobytes()) for image in pixels]


def _input(contract: Contract) -> Tensor:
    return contract.inputs[0]


def _shapes(contract: Contract) -> tuple[tuple[int, ...], ...]:
    """With the channel, without it, and each image as one row of pixels."""
    _, *image = contract.inputs[0].shape
    return (-1, *image), (-1, *image[:-1]), (-1, math.prod(image))


def _outputs(contract: Contract) -> tuple[Tensor, ...]:
    return contract.outputs[0], Tensor(DIGIT, "INT64", (-1,)), Tensor(WARNINGS, "BYTES", (-1,))


def _encode(name: str, answers: Answers) -> NDArray[Any] | Strings:
    if name == DIGIT:
        return np.array(answers.members["y"], np.int64)
    if name == WARNINGS:
        return [",".join(codes) for codes in answers.warnings]
    return answers.outputs[name]


TASK: Task[Images] = Task(
    check=_check,
    routes={
        "/predict/batch": Route(decode.batch),
        "/predict/img": Route(decode.files, link="image_link"),
    },
    prepare=prepare,
    interpret=interpret,
    tensor_route=TensorRoute(
        input=_input,
        datatypes=("FP32", "UINT8"),
        shapes=_shapes,
        decode=decode.tensor,
        outputs=_outputs,
        by_default=2,
        encode=_encode,
    ),
    extras={"probabilities": Extra(_probabilities), "seen": Extra(_seen, at_most=SEEN_AT_MOST)},
    openapi=Path(__file__).with_name("openapi.yaml"),
)
