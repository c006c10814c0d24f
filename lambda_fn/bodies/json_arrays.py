"""Reads arrays of numbers from JSON without one Python object per number."""

import math

import numpy as np
import simdjson
from numpy.typing import NDArray

from lambda_fn.bodies import json_errors, json_shape
from lambda_fn.errors import InvalidRequest


def parse(content: bytes, expected: str) -> simdjson.Object:
    """The JSON object of a body; `expected` shows one, for the message.

    Raises:
        InvalidRequest: not JSON, or not an object.
    """
    try:
        document = simdjson.Parser().parse(content)
    except (ValueError, RuntimeError):
        json_errors.explain_unreadable(content)
    if not isinstance(document, simdjson.Object):
        raise InvalidRequest("not_an_object", f"the body is {json_shape.kind(document)}; it must be {expected}")
    return document


def numbers(
    array: simdjson.Array, shape: tuple[int, ...], text: bytes, around: bytes = b"%s"
) -> NDArray[np.float64] | None:
    """The array's numbers in its `shape`, or None if it is ragged or holds anything but numbers.

    `text` is the JSON around the array, `around` what surrounds it there. Without its numbers, the text must be the
    brackets and commas of the shape. That tells all but an innermost `[]` from a `[1]`; the count tells those apart.
    """
    size = math.prod(shape)
    if size > len(text) or text.translate(None, json_shape.NUMBERS_AND_SPACE) != around % json_shape.skeleton(shape):
        return None
    del text  # as large as the numbers
    values = np.frombuffer(array.as_buffer(of_type="d"), np.float64)
    return values.reshape(shape) if values.size == size else None
