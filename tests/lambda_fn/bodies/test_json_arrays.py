"""Bodies in, pictures or a named fault out."""

import base64
import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lambda_fn.bodies import json_arrays
from lambda_fn.errors import RequestError

TEXT = b'{"x": [[0]]}'
ZEROS: list[list[Any]] = [[0] * 28 for _ in range(28)]


def read(value: object, limit: int = 8192) -> json_arrays.Pictures:
    content = value if isinstance(value, bytes) else json.dumps({"x": value}).encode()
    return json_arrays.pictures(content, limit)


def changed(row: int, column: int, value: object) -> list[list[Any]]:
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
    pictures = read(value)
    assert isinstance(pictures, list | np.ndarray)
    assert (len(pictures), *pictures[0].shape) == shape
    assert pictures[0].dtype == np.float32


def test_pictures_of_unlike_shape_may_share_a_batch() -> None:
    assert [picture.shape for picture in read([ZEROS, [[[1, 2, 3]] * 32] * 32, [[7]]])] == [
        (28, 28),
        (32, 32, 3),
        (1, 1),
    ]


def test_numbers_arrive_in_row_major_order() -> None:
    values = np.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3)
    assert np.array_equal(np.asarray(read(values.tolist())), (values / 255).astype(np.float32))


def test_every_grey_level_is_the_notebooks_float() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = levels.astype(np.float32) / np.float32(255)
    assert np.array_equal(read(levels.tolist())[0], expected)
    assert np.array_equal(read(expected.tolist())[0], expected)


def test_each_picture_has_its_own_scale() -> None:
    bright, faint = changed(3, 3, 200), changed(3, 3, 0.5)
    both = read([bright, faint])
    assert both[0].max() == np.float32(200 / 255)
    assert both[1].max() == np.float32(0.5)
    assert np.array_equal(both[1], read(faint)[0])


FAULTS = [
    ({"x": [[0, 1, 2], [3, 4]]}, "ragged", "image 0: row 1 has 2 values, row 0 has 3"),
    ({"x": [ZEROS, [*ZEROS[:27], [0] * 27]]}, "ragged", "image 1: row 27 has 27 values"),
    ({"x": [ZEROS, [*ZEROS[:26], [0] * 27, [0] * 29]]}, "ragged", "image 1: row 26 has 27 values"),
    ({"x": [[[1], [1]], [[1], []]]}, "ragged", "image 0: row 1, column 1 is an array of 0"),
    ({"x": [[[[1], [1]], [[1], [1, 2]]]]}, "ragged", "image 0: row 1, column 1 is an array of 2"),
    ({"x": [ZEROS, changed(2, 5, [0])]}, "ragged", "image 1: row 2, column 5 is an array of 1, not a number"),
    ({"x": [[[1], 2], [[3], [4]]]}, "ragged", "image 0: row 0, column 1 is a number"),
    ({"x": [ZEROS, [0, *ZEROS[1:]]]}, "wrong_rank", "image 1 has 1 dimension"),
    ({"x": [ZEROS, [*ZEROS[1:], 0]]}, "ragged", "image 1: row 27 is a number"),
    ({"x": [[1, 2, 3], [4, 5, 6]]}, "not_square", "image 0 is 2×3"),
    ({"x": [ZEROS, ZEROS[1:]]}, "not_square", "image 1 is 27×28"),
    ({"x": [1, 2]}, "not_an_image", "image 0 is a number"),
    ({"x": [ZEROS, None]}, "not_an_image", "image 1 is null"),
    ({"x": [ZEROS, "x"]}, "not_an_image", "image 1 is a string"),
    ({"x": [[[[[1]]]]]}, "wrong_rank", "image 0 has 4 dimensions"),
    ({"x": [[[[1, 2]]]]}, "wrong_rank", "image 0 has 2 channels"),
    ({"x": []}, "empty", "x is empty"),
    ({"x": [[]]}, "empty", "image 0 is empty"),
    ({"x": [ZEROS, []]}, "empty", "image 1 is empty"),
    ({"x": [ZEROS, [[]]]}, "empty", "image 1 is empty"),
    ({"x": changed(2, 5, "0.5")}, "not_a_number", "image 0: row 2, column 5 is a string"),
    ({"x": changed(2, 5, True)}, "not_a_number", "image 0: row 2, column 5 is a boolean"),
    ({"x": [ZEROS, changed(2, 5, None)]}, "not_a_number", "image 1: row 2, column 5 is null"),
    ({"x": [ZEROS, changed(2, 5, {})]}, "not_a_number", "image 1: row 2, column 5 is an object"),
    ({"x": [ZEROS, changed(2, 5, float("nan"))]}, "not_a_number", "image 1: row 2, column 5 is NaN"),
    ({"x": changed(2, 5, "NaN")}, "not_a_number", "image 0: row 2, column 5 is a string"),
    ({"x": [ZEROS, float("nan")]}, "not_an_image", "image 1 is NaN"),
    ({"x": [ZEROS, [float("nan")]]}, "wrong_rank", "image 1 has 1 dimension"),
    ({"x": float("nan")}, "not_an_array", "x is NaN"),
    (b'{"x":' + b"[NaN," * 20_000, "not_json", "not JSON"),
    ({"images": []}, "empty", "images is empty"),
    ({"images": "abc"}, "not_an_array", "images is a string"),
    ({"images": [7]}, "not_an_image", "image 0 is a number"),
    ({"images": ["e30=", "a b"]}, "invalid_base64", "image 1 is not valid base64"),
    ({"images": ["data:image/png;base64,AAAA"]}, "invalid_base64", "image 0"),
    ({"images": [""]}, "empty", "image 0 is empty"),
    ({"images": ["e30="], "x": ZEROS}, "unknown_field", "2 members"),
    ({"x": changed(2, 5, float("inf"))}, "not_a_number", "image 0: row 2, column 5 is infinite"),
    ({"x": changed(2, 5, -float("inf"))}, "not_a_number", "image 0: row 2, column 5 is infinite"),
    (b'{"x":[[0,1e400],[0,0]]}', "not_a_number", "image 0: row 0, column 1 is infinite"),
    ({"x": [ZEROS, changed(2, 5, -1)]}, "out_of_range", "image 1 holds a negative value"),
    ({"x": changed(2, 5, -1e-9)}, "out_of_range", "image 0 holds a negative value"),
    ({"x": [ZEROS, ZEROS, changed(2, 5, 256)]}, "out_of_range", "image 2 holds a value above 255"),
    ({"x": changed(2, 5, 1e300)}, "out_of_range", "image 0 holds a value above 255"),
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
    ([ZEROS], "not_an_object", "the body is an array of 1"),
    (b"null", "not_an_object", "the body is null"),
    (b'"x"', "not_an_object", "the body is a string"),
    (b"{", "not_json", "not JSON"),
    (b"   ", "not_json", "not JSON"),
    (b'{"x":[[1,],]}', "not_json", "not JSON"),
    (b'{"x":[[1]]} {}', "not_json", "not JSON"),
    (b"{'x':[[1]]}", "not_json", "not JSON"),
    (b'{"x":[[1]], "\xff":1}', "not_json", "not JSON"),
    ('{"x":[[1]]}'.encode("utf-16"), "not_json", "not JSON"),
    (b'{"y":NaN}', "not_json", "not JSON"),
    (b'{"xNaN', "not_json", "not JSON"),
    (b'{"x":' + b"[" * 100_000, "not_json", "not JSON"),
    (b'{"x":' + b"[" * 2000 + b"]" * 2000 + b"}", "not_json", "nests deeper"),
    (b'{"x":[[' + b"9" * 5000 + b"]]}", "not_json", "too many digits"),
    (b'{"x":[[123456789012345678901234567890]]}', "not_json", "too many digits"),
    (b'{"x":' + b"9" * 3_000_000, "not_json", "not JSON"),
]


@pytest.mark.parametrize(("value", "code", "reason"), FAULTS, ids=[f"{code}: {why}" for _, code, why in FAULTS])
def test_a_fault_is_named(value: object, code: str, reason: str) -> None:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(RequestError) as caught:
        json_arrays.pictures(content, 8192)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert reason in caught.value.message


def test_too_many_images_are_413() -> None:
    with pytest.raises(RequestError) as caught:
        read([[[0, 1], [2, 3]]] * 11, limit=10)
    assert (caught.value.status, caught.value.code) == (413, "too_many_images")
    assert len(read([[[0, 1], [2, 3]]] * 10, limit=10)) == 10


@contextmanager
def peak_below(limit: float) -> Iterator[None]:
    """Fails where more than `limit` bytes are held at once inside."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit


def test_a_short_body_can_not_ask_for_a_long_check() -> None:
    """The leading lengths multiply to 9 * 10^9; what is compared must not be longer than the body."""
    content = json.dumps({"x": [[[0] * 300, *[0] * 299], *[0] * 100_000]}).encode()
    with peak_below(10 * len(content)), pytest.raises(RequestError, match="image 0: row 1 is a number"):
        json_arrays.pictures(content, 10**6)


def test_no_python_object_per_pixel() -> None:
    """Lists of lists of floats take over 160 bytes a pixel; doubles, the text and its skeleton take 28."""
    content = json.dumps({"x": np.random.default_rng(0).random((100, 28, 28, 1)).tolist()}).encode()
    with peak_below(40 * 100 * 28 * 28):
        json_arrays.pictures(content, 8192)


BODIES: list[tuple[dict[str, Any], str]] = [
    ({}, "no_body"),
    ({"body": None, "isBase64Encoded": False}, "no_body"),
    ({"body": "", "isBase64Encoded": True}, "no_body"),
    ({"body": "===", "isBase64Encoded": True}, "invalid_encoding"),
    ({"body": "e30", "isBase64Encoded": True}, "invalid_encoding"),
    ({"body": "e3 0=", "isBase64Encoded": True}, "invalid_encoding"),
    ({"body": "_-8=", "isBase64Encoded": True}, "invalid_encoding"),
    ({"body": "é", "isBase64Encoded": True}, "invalid_encoding"),
    ({"body": "\ud800", "isBase64Encoded": False}, "invalid_encoding"),
]


@pytest.mark.parametrize(("event", "code"), BODIES)
def test_a_body_that_can_not_be_decoded_is_refused(event: dict[str, Any], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        json_arrays.body(event)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "wrap", [lambda text: (text, False), lambda text: (base64.b64encode(text.encode()).decode(), True)]
)
def test_a_body_may_come_plain_or_in_base64(wrap: Callable[[str], tuple[str, bool]]) -> None:
    body, encoded = wrap('{"x": "é"}')
    assert json_arrays.body({"body": body, "isBase64Encoded": encoded}) == '{"x": "é"}'.encode()


def zipped(content: bytes, encoding: str | None = "gzip", name: str = "Content-Encoding") -> bytes:
    """What `body` makes of it; the header is left out if `encoding` is None."""
    headers = {"Host": "localhost"} | ({} if encoding is None else {name: encoding})
    return json_arrays.body({"body": base64.b64encode(content).decode(), "isBase64Encoded": True, "headers": headers})


@pytest.mark.parametrize("name", ["Content-Encoding", "content-encoding", "CONTENT-ENCODING"])
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip ", "x-gzip"])
def test_a_zipped_body_is_unzipped(name: str, encoding: str) -> None:
    assert zipped(gzip.compress(TEXT), encoding, name) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "identity", "", None])
def test_a_body_that_is_not_zipped_stays_as_it_is(encoding: str | None) -> None:
    """With gzip in the header too: a gateway may have unzipped it."""
    assert zipped(TEXT, encoding) == TEXT


def test_without_the_header_nothing_is_unzipped() -> None:
    assert zipped(gzip.compress(TEXT), None) == gzip.compress(TEXT)
    assert json_arrays.body({"body": "text", "headers": None}) == b"text"


def test_another_compression_is_refused() -> None:
    for encoding in ("deflate", "br", "gzip, gzip"):
        with pytest.raises(RequestError) as caught:
            zipped(TEXT, encoding)
        assert (caught.value.status, caught.value.code) == (415, "unsupported_encoding")


def png(value: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (30, 20), value).save(buffer, "PNG")
    return buffer.getvalue()


def form(*files: bytes, field: str = 'name="file"; filename="a.png"') -> bytes:
    parts = [b"--b\r\nContent-Disposition: form-data; " + field.encode() + b"\r\n\r\n" + file for file in files]
    return b"\r\n".join([*parts, b"--b--\r\n"])


FORM = "multipart/form-data; boundary=b"


def test_files_come_in_json_in_a_form_or_as_they_are() -> None:
    images = {"images": [base64.b64encode(png(value)).decode() for value in (10, 20)]}
    for found in (
        json_arrays.pictures(json.dumps(images).encode(), 10),
        json_arrays.files(form(png(10), png(20)), 10, content_type=FORM),
        [*json_arrays.files(png(10), 10, content_type="image/png"), *json_arrays.files(png(20), 10, content_type="")],
    ):
        assert [(picture.shape, picture.max()) for picture in found] == [((20, 30), 10), ((20, 30), 20)]


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (form(png(1)), "multipart/form-data", 400, "invalid_multipart"),
        (form(png(1))[:-20], FORM, 400, "invalid_multipart"),
        (b"--b--\r\n", FORM, 400, "empty"),
        (form(png(1), field='name="note"'), FORM, 400, "unknown_field"),
        (form(*[png(1)] * 4), FORM, 413, "too_many_images"),
        (form(b"text"), FORM, 415, "unsupported_format"),
        (b"text", "image/png", 415, "unsupported_format"),
    ],
)
def test_a_form_that_is_none_is_refused(content: bytes, content_type: str, status: int, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        json_arrays.files(content, 3, content_type=content_type)
    assert (caught.value.status, caught.value.code) == (status, code)


def test_too_many_files_are_413() -> None:
    with pytest.raises(RequestError) as caught:
        json_arrays.pictures(json.dumps({"images": ["e30="] * 4}).encode(), 3)
    assert caught.value.code == "too_many_images"
