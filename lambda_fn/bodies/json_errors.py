"""Explains why a JSON value is not an image or a tensor: names the image, the row and the reason.

Only rejected requests come here, so it may look at pixels one by one. It stops at the first error.
"""

import math
import re
from itertools import islice
from typing import NoReturn, cast

import simdjson

from lambda_fn.bodies.json_shape import (
    NOT_FINITE_MARK,
    NUMBERS_AND_SPACE,
    has_rank_of_image,
    kind,
    leading_shape,
    skeleton,
)
from lambda_fn.errors import InvalidRequest
from lambda_fn.limits import NESTING

RANK_OF_TENSOR = 4  # a batch of images; a search goes no deeper

# What Python's json.dumps writes for NaN and infinity, and exponents that no double holds. Only matched at the start of
# a number, and each run is bounded, so that a long row of digits costs no more than its length.
_NOT_FINITE = re.compile(rb"(?<![\d.])-?(?:NaN|Infinity|\d[\d.]{0,30}[eE]\+?\d{3,9})")
# Such values and pixels of a row that are looked at.
_AT_MOST = 10_000


def explain_unreadable(content: bytes) -> NoReturn:
    """For a body that the parser refuses. Names the pixel that is NaN or infinite, if that is the reason."""
    quoted = _NOT_FINITE.sub(b'"' + NOT_FINITE_MARK.encode() + rb'\g<0>"', content, count=_AT_MOST)
    if quoted != content:
        try:
            document = simdjson.Parser().parse(quoted)
        except (ValueError, RuntimeError):
            document = None
        if isinstance(document, simdjson.Object) and "x" in list(document):
            _find_in_batch(document["x"])
        if isinstance(document, simdjson.Object):
            _find_in_tensors(document.get("inputs"))
    raise InvalidRequest(
        "not_json",
        f"the body is not JSON: its syntax is wrong, it nests deeper than {NESTING:,} levels, or a number has too many "
        "digits",
    )


def explain_rank(value: object, shape: tuple[int, ...], index: int) -> NoReturn:
    """For a value that does not have the rank of an image."""
    if not isinstance(value, simdjson.Array):
        raise InvalidRequest("not_an_image", f"image {index} is {kind(value)}; it must be an array of rows")
    if 0 in shape:
        raise InvalidRequest("empty", f"image {index} is empty")
    if len(shape) == 3:
        raise InvalidRequest("wrong_rank", f"image {index} has {shape[2]} channels; it must have 1, 3 or 4")
    number = "1 dimension" if len(shape) == 1 else f"{len(shape)} dimensions"
    raise InvalidRequest("wrong_rank", f"image {index} has {number}; it must be H×W or H×W×C")


def explain_irregular(image: simdjson.Array, shape: tuple[int, ...], index: int) -> NoReturn:
    """For an image whose rows differ in length, or that holds something other than numbers."""
    _find(image, shape, index)
    raise InvalidRequest("ragged", f"image {index} is not a regular array of numbers")


def explain_data(data: simdjson.Array, shape: tuple[int, ...]) -> NoReturn:
    """For a tensor whose `data` is ragged, or holds something other than numbers."""
    _find_in_data(data, shape, "data")
    raise InvalidRequest("ragged", "data is not a regular array of numbers")


def _find_in_tensors(inputs: object) -> None:
    for tensor in inputs if isinstance(inputs, simdjson.Array) else ():
        data = tensor.get("data") if isinstance(tensor, simdjson.Object) else None
        if isinstance(data, simdjson.Array) and len(leading_shape(data)) <= RANK_OF_TENSOR:
            _find_in_data(data, leading_shape(data), "data")


def _find_in_data(data: simdjson.Array, shape: tuple[int, ...], where: str) -> None:
    if len(data) != shape[0]:
        raise InvalidRequest("ragged", f"{where} has {len(data)} elements, those before it have {shape[0]}")
    if _is_regular(data, shape):
        return
    for index, element in enumerate(islice(data, _AT_MOST)):
        if len(shape) == 1:
            if isinstance(element, bool) or not isinstance(element, int | float):
                _check_number(element, f"{where}[{index}]")
        elif isinstance(element, simdjson.Array):
            _find_in_data(element, shape[1:], f"{where}[{index}]")
        else:
            raise InvalidRequest("ragged", f"{where}[{index}] is {kind(element)}, not an array of {shape[1]}")
    if len(data) > _AT_MOST:
        raise InvalidRequest("not_a_number", f"{where} holds something other than numbers after {_AT_MOST:,}")


def _find_in_batch(x: object) -> None:
    if not isinstance(x, simdjson.Array):
        raise InvalidRequest("not_an_array", f"x is {kind(x)}; it must be an image or a list of images")
    for index, image in enumerate([x] if has_rank_of_image(leading_shape(x)) else x):
        shape = leading_shape(image)
        if not isinstance(image, simdjson.Array) or not has_rank_of_image(shape):
            explain_rank(image, shape, index)
        _find(image, shape, index)


def _find(image: simdjson.Array, shape: tuple[int, ...], index: int) -> None:
    if len(shape) == 3 and _last_is_number(image):
        shape = shape[:2]  # the first pixel alone is an array
    for r, row in enumerate(image):
        if not isinstance(row, simdjson.Array):
            raise InvalidRequest("ragged", f"image {index}: row {r} is {kind(row)}, not an array")
        if len(row) != shape[1]:
            raise InvalidRequest("ragged", f"image {index}: row {r} has {len(row)} values, row 0 has {shape[1]}")
        if not _is_regular(row, shape[1:]):
            _find_in_row(row, shape, f"image {index}: row {r}")


def _last_is_number(image: simdjson.Array) -> bool:
    row = image[len(image) - 1]
    return isinstance(row, simdjson.Array) and len(row) > 0 and isinstance(row[len(row) - 1], int | float)


def _is_regular(row: simdjson.Array, shape: tuple[int, ...]) -> bool:
    """Whether an array has that shape and holds only numbers, judged by its text."""
    text = cast(bytes, row.mini)  # its type stub says str
    possible = b"[]" not in text and math.prod(shape) <= len(text)
    return possible and text.translate(None, NUMBERS_AND_SPACE) == skeleton(shape)


def _find_in_row(row: simdjson.Array, shape: tuple[int, ...], where: str) -> None:
    for c, pixel in enumerate(islice(row, _AT_MOST)):
        place = f"{where}, column {c}"
        if len(shape) == 2:
            _check_number(pixel, place)
        elif not isinstance(pixel, simdjson.Array) or len(pixel) != shape[2]:
            raise InvalidRequest("ragged", f"{place} is {kind(pixel)}, not an array of {shape[2]}")
        else:
            for channel in pixel:
                _check_number(channel, place)
    raise InvalidRequest("not_a_number", f"{where} holds something other than numbers after column {_AT_MOST:,}")


def _check_number(value: object, where: str) -> None:
    if isinstance(value, simdjson.Array):
        raise InvalidRequest("ragged", f"{where} is {kind(value)}, not a number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest("not_a_number", f"{where} is {kind(value)}, not a number")
