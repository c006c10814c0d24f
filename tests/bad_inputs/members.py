"""C: the request's members, and the number of images."""

import base64
import json
from functools import partial

from tests.bad_inputs.case import GOOD, SEVEN, of
from tests.bad_inputs.make_files import png

_c = partial(of, "C")
SMALL = b"[[0,1],[2,3]],"
FILE = base64.b64encode(png()).decode()


def _with(**more: object) -> bytes:
    return json.dumps(json.loads(GOOD) | more).encode()


CASES = [
    _c("no x", '{"y": [[0]]}', 400, "missing_x"),
    _c("instances, as other servers call it", '{"instances": [[0]]}', 400, "missing_x"),
    _c("X in upper case", '{"X": [[0]]}', 400, "missing_x"),
    _c("x is null", '{"x": null}', 400, "not_an_array"),
    _c("x is a number", '{"x": 7}', 400, "not_an_array"),
    _c("x is an object", '{"x": {"0": [[0]]}}', 400, "not_an_array"),
    _c("x is true", '{"x": true}', 400, "not_an_array"),
    _c("an empty object", "{}", 400, "missing_x"),
    _c("an empty x", '{"x": []}', 400, "empty"),
    _c("an empty images", '{"images": []}', 400, "empty"),
    _c("8,192 files", lambda: json.dumps({"images": [FILE] * 8192}).encode(), 200),
    _c("1,024 images of four pixels", lambda: b'{"x":[%s]}' % (SMALL * 1024)[:-1], 200),
    _c("1,025 images of four pixels", lambda: b'{"x":[%s]}' % (SMALL * 1025)[:-1], 413, "too_many_searches"),
    _c("8,193 images", lambda: b'{"x":[%s]}' % (SMALL * 8193)[:-1], 413, "too_many_images"),
    _c("8,193 files", lambda: b'{"images":[%s""]}' % (b'"",' * 8192), 413, "too_many_images"),
    _c("an unknown member", _with(threshold=0.5), 400, "unknown_field"),
    _c("x and images", _with(images=["e30="]), 400, "unknown_field"),
    _c("neither x nor images", '{"image": "e30="}', 400, "missing_x"),
    _c("a number among images", json.dumps({"x": [SEVEN, 7]}), 400, "not_an_image"),
    _c("a file among images", json.dumps({"x": [SEVEN, "e30="]}), 400, "not_an_image"),
    _c("an image among files", json.dumps({"images": [SEVEN]}), 400, "not_an_image"),
    _c("an object as an image", '{"x": [{"pixels": []}]}', 400, "not_an_image"),
    _c("one bad in 64", json.dumps({"x": [SEVEN] * 63 + [[[0, 1], [2]]]}), 400, "ragged"),
    _c("an empty one in 64", json.dumps({"x": [SEVEN] * 63 + [[]]}), 400, "empty"),
    _c("__proto__", _with(__proto__={"x": 1}), 400, "unknown_field"),
    _c("__class__ alone", '{"__class__": "os.system"}', 400, "missing_x"),
    _c("an id of 1 MB", lambda: _with(id="a" * 1_000_000), 400, "unknown_field"),
    _c("a key of 1 MB", lambda: _with(**{"k" * 1_000_000: 1}), 400, "unknown_field"),
    _c("an empty key", '{"": [[0]]}', 400, "missing_x"),
]
