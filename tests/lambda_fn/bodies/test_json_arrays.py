"""Arrays of numbers from JSON, and their scale."""

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from lambda_fn.bodies import images, json_arrays
from lambda_fn.errors import RequestError


@contextmanager
def peak_below(limit: float) -> Iterator[None]:
    """Fails if the block holds more than `limit` bytes at any time."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"[[0]]", "the body is an array of 1"), (b"null", "the body is null"), (b'"x"', "the body is a string")],
)
def test_a_body_must_be_an_object(content: bytes, reason: str) -> None:
    with pytest.raises(RequestError, match=reason) as caught:
        json_arrays.parse(content, '{"x": [...]}')
    assert caught.value.code == "not_an_object"


def test_numbers_come_in_row_major_order() -> None:
    values = np.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3)
    document = json_arrays.parse(json.dumps({"x": values.tolist()}).encode(), "")
    found = json_arrays.numbers(document["x"], values.shape, document["x"].mini)
    assert found is not None
    assert np.array_equal(found, values)


@pytest.mark.parametrize("text", ["[[1,2],[3]]", "[[1,2],[3,[]]]", "[[1,2],[3,null]]", "[[1,2],[3,[4]]]", "[[1,2],[]]"])
def test_an_array_that_is_not_regular_has_no_numbers(text: str) -> None:
    document = json_arrays.parse(f'{{"x":{text}}}'.encode(), "")
    assert json_arrays.numbers(document["x"], (2, 2), text.encode()) is None


def test_every_grey_level_is_the_notebooks_float() -> None:
    levels = np.arange(256.0).reshape(1, 16, 16)
    expected = levels.astype(np.float32) / np.float32(255)
    assert np.array_equal(images.scale_pixels(levels, 0), expected)
    assert np.array_equal(images.scale_pixels(expected.astype(float), 0), expected)


@pytest.mark.parametrize(
    ("value", "what"),
    [(-1, "a negative value"), (-1e-9, "a negative value"), (256, "a value above 255"), (1e300, "a value above 255")],
)
def test_a_pixel_out_of_range_names_its_image(value: float, what: str) -> None:
    values = np.zeros((3, 28, 28))
    values[1, 2, 5] = value
    with pytest.raises(RequestError, match=f"image 8 holds {what}") as caught:
        images.scale_pixels(values, 7)
    assert caught.value.code == "out_of_range"


def test_there_is_no_python_object_for_each_pixel() -> None:
    """Lists of lists of floats take over 160 bytes a pixel; doubles, the text and its skeleton take 28."""
    content = json.dumps({"x": np.random.default_rng(0).random((100, 28, 28, 1)).tolist()}).encode()
    with peak_below(40 * 100 * 28 * 28):
        images.from_json(content, 8192)
