"""Runs the steps of a prediction: prepare, run the model, interpret. No I/O."""

import time
from collections.abc import Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.inference.contract import Contract
from lambda_fn.task import Answers, Inputs, Prepared, Task, Tensors

if TYPE_CHECKING:
    from lambda_fn.inference.model import Model


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model version answered to n inputs, and how.

    Attributes:
        contract: of the model version.
        inputs: the items of the request, as decoded, n.
        prepared: what the model got; its `rows` says which input each row belongs to.
        outputs: what the model gave, by name.
        prepare_ms, inference_ms: milliseconds.
    """

    contract: Contract
    inputs: Sized
    prepared: Prepared
    outputs: Tensors
    answers: Answers
    prepare_ms: float
    inference_ms: float

    @property
    def count(self) -> int:
        """The number of inputs."""
        return len(self.inputs)


def predict(task: Task[Inputs], model: "Model", inputs: Inputs, deadline: Deadline = NEVER) -> Prediction:
    """Answers all inputs. Raises OutOfTime, NotFinite."""
    began = time.perf_counter()
    prepared = task.prepare(inputs, model.contract, deadline)
    ready = time.perf_counter()
    outputs = model.run(prepared.tensors, deadline)
    inferred = time.perf_counter()
    answers = task.interpret(outputs, prepared, model.contract)
    return Prediction(
        contract=model.contract,
        inputs=inputs,
        prepared=prepared,
        outputs=outputs,
        answers=answers,
        prepare_ms=(ready - began) * 1e3,
        inference_ms=(inferred - ready) * 1e3,
    )
