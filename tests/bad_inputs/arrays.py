"""D: arrays of pixels. An image is H×W or H×W×C and square, and has its own scale."""

import copy
import json
from functools import partial
from typing import Any

from tests.bad_inputs.case import SEVEN, Case, of

_d = partial(of, "D")
SIDE = len(SEVEN)
FRACTIONS = [[value / 255 for value in row] for row in SEVEN]


def _x(name: str, x: object, status: int, code: str = "") -> Case:
    return _d(name, json.dumps({"x": x}), status, code)


def _pixel(name: str, text: str, status: int, code: str = "") -> Case:
    """The seven with one pixel written as `text`."""
    rows = copy.deepcopy(SEVEN)
    rows[5][7] = "here"
    return _d(name, json.dumps({"x": [SEVEN, rows]}).replace('"here"', text), status, code)


def _filled(value: Any, height: int = SIDE, width: int = SIDE) -> list[list[Any]]:
    return [[value] * width for _ in range(height)]


def _large(last: bytes, side: int = 1400) -> bytes:
    """1,400×1,400 pixels in 4 MB, with the last of them as given."""
    row = b"[" + b"0," * (side - 1)
    return b'{"x":[' + (row + b"0],") * (side - 1) + row + last + b"]]}"


CASES = [
    _x("783 numbers in a row", [0] * 783, 400, "not_an_image"),
    _x("784 numbers in a row", [0] * 784, 400, "not_an_image"),
    _x("785 numbers in a row", [0] * 785, 400, "not_an_image"),
    _x("28×27", _filled(0, 28, 27), 400, "not_square"),
    _x("27×28", _filled(0, 27, 28), 400, "not_square"),
    _x("rows of two lengths", [[0, 1, 2], [3, 4]], 400, "ragged"),
    _x("an empty row", [[0, 1], []], 400, "ragged"),
    _x("the first row empty", [[], [0, 1]], 400, "empty"),
    _x("1×28×28×1", [[[[v] for v in row] for row in SEVEN]], 200),
    _x("28×28×1", [[[v] for v in row] for row in SEVEN], 200),
    _x("28×28×3", _filled([9, 9, 9]), 200),
    _x("28×28×4", _filled([9, 9, 9, 0]), 200),
    _x("28×28×2", _filled([9, 9]), 400, "not_square"),
    _x("28×28×5 in a batch", [_filled([9] * 5)], 400, "wrong_rank"),
    _x("five dimensions", [[_filled([9])]], 400, "wrong_rank"),
    _x("channels of two lengths", [[[1, 2, 3], [1, 2]], [[1, 2, 3], [1, 2, 3]]], 400, "ragged"),
    _x("a channel missing", [[[1], [1]], [[1], []]], 400, "ragged"),
    _x("an image of one pixel", [[7]], 200),
    _x("images of several sizes", [SEVEN, [[0, 1], [2, 3]], _filled(0, 64, 64)], 200),
    _x("whole numbers 0 to 255", SEVEN, 200),
    _x("fractions 0 to 1", FRACTIONS, 200),
    _x("both scales in one batch", [SEVEN, FRACTIONS], 200),
    _pixel("a negative pixel", "-1", 400, "out_of_range"),
    _pixel("a pixel of 256", "256", 400, "out_of_range"),
    _pixel("NaN", "NaN", 400, "not_a_number"),
    _pixel("Infinity", "Infinity", 400, "not_a_number"),
    _pixel("-Infinity", "-Infinity", 400, "not_a_number"),
    _pixel("1e400", "1e400", 400, "not_a_number"),
    _pixel("-1e400", "-1e400", 400, "not_a_number"),
    _pixel("1e38", "1e38", 400, "out_of_range"),
    _pixel("1e308", "1e308", 400, "out_of_range"),
    _pixel("1e-400", "1e-400", 200),
    _pixel("a denormal", "5e-324", 200),
    _pixel("-0", "-0", 200),
    _pixel("-0.0", "-0.0", 200),
    _pixel("true", "true", 400, "not_a_number"),
    _pixel("a number in a string", '"0.5"', 400, "not_a_number"),
    _pixel("null", "null", 400, "not_a_number"),
    _pixel("an object", "{}", 400, "not_a_number"),
    _pixel("an array", "[0]", 400, "ragged"),
    _pixel("an empty array", "[]", 400, "ragged"),
    _x("all zero", _filled(0), 200),
    _x("all one", _filled(1), 200),
    _x("all 255", _filled(255), 200),
    _x("all grey", _filled(128), 200),
    _x("denormals only", _filled(5e-324), 200),
    _x("the seven inverted", [[255 - v for v in row] for row in SEVEN], 200),
    _d("1,400×1,400", lambda: _large(b"255"), 200),
    _d("1,400×1,400, the last pixel a string", lambda: _large(b'"a"'), 400, "not_a_number"),
    _d("1,400×1,400, the last pixel NaN", lambda: _large(b"NaN"), 400, "not_a_number"),
    _d("1,400×1,400, the last row longer", lambda: _large(b"0,0"), 400, "ragged"),
    _d("a row of 2 million, then a number", lambda: b'{"x":[[%s0],0]}' % (b"0," * 2_000_000), 400, "ragged"),
    _d("a row of 2 million, a string last", lambda: b'{"x":[[%s""]]}' % (b"0," * 2_000_000), 400, "not_a_number"),
    _d("2 million rows of one", lambda: b'{"x":[%s[0]]}' % (b"[0]," * 1_000_000), 400, "not_square"),
    _d(
        "300 wide, then narrow",
        lambda: json.dumps({"x": [_filled([0] * 300, 1, 300)] + [[0]] * 8000}).encode(),
        400,
        "wrong_rank",
    ),
]
