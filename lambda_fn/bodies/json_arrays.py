"""A request's body in, pictures out; every rejection of bad input (the words for it are in json_errors.py).

A picture is an array H×W (grey) or H×W×C (C of 1, 3 or 4, the last of 4 being alpha): float32 in 0..1, or uint8 to 255.
"""

import math
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pybase64
import simdjson
from numpy.typing import NDArray

from lambda_fn.bodies import json_errors
from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.errors import InvalidRequest, TooLarge, UnsupportedMedia
from lambda_fn.limits import BODY_BYTES

Picture = NDArray[np.float32] | NDArray[np.uint8]
Pictures = Sequence[Picture] | Picture
"""Pictures of one shape are one array with the batch in front; otherwise a list."""


def body(event: Mapping[str, Any]) -> bytes:
    """The request's body, out of the base64 that API Gateway wraps it in, and out of gzip if its headers say so.

    Raises:
        InvalidRequest: there is none, or it can't be decoded.
        TooLarge: more than BODY_BYTES, base64 included, or it unzips to more than UNZIPPED_BYTES or VALUES.
        UnsupportedMedia: it is compressed in another way.
    """
    content = event.get("body")
    if not content:
        raise InvalidRequest("no_body", "the request has no body")
    if not isinstance(content, str):
        raise InvalidRequest("invalid_encoding", "the event's body is not a string")
    if len(content) > BODY_BYTES:
        raise TooLarge("request_too_large", f"the body has more than {BODY_BYTES:,} bytes; send several smaller calls")
    try:
        sent = pybase64.b64decode(content, validate=True) if event.get("isBase64Encoded") else content.encode()
    except (Base64Error, ValueError):
        raise InvalidRequest("invalid_encoding", "the body is neither valid base64 nor valid UTF-8") from None
    encoding = header(event, "content-encoding").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnsupportedMedia("unsupported_encoding", "Content-Encoding may be gzip, or none")
    if not encoding.endswith("gzip") or not sent.startswith(b"\x1f\x8b"):
        return sent  # with gzip in the header too: a gateway may have unzipped it
    from lambda_fn.bodies.gzip_body import unzip

    return unzip(sent)


def header(event: Mapping[str, Any], name: str) -> str:
    """A header of the request by its name in lower case, however the client wrote it; "" if there is none."""
    for key, value in (event.get("headers") or {}).items():
        if key.lower() == name:
            return value or ""
    return ""


def pictures(content: bytes, max_images: int, deadline: Deadline = NEVER) -> Pictures:
    """Reads `{"x": picture or list of pictures}` or `{"images": ["<base64 of a PNG or JPEG>", ...]}`.

    Arrays are read without one Python object per pixel, and each picture's scale is its own: a maximum of 1 or less
    means 0..1, anything else 0..255.

    Returns:
        n pictures, 1 <= n <= max_images.

    Raises:
        InvalidRequest: not JSON, neither of the two, or a picture that is none; the message names its index.
        TooLarge: more than `max_images`, or too many pixels.
        UnsupportedMedia: a file that is neither PNG nor JPEG.
        OutOfTime: the deadline is over.
    """
    name, values = _member(_parse(content))
    if name == "images":
        check_count(len(values), max_images)
        return _files([_base64(value, index) for index, value in enumerate(values)], deadline)
    shape = json_errors.leading_shape(values)
    if json_errors.has_rank_of_picture(shape):
        return _picture(values, 0)[np.newaxis]
    check_count(len(values), max_images)
    if json_errors.has_rank_of_picture(shape[1:]) and shape[1] == shape[2]:
        found = numbers(values, shape, content, b'{"x":%s}')
        if found is not None:
            return scale(found, 0)
    separate: list[Picture] = []
    for index, element in enumerate(values):
        deadline.check()
        separate.append(_picture(element, index))
    return separate


def files(content: bytes, max_images: int, deadline: Deadline = NEVER, *, content_type: str) -> Pictures:
    """Reads the bytes of one PNG or JPEG, or a form (multipart/form-data) of many.

    Raises:
        As `pictures`.
    """
    if not content_type.lower().startswith("multipart/"):
        return file(content, deadline)
    from lambda_fn.bodies import multipart_form

    return _files(multipart_form.files(content, content_type, max_images), deadline)


def file(content: bytes, deadline: Deadline = NEVER) -> Pictures:
    """Reads the bytes of one PNG or JPEG. Raises as `pictures`."""
    return _files([content], deadline)


def _files(contents: list[bytes], deadline: Deadline) -> Pictures:
    from lambda_fn.bodies import image_files  # Pillow takes longer to import than most requests take

    return image_files.decode(contents, deadline)


def _base64(value: object, index: int) -> bytes:
    if not isinstance(value, str):
        raise InvalidRequest("not_an_image", f"image {index} is {json_errors.kind(value)}; it must be a base64 string")
    try:
        content = pybase64.b64decode(value, validate=True)
    except (Base64Error, ValueError):
        raise InvalidRequest("invalid_base64", f"image {index} is not valid base64") from None
    if not content:
        raise InvalidRequest("empty", f"image {index} is empty")
    return content


def check_count(count: int, limit: int) -> None:
    if count > limit:
        raise TooLarge("too_many_images", f"{count} images in one request; at most {limit} are allowed")


def _parse(content: bytes) -> simdjson.Object:
    try:
        document = simdjson.Parser().parse(content)
    except (ValueError, RuntimeError):
        json_errors.explain_unreadable(content)
    if not isinstance(document, simdjson.Object):
        raise InvalidRequest("not_an_object", f'the body is {json_errors.kind(document)}; it must be {{"x": [...]}}')
    return document


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
        raise InvalidRequest("not_an_array", f"{keys[0]} is {json_errors.kind(value)}; it must be a list of images")
    if not len(value):
        raise InvalidRequest("empty", f"{keys[0]} is empty; it must hold at least one image")
    return keys[0], value


def _picture(value: object, index: int) -> NDArray[np.float32]:
    shape = json_errors.leading_shape(value)
    if not isinstance(value, simdjson.Array) or 0 in shape or not json_errors.has_rank_of_picture(shape):
        json_errors.explain_rank(value, shape, index)
    values = numbers(value, shape, cast(bytes, value.mini))  # its type stub says str
    if values is None:
        json_errors.explain_irregular(value, shape, index)
    if shape[0] != shape[1]:
        raise InvalidRequest("not_square", f"image {index} is {shape[0]}×{shape[1]}; an array must be square")
    scaled: NDArray[np.float32] = scale(values[np.newaxis], index)[0]
    return scaled


def numbers(
    array: simdjson.Array, shape: tuple[int, ...], text: bytes, around: bytes = b"%s"
) -> NDArray[np.float64] | None:
    """The array's numbers in its `shape`, or None if it is not regular or holds anything else than numbers.

    `text` is the JSON that the array stands in, `around` what surrounds it there. With the numbers taken away, brackets
    and commas must be those of the shape, which tells all but an innermost `[]` from a `[1]`; the count tells that.
    """
    size = math.prod(shape)
    if size > len(text) or text.translate(None, json_errors.NUMBERS_AND_SPACE) != around % json_errors.skeleton(shape):
        return None
    values = np.frombuffer(array.as_buffer(of_type="d"), np.float64)
    return values.reshape(shape) if values.size == size else None


def scale(values: NDArray[np.floating], first: int) -> NDArray[np.float32]:
    """Brings n pictures (n, ...) to 0..1, each by its own maximum; `first` is the index of the first of them."""
    pixels = values.reshape(len(values), -1)
    lowest, highest = pixels.min(axis=1), pixels.max(axis=1)
    outside = ~((lowest >= 0) & (highest <= 255))  # so written, a NaN is outside
    if outside.any():
        index = int(outside.argmax())
        what = "a negative value" if lowest[index] < 0 else "a value above 255" if highest[index] > 255 else "NaN"
        raise InvalidRequest("out_of_range", f"image {first + index} holds {what}; pixels are 0 to 255, or 0 to 1")
    white = np.where(highest <= 1, 1.0, 255.0)
    return (pixels / white[:, np.newaxis]).astype(np.float32).reshape(values.shape)
