"""E: files in base64, `{"images": [...]}`."""

import base64
import json
import random
from functools import partial

from tests.bad_inputs.case import Case, of
from tests.bad_inputs.image_files import png

_e = partial(of, "E")
SEVEN = base64.b64encode(png()).decode()


def _images(name: str, text: object, status: int, code: str = "") -> Case:
    return _e(name, lambda: json.dumps({"images": [SEVEN, text]}).encode(), status, code)


CASES = [
    _images("a file", SEVEN, 200),
    _images("an empty string", "", 400, "empty"),
    _images("padding only", "====", 400, "invalid_base64"),
    _images("without its padding", "iVBORw", 400, "invalid_base64"),
    _images("one character", "A", 400, "invalid_base64"),
    _images("a line break", f"{SEVEN[:76]}\n{SEVEN[76:]}", 400, "invalid_base64"),
    _images("spaces around", f" {SEVEN} ", 400, "invalid_base64"),
    _images("the URL-safe alphabet", "_-_-", 400, "invalid_base64"),
    _images("a data: URI", f"data:image/png;base64,{SEVEN}", 400, "invalid_base64"),
    _images("a path", "/etc/passwd", 400, "invalid_base64"),
    _images("not ASCII", "zażółć", 400, "invalid_base64"),
    _images("full-width letters", "ＡＡＡＡ", 400, "invalid_base64"),
    _images("text", base64.b64encode(b"seven").decode(), 415, "unsupported_format"),
    _images("base64 twice", base64.b64encode(SEVEN.encode()).decode(), 415, "unsupported_format"),
    _images("null", None, 400, "not_an_image"),
    _images("a number", 7, 400, "not_an_image"),
    _images("true", True, 400, "not_an_image"),
    _images("a list", [SEVEN], 400, "not_an_image"),
    _images("an object", {"b64": SEVEN}, 400, "not_an_image"),
    _e("a string in place of the list", json.dumps({"images": SEVEN}), 400, "not_an_array"),
    _e(
        "3 MB of junk",
        lambda: json.dumps({"images": [base64.b64encode(random.Random(0).randbytes(3_000_000)).decode()]}).encode(),  # noqa: S311
        415,
        "unsupported_format",
    ),
]
