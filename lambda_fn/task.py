"""What a task is: three steps from a request's body to answers, and the names under which clients reach them."""

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from lambda_fn.bodies.request_body import Headers
from lambda_fn.deadline import Deadline
from lambda_fn.inference.contract import Contract, Tensor

LOW_CONFIDENCE = "low_confidence"
"""The warning of every task where a person should look."""

Inputs = TypeVar("Inputs", bound=Sized)
Tensors = Mapping[str, NDArray[Any]]
Strings = list[str]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """n inputs, ready for the model.

    Attributes:
        tensors: by the graph's input names, m rows each.
        rows: the input that each row belongs to, m numbers below n. An input may have several rows.
        warnings: n lists of stable codes.
    """

    tensors: Tensors
    rows: NDArray[np.intp]
    warnings: list[list[str]]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers to n inputs.

    Attributes:
        members: the task's own members of the JSON answer, n values each.
        confidence: n, 0..1.
        warnings: n lists of stable codes; `low_confidence` where a person should look.
        class_counts: how often each of the contract's labels was answered.
        outputs: the model's outputs as clients may see them, by name.
    """

    members: Mapping[str, list[Any]]
    confidence: NDArray[np.float32]
    warnings: list[list[str]]
    class_counts: list[int]
    outputs: Tensors


@dataclass(frozen=True, slots=True, eq=False)
class Route(Generic[Inputs]):
    """A path below /predict/ that takes POST.

    Attributes:
        decode: reads a body, given its headers, the most inputs that it may have, and the deadline. Raises
            RequestError, OutOfTime.
        link: the query parameter that may name a file to fetch instead of a body; "" for none.
    """

    decode: Callable[[bytes, Headers, int, Deadline], Inputs]
    link: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Extra:
    """A part of the answer that clients ask for with `?<name>=true`.

    Attributes:
        values: one value an input, from the prepared tensors and the answers.
        at_most: inputs in such a request, so that the answer stays below Lambda's 6 MB; None for the usual limit.
    """

    values: Callable[[Prepared, Answers], list[Any]]
    at_most: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TensorRoute(Generic[Inputs]):
    """The task in the terms of the Open Inference Protocol.

    Attributes:
        input: the tensor that clients send, in the form that metadata shows.
        datatypes, shapes: all forms that it may have, metadata's first: FP32 and UINT8; -1 is the number of inputs.
        decode: reads its values, in one of those forms. Raises RequestError.
        outputs: the tensors that clients may ask for; the first `by_default` come without asking.
        encode: the values of the output of that name.
    """

    input: Callable[[Contract], Tensor]
    datatypes: tuple[str, ...]
    shapes: Callable[[Contract], tuple[tuple[int, ...], ...]]
    decode: Callable[[NDArray[Any], Contract], Inputs]
    outputs: Callable[[Contract], tuple[Tensor, ...]]
    by_default: int
    encode: Callable[[str, Answers], NDArray[Any] | Strings]


@dataclass(frozen=True, slots=True, eq=False)
class Task(Generic[Inputs]):
    """One kind of question that models answer. The contract's `task` names it (tasks.py).

    Attributes:
        check: raises ModelRejected if a model with this contract can't do the task; called at the start.
        routes: how bodies are decoded, by path.
        prepare: makes tensors of the inputs. May raise OutOfTime.
        interpret: makes answers of the model's outputs.
        tensor_route: the same over /v2.
        extras: optional parts of the answer, by query parameter.
        openapi: the document that describes the routes.
    """

    check: Callable[[Contract], None]
    routes: Mapping[str, Route[Inputs]]
    prepare: Callable[[Inputs, Contract, Deadline], Prepared]
    interpret: Callable[[Tensors, Prepared, Contract], Answers]
    tensor_route: TensorRoute[Inputs]
    extras: Mapping[str, Extra] = field(default_factory=dict)
    openapi: Path | None = None


def rounded(values: NDArray[np.float32]) -> list[Any]:
    """Plain numbers with six decimals: more digits of a float32 mean nothing."""
    plain: list[Any] = values.astype(np.float64).round(6).tolist()
    return plain
