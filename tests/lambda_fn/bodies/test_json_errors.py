"""Why a JSON value is not an image: the image, the row, the column and the reason, as a client reads them."""

import json

import pytest

from lambda_fn.bodies import images
from lambda_fn.errors import RequestError
from tests.lambda_fn.bodies.test_images import ZEROS, changed
from tests.lambda_fn.bodies.test_json_arrays import peak_below

ERRORS = [
    ({"x": [[0, 1, 2], [3, 4]]}, "ragged", "image 0: row 1 has 2 values, row 0 has 3"),
    ({"x": [ZEROS, [*ZEROS[:27], [0] * 27]]}, "ragged", "image 1: row 27 has 27 values"),
    ({"x": [ZEROS, [*ZEROS[:26], [0] * 27, [0] * 29]]}, "ragged", "image 1: row 26 has 27 values"),
    ({"x": [[[1], [1]], [[1], []]]}, "ragged", "image 0: row 1, column 1 is an array of 0"),
    ({"x": [[[[1], [1]], [[1], [1, 2]]]]}, "ragged", "image 0: row 1, column 1 is an array of 2"),
    ({"x": [ZEROS, changed(2, 5, [0])]}, "ragged", "image 1: row 2, column 5 is an array of 1, not a number"),
    ({"x": [[[1], 2], [[3], [4]]]}, "ragged", "image 0: row 0, column 1 is a number"),
    ({"x": changed(0, 0, [1])}, "ragged", "image 0: row 0, column 0 is an array of 1, not a number"),
    ({"x": [ZEROS, changed(0, 0, [1, 2, 3])]}, "ragged", "image 1: row 0, column 0 is an array of 3, not a number"),
    ({"x": [changed(0, 0, [1]), ZEROS]}, "ragged", "image 0: row 0, column 0 is an array of 1, not a number"),
    ({"x": [ZEROS, [0, *ZEROS[1:]]]}, "wrong_rank", "image 1 has 1 dimension"),
    ({"x": [ZEROS, [*ZEROS[1:], 0]]}, "ragged", "image 1: row 27 is a number"),
    ({"x": [1, 2]}, "not_an_image", "image 0 is a number"),
    ({"x": [ZEROS, None]}, "not_an_image", "image 1 is null"),
    ({"x": [ZEROS, "x"]}, "not_an_image", "image 1 is a string"),
    ({"x": [[[[[1]]]]]}, "wrong_rank", "image 0 has 4 dimensions"),
    ({"x": [[[[1, 2]]]]}, "wrong_rank", "image 0 has 2 channels"),
    ({"x": changed(2, 5, "0.5")}, "not_a_number", "image 0: row 2, column 5 is a string"),
    ({"x": changed(2, 5, True)}, "not_a_number", "image 0: row 2, column 5 is a boolean"),
    ({"x": [ZEROS, changed(2, 5, None)]}, "not_a_number", "image 1: row 2, column 5 is null"),
    ({"x": [ZEROS, changed(2, 5, {})]}, "not_a_number", "image 1: row 2, column 5 is an object"),
    ({"x": [ZEROS, changed(2, 5, float("nan"))]}, "not_a_number", "image 1: row 2, column 5 is NaN"),
    ({"x": changed(2, 5, "NaN")}, "not_a_number", "image 0: row 2, column 5 is a string"),
    ({"x": [ZEROS, float("nan")]}, "not_an_image", "image 1 is NaN"),
    ({"x": [ZEROS, [float("nan")]]}, "wrong_rank", "image 1 has 1 dimension"),
    ({"x": float("nan")}, "not_an_array", "x is NaN"),
    ({"x": changed(2, 5, float("inf"))}, "not_a_number", "image 0: row 2, column 5 is infinite"),
    ({"x": changed(2, 5, -float("inf"))}, "not_a_number", "image 0: row 2, column 5 is infinite"),
    (b'{"x":[[0,1e400],[0,0]]}', "not_a_number", "image 0: row 0, column 1 is infinite"),
    (b"{", "not_json", "not JSON"),
    (b"   ", "not_json", "not JSON"),
    (b'{"x":[[1,],]}', "not_json", "not JSON"),
    (b'{"x":[[1]]} {}', "not_json", "not JSON"),
    (b"{'x':[[1]]}", "not_json", "not JSON"),
    (b'{"x":[[1]], "\xff":1}', "not_json", "not JSON"),
    ('{"x":[[1]]}'.encode("utf-16"), "not_json", "not JSON"),
    (b'{"y":NaN}', "not_json", "not JSON"),
    (b'{"xNaN', "not_json", "not JSON"),
    (b'{"x":' + b"[NaN," * 20_000, "not_json", "not JSON"),
    (b'{"x":' + b"[" * 100_000, "not_json", "not JSON"),
    (b'{"x":' + b"[" * 2000 + b"]" * 2000 + b"}", "not_json", "nests deeper"),
    (b'{"x":[[' + b"9" * 5000 + b"]]}", "not_json", "too many digits"),
    (b'{"x":[[123456789012345678901234567890]]}', "not_json", "too many digits"),
    (b'{"x":' + b"9" * 3_000_000, "not_json", "not JSON"),
]


@pytest.mark.parametrize(("value", "code", "reason"), ERRORS, ids=[f"{code}: {why}" for _, code, why in ERRORS])
def test_an_error_names_its_place(value: object, code: str, reason: str) -> None:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(RequestError) as caught:
        images.from_json(content, 8192)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert reason in caught.value.message


def test_a_short_body_can_not_ask_for_a_long_check() -> None:
    """The leading lengths multiply to 9 * 10^9; what is compared must not be longer than the body."""
    content = json.dumps({"x": [[[0] * 300, *[0] * 299], *[0] * 100_000]}).encode()
    with peak_below(10 * len(content)), pytest.raises(RequestError, match="image 0: row 1 is a number"):
        images.from_json(content, 10**6)
