"""A request's body in, its answer out: the steps in turn, and what telemetry is to say of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from aws_lambda_powertools.utilities.typing import LambdaContext
from numpy.typing import NDArray

from lambda_fn.bodies import json_arrays
from lambda_fn.deadline import Deadline
from lambda_fn.digits import interpret, prepare
from lambda_fn.inference.model import Model
from lambda_fn.observers.telemetry import Record

Request = TypeVar("Request")


@dataclass(frozen=True, slots=True)
class Result:
    """What the steps made of n images.

    Attributes:
        scores: n×classes, rows summing to 1.
        tensor: what the model got, n×28×28×1 in 0..1.
    """

    scores: NDArray[np.float32]
    answer: interpret.Answer
    tensor: NDArray[np.float32]


class Work:
    """One request on its way through a model; each step's time and result is written into its record."""

    def __init__(self, event: Mapping[str, Any], context: LambdaContext, record: Record, model: Model) -> None:
        self._event, self._record, self._model = event, record, model
        self._deadline = Deadline.of(context)
        record.model_version = model.contract.version

    def read(self, decoder: Callable[[bytes, Deadline], Request], link: str | None = None) -> Request:
        """What `decoder` makes of the request's body, or of a link's picture. Raises RequestError, OutOfTime."""
        content = json_arrays.body(self._event) if link is None else _fetch(link, self._deadline)
        self._record.body_bytes = len(content)
        try:
            return decoder(content, self._deadline)
        finally:
            self._record.decode_time = (time.perf_counter() - self._record.started) * 1e3

    def infer(self, pictures: json_arrays.Pictures) -> Result:
        """What the pictures show. Raises OutOfTime."""
        decoded = time.perf_counter()
        prepared = prepare.prepare(pictures, self._deadline)
        ready = time.perf_counter()
        scores = self._model.run(prepared.tensor, self._deadline)
        inferred = time.perf_counter()
        answer = interpret.answer(scores, prepared.warnings, self._model.contract.low_confidence_below)
        record = self._record
        record.preprocess_time = (ready - decoded) * 1e3
        record.inference_time = (inferred - ready) * 1e3
        record.images = len(scores)
        record.confidence = float(answer.confidence.sum()) / len(scores)
        record.digits = answer.counts(scores.shape[1])
        if any(answer.warnings):
            record.warnings.update(code for codes in answer.warnings for code in codes)
        return Result(scores, answer, prepared.tensor)


def _fetch(link: str, deadline: Deadline) -> bytes:
    from lambda_fn.bodies import image_link  # sockets and TLS, which no other request needs

    deadline.check()
    return image_link.fetch(link, deadline.left())
