"""Reads arrays of numbers from JSON without one Python object per number."""

import math
from typing import NoReturn

import numpy as np
import simdjson
from numpy.typing import NDArray

from lambda_fn.bodies import json_errors
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
        raise InvalidRequest("not_an_object", f"the body is {json_errors.kind(document)}; it must be {expected}")
    return document


def numbers(
    array: simdjson.Array, shape: tuple[int, ...], text: bytes, around: bytes = b"%s"
) -> NDArray[np.float64] | None:
    """The array's numbers in its `shape`, or None if it is ragged or holds anything but numbers.

    `text` is the JSON around the array, `around` what surrounds it there. Without its numbers, the text must be the
    brackets and commas of the shape. That tells all but an innermost `[]` from a `[1]`; the count tells those apart.
    """
    size = math.prod(shape)
    if size > len(text) or text.translate(None, json_errors.NUMBERS_AND_SPACE) != around % json_errors.skeleton(shape):
        return None
    values = np.frombuffer(array.as_buffer(of_type="d"), np.float64)
    return values.reshape(shape) if values.size == size else None


def scale_pixels(values: NDArray[np.floating], first: int) -> NDArray[np.float32]:
    """Scales n images (n, ...) to 0..1, each by its own maximum: 1 or less means 0..1, anything else 0..255.

    `first` is the index of the first image, for the message.

    Raises:
        InvalidRequest: a pixel below 0, above 255, or NaN.
    """
    pixels = values.reshape(len(values), -1)
    lowest, highest = pixels.min(axis=1), pixels.max(axis=1)
    outside = ~((lowest >= 0) & (highest <= 255))  # true for NaN too
    if outside.any():
        _refuse_pixel(int(outside.argmax()), first, lowest, highest)
    white = np.where(highest <= 1, 1.0, 255.0)
    return (pixels / white[:, np.newaxis]).astype(np.float32).reshape(values.shape)


def _refuse_pixel(index: int, first: int, lowest: NDArray[np.floating], highest: NDArray[np.floating]) -> NoReturn:
    what = "a negative value" if lowest[index] < 0 else "a value above 255" if highest[index] > 255 else "NaN"
    raise InvalidRequest("out_of_range", f"image {first + index} holds {what}; pixels are 0 to 255, or 0 to 1")
