"""The images of a request: arrays or files in JSON, one file, or a form of files."""

import base64
import json
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lambda_fn.bodies import images
from lambda_fn.errors import InvalidRequest, RequestError
from tests.lambda_fn.bodies.test_multipart_form import TYPE, form

ZEROS: list[list[Any]] = [[0] * 28 for _ in range(28)]


def read(value: object, limit: int = 8192) -> images.Images:
    content = value if isinstance(value, bytes) else json.dumps({"x": value}).encode()
    return images.from_json(content, limit)


def changed(row: int, column: int, value: object) -> list[list[Any]]:
    """A 28×28 image of zeros, with another value in one place."""
    return [[value if (r, c) == (row, column) else 0 for c in range(28)] for r in range(28)]


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        (ZEROS, (1, 28, 28)),
        ([ZEROS], (1, 28, 28)),
        ([ZEROS] * 3, (3, 28, 28)),
        ([[[0]] * 28] * 28, (1, 28, 28, 1)),
        ([[[[0]] * 28] * 28] * 5, (5, 28, 28, 1)),
        ([[[1, 2, 3]] * 32] * 32, (1, 32, 32, 3)),
        ([[[1, 2, 3, 4]] * 9] * 9, (1, 9, 9, 4)),
        ([[[[1, 2, 3]] * 32] * 32] * 2, (2, 32, 32, 3)),
        ([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], (2, 2, 2)),
        (b' {\n"x" : [ [ 1e0 , 2.5E+1 ] ,\t[ 0 , -0.0 ] ] } ', (1, 2, 2)),
        (b'{"\\u0078":[[[1,2],[3,4]]]}', (1, 2, 2)),
    ],
)
def test_regular_arrays_keep_their_shape(value: object, shape: tuple[int, ...]) -> None:
    found = read(value)
    assert isinstance(found, list | np.ndarray)
    assert (len(found), *found[0].shape) == shape
    assert found[0].dtype == np.float32


def test_images_of_a_batch_may_differ_in_shape() -> None:
    found = read([ZEROS, [[[1, 2, 3]] * 32] * 32, [[7]]])
    assert [image.shape for image in found] == [(28, 28), (32, 32, 3), (1, 1)]


def test_each_image_has_its_own_scale() -> None:
    bright, faint = changed(3, 3, 200), changed(3, 3, 0.5)
    both = read([bright, faint])
    assert both[0].max() == np.float32(200 / 255)
    assert both[1].max() == np.float32(0.5)
    assert np.array_equal(both[1], read(faint)[0])


REFUSED = [
    ({"x": [[1, 2, 3], [4, 5, 6]]}, "not_square", "image 0 is 2×3"),
    ({"x": [ZEROS, ZEROS[1:]]}, "not_square", "image 1 is 27×28"),
    ({"x": []}, "empty", "x is empty"),
    ({"x": [[]]}, "empty", "image 0 is empty"),
    ({"x": [ZEROS, []]}, "empty", "image 1 is empty"),
    ({"x": [ZEROS, [[]]]}, "empty", "image 1 is empty"),
    ({"images": []}, "empty", "images is empty"),
    ({"images": "abc"}, "not_an_array", "images is a string"),
    ({"images": [7]}, "not_an_image", "image 0 is a number"),
    ({"images": ["e30=", "a b"]}, "invalid_base64", "image 1 is not valid base64"),
    ({"images": ["data:image/png;base64,AAAA"]}, "invalid_base64", "image 0"),
    ({"images": [""]}, "empty", "image 0 is empty"),
    ({"images": ["e30="], "x": ZEROS}, "unknown_field", "2 members"),
    ({"x": [ZEROS, changed(2, 5, -1)]}, "out_of_range", "image 1 holds a negative value"),
    ({"x": [ZEROS, ZEROS[:2], changed(2, 5, 256)]}, "not_square", "image 1 is 2×28"),
    ({"x": [ZEROS, [[0]], changed(2, 5, 256)]}, "out_of_range", "image 2 holds a value above 255"),
    ({"x": None}, "not_an_array", "x is null"),
    ({"x": 7}, "not_an_array", "x is a number"),
    ({"x": "[[0]]"}, "not_an_array", "x is a string"),
    ({"x": True}, "not_an_array", "x is a boolean"),
    ({"x": {}}, "not_an_array", "x is an object"),
    ({"z": ZEROS}, "missing_x", 'neither "x"'),
    ({}, "missing_x", 'neither "x"'),
    ({"x": ZEROS, "y": 1}, "unknown_field", "2 members"),
    (b'{"x":[[1]],"x":[[2]]}', "unknown_field", "2 members"),
    (b'{"1e":[[1]],"x":[[2]]}', "unknown_field", "2 members"),
]


@pytest.mark.parametrize(("value", "code", "reason"), REFUSED, ids=[f"{code}: {why}" for _, code, why in REFUSED])
def test_a_refusal_names_the_image_and_the_reason(value: object, code: str, reason: str) -> None:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(RequestError) as caught:
        images.from_json(content, 8192)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert reason in caught.value.message


@pytest.mark.parametrize("body", [{"x": [[[0, 1], [2, 3]]] * 11}, {"images": ["e30="] * 11}])
def test_too_many_images_are_413(body: object) -> None:
    with pytest.raises(RequestError) as caught:
        images.from_json(json.dumps(body).encode(), 10)
    assert (caught.value.status, caught.value.code) == (413, "too_many_images")


def test_as_many_images_as_allowed_are_read() -> None:
    assert len(read([[[0, 1], [2, 3]]] * 10, limit=10)) == 10


def png(value: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (30, 20), value).save(buffer, "PNG")
    return buffer.getvalue()


def test_files_come_in_json_in_a_form_or_alone() -> None:
    body = {"images": [base64.b64encode(png(value)).decode() for value in (10, 20)]}
    for found in (
        images.from_json(json.dumps(body).encode(), 10),
        images.from_files(form(png(10), png(20)), TYPE, 10),
        [*images.from_files(png(10), "image/png", 10), *images.from_files(png(20), "", 10)],
    ):
        assert [(image.shape, image.max()) for image in found] == [((20, 30), 10), ((20, 30), 20)]


@pytest.mark.parametrize(("content", "content_type"), [(form(b"text"), TYPE), (b"text", "image/png")])
def test_a_file_that_is_not_an_image_is_415(content: bytes, content_type: str) -> None:
    with pytest.raises(RequestError) as caught:
        images.from_files(content, content_type, 3)
    assert (caught.value.status, caught.value.code) == (415, "unsupported_format")


@pytest.mark.parametrize("bad", range(4))
def test_a_pixel_out_of_range_is_named_by_its_image_among_others_of_any_shape(bad: int) -> None:
    batch = [[[0, 1], [2, 3]], [[1]], [[0, 1], [2, 3]], [[1]]]
    batch[bad] = [[300, 1], [2, 3]]
    with pytest.raises(InvalidRequest, match=f"image {bad} holds a value above 255"):
        images.from_json(json.dumps({"x": batch}).encode(), 10)


def test_the_type_of_a_form_may_be_in_capitals() -> None:
    assert len(images.from_files(form(png(1), png(2)), "Multipart/Form-Data; boundary=b", 10)) == 2
