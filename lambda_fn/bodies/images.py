"""Reads the images of a request: arrays or base64 files in JSON, the bytes of one file, or a form of files."""

from binascii import Error as Base64Error
from collections.abc import Sequence
from typing import NoReturn, cast

import numpy as np
import pybase64
import simdjson
from numpy.typing import NDArray

from lambda_fn.bodies import json_arrays, json_errors, json_shape
from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.errors import InvalidRequest, TooLarge

Image = NDArray[np.float32] | NDArray[np.uint8]
"""H×W (grey) or H×W×C (C of 1, 3 or 4, the last of 4 is alpha); float32 in 0..1, or uint8."""
Images = Sequence[Image] | Image
"""n images: one array n×H×W(×C) where all have one shape, otherwise a list."""


def from_json(content: bytes, at_most: int, deadline: Deadline = NEVER) -> Images:
    """Reads `{"x": image or list of images}` or `{"images": ["<base64 of a PNG or JPEG>", ...]}`.

    Raises:
        InvalidRequest: not JSON, neither of the two, or an element that is no image; the message names its index.
        TooLarge: more than `at_most` images, or too many pixels.
        UnsupportedMedia: a file that is neither PNG nor JPEG.
        OutOfTime: the deadline is over.
    """
    name, values = _member(json_arrays.parse(content, '{"x": [...]}'))
    if name == "images":
        _check_count(len(values), at_most)
        return _files([_base64(value, index) for index, value in enumerate(values)], deadline)
    shape = json_shape.leading_shape(values)
    if json_shape.has_rank_of_image(shape):
        return _image(values, 0)[np.newaxis]
    _check_count(len(values), at_most)
    if json_shape.has_rank_of_image(shape[1:]) and shape[1] == shape[2]:
        found = json_arrays.numbers(values, shape, content, b'{"x":%s}')
        if found is not None:
            del values  # and the parsed JSON with it, which takes more memory than the numbers
            return scale_pixels(found, 0)
    separate: list[Image] = []
    for index, element in enumerate(values):
        deadline.check()
        separate.append(_image(element, index))
    return separate


def from_files(content: bytes, content_type: str, at_most: int, deadline: Deadline = NEVER) -> Images:
    """Reads one PNG or JPEG, or a form (multipart/form-data) of many. Raises as `from_json`."""
    if not content_type.lower().startswith("multipart/"):
        return _files([content], deadline)
    from lambda_fn.bodies import multipart_form

    return _files(multipart_form.files(content, content_type, at_most), deadline)


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
    scaled = np.empty(pixels.shape, np.float32)
    # Divided as doubles and rounded once, without an array of doubles between.
    np.divide(pixels, white[:, np.newaxis], out=scaled, dtype=np.float64, casting="same_kind")
    return scaled.reshape(values.shape)


def _check_count(count: int, limit: int) -> None:
    if count > limit:
        raise TooLarge.too_many("image", count, limit)


def _files(contents: list[bytes], deadline: Deadline) -> Images:
    from lambda_fn.bodies import image_files  # Pillow takes longer to import than most requests take

    return image_files.decode(contents, deadline)


def _base64(value: object, index: int) -> bytes:
    if not isinstance(value, str):
        raise InvalidRequest("not_an_image", f"image {index} is {json_shape.kind(value)}; it must be a base64 string")
    try:
        content = pybase64.b64decode(value, validate=True)
    except (Base64Error, ValueError):
        raise InvalidRequest("invalid_base64", f"image {index} is not valid base64") from None
    if not content:
        raise InvalidRequest("empty", f"image {index} is empty")
    return content


def _member(document: simdjson.Object) -> tuple[str, simdjson.Array]:
    if len(document) > 1:
        raise InvalidRequest(
            "unknown_field", f'the body has {len(document)} members; it must have one, "x" or "images"'
        )
    keys = list(document)
    if keys not in (["x"], ["images"]):
        raise InvalidRequest("missing_x", 'the body has neither "x" nor "images"; send {"x": [...]}')
    value = document[keys[0]]
    if not isinstance(value, simdjson.Array):
        raise InvalidRequest("not_an_array", f"{keys[0]} is {json_shape.kind(value)}; it must be a list of images")
    if not len(value):
        raise InvalidRequest("empty", f"{keys[0]} is empty; it must hold at least one image")
    return keys[0], value


def _image(value: object, index: int) -> NDArray[np.float32]:
    shape = json_shape.leading_shape(value)
    if not isinstance(value, simdjson.Array) or 0 in shape or not json_shape.has_rank_of_image(shape):
        json_errors.explain_rank(value, shape, index)
    values = json_arrays.numbers(value, shape, cast(bytes, value.mini))  # its type stub says str
    if values is None:
        json_errors.explain_irregular(value, shape, index)
    if shape[0] != shape[1]:
        raise InvalidRequest("not_square", f"image {index} is {shape[0]}×{shape[1]}; an array must be square")
    scaled: NDArray[np.float32] = scale_pixels(values[np.newaxis], index)[0]
    return scaled


def _refuse_pixel(index: int, first: int, lowest: NDArray[np.floating], highest: NDArray[np.floating]) -> NoReturn:
    what = "a negative value" if lowest[index] < 0 else "a value above 255" if highest[index] > 255 else "NaN"
    raise InvalidRequest("out_of_range", f"image {first + index} holds {what}; pixels are 0 to 255, or 0 to 1")
