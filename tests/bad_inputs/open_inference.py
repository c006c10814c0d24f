"""V: the Open Inference Protocol, in JSON and as raw bytes; and gzip bodies, on every route."""

import gzip
import json
import math
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tests.bad_inputs.case import GOOD, SEVEN, Case, of
from tests.bad_inputs.make_files import png

INFER = "/v2/models/digits/infer"
LENGTH = "inference-header-content-length"
FLAT = [value for row in SEVEN for value in row]
_v = partial(of, "V", path=INFER)


def _tensor(**members: Any) -> dict[str, Any]:
    tensor = {"name": "images", "shape": [1, 28, 28, 1], "datatype": "UINT8", "data": FLAT} | members
    return {name: value for name, value in tensor.items() if value is not None}


def _json(case: str, status: int, code: str, /, *, request: dict[str, Any] | None = None, **tensor: Any) -> Case:
    """A good request, but for these members of its tensor and of the request itself."""
    return _v(case, lambda: json.dumps({"inputs": [_tensor(**tensor)]} | (request or {})).encode(), status, code)


def _raw(
    name: str,
    status: int,
    code: str,
    raw: bytes = bytes(784),
    *,
    length: Callable[[int], str] = str,
    says: object = 784,
    **tensor: Any,
) -> Case:
    """A request whose tensor follows its JSON; `length` makes the header of the JSON's length."""
    text = json.dumps({"inputs": [_tensor(data=None, parameters={"binary_data_size": says}, **tensor)]}).encode()
    return _v(name, text + raw, status, code, headers={LENGTH: length(len(text))})


def _floats(value: float) -> bytes:
    pixels = np.zeros(784, "<f4")
    pixels[400] = value
    return pixels.tobytes()


def _zipped(name: str, body: Callable[[], bytes], status: int, code: str = "", kind: str = "gzip", **more: Any) -> Case:
    return of("V", name, body, status, code, headers={"content-encoding": kind}, **({"path": "/predict/batch"} | more))


def _zip(content: bytes) -> Callable[[], bytes]:
    return lambda: gzip.compress(content)


CASES = [
    _json("a request as it should be", 200, ""),
    _raw("a tensor as it should be", 200, ""),
    _v("another model", GOOD, 404, "unknown_model", path="/v2/models/letters/infer"),
    _v("another version", GOOD, 404, "unknown_version", path="/v2/models/digits/versions/99/infer"),
    _v("a version upwards", GOOD, 404, "not_found", path="/v2/models/digits/versions/../1/infer"),
    _v("a path below", GOOD, 404, "not_found", path=INFER + "/more"),
    _v("GET", GOOD, 405, "method_not_allowed", method="GET"),
    _v("the other routes' request", GOOD, 400, "invalid_inputs"),
    _v("no JSON", "{", 400, "not_json"),
    _v("an array", "[]", 400, "not_an_object"),
    _json("no inputs", 400, "invalid_inputs", request={"inputs": []}),
    _json("two inputs", 400, "invalid_inputs", request={"inputs": [_tensor()] * 2}),
    _json("inputs of numbers", 400, "invalid_inputs", request={"inputs": [7]}),
    _json("inputs an object", 400, "invalid_inputs", request={"inputs": _tensor()}),
    _json("an unknown input", 400, "unknown_input", name="letters"),
    _json("a name that is a number", 400, "unknown_input", name=7),
    *[_json(f"datatype {kind}", 400, "invalid_datatype", datatype=kind) for kind in ("BYTES", "FP64", "fp32", 7, None)],
    *[
        _json(f"shape {shape}", 400, "invalid_shape", shape=shape)
        for shape in ([784], [1, 28, 27, 1], [-1, 28, 28, 1], [1.0, 28, 28, 1], [True, 28, 28, 1], [1] * 5, [[1], 784])
    ],
    *[_json(f"shape is {shape!r}", 400, "invalid_shape", shape=shape) for shape in (None, 7, "1,784", {})],
    _json("shape of 100,000", 400, "invalid_shape", shape=[1] * 100_000),
    _json("no image", 400, "empty", shape=[0, 784]),
    _json("8,193 images", 413, "too_many_images", shape=[8193, 784]),
    _json("2^62 images", 413, "too_many_images", shape=[2**62, 784]),
    _json("10^30 images", 400, "not_json", shape=[10**30, 784]),
    _json("data for two", 400, "invalid_data", shape=[2, 784]),
    _json("data null", 400, "invalid_data", data=None),
    _json("data a string", 400, "invalid_data", data="AAAA"),
    _json("ragged data", 400, "ragged", data=[[[[0]] * 28] * 27 + [[[0]] * 27]]),
    _json("data with a string", 400, "not_a_number", data=[*FLAT[:-1], "0"]),
    _json("data with null", 400, "not_a_number", data=[*FLAT[:-1], None]),
    _json("data with NaN", 400, "not_a_number", data=[*FLAT[:-1], math.nan]),
    _json("data wide, then narrow, then NaN", 400, "ragged", data=[[[0] * 3000] * 2] + [[]] * 100_000 + [math.nan]),
    _json("a million numbers, then a string", 400, "invalid_data", data=[0] * 1_000_000 + [""]),
    _json("1,000 images, then NaN", 400, "not_a_number", data=FLAT * 1000 + [math.nan]),
    _json("a fraction in UINT8", 400, "out_of_range", data=[*FLAT[:-1], 0.5]),
    _json("256 in UINT8", 400, "out_of_range", data=[*FLAT[:-1], 256]),
    _json("-1 in FP32", 400, "out_of_range", datatype="FP32", data=[*FLAT[:-1], -1]),
    _json("an id of 1 MB", 400, "invalid_id", request={"id": "a" * 1_000_000}),
    _json("an id that is a number", 400, "invalid_id", request={"id": 7}),
    _json("outputs a string", 400, "invalid_outputs", request={"outputs": "digit"}),
    _json("an unknown output", 400, "unknown_output", request={"outputs": [{"name": "secret"}]}),
    _json("an output twice", 400, "invalid_outputs", request={"outputs": [{"name": "digit"}] * 2}),
    _json("outputs of numbers", 400, "unknown_output", request={"outputs": [7]}),
    _json("parameters a list", 400, "invalid_parameter", request={"parameters": []}),
    _json("a flag that is a string", 400, "invalid_parameter", request={"parameters": {"binary_data_output": "true"}}),
    _raw("NaN in bytes", 400, "out_of_range", _floats(math.nan), datatype="FP32", says=3136),
    _raw("infinity in bytes", 400, "out_of_range", _floats(math.inf), datatype="FP32", says=3136),
    _raw("-infinity in bytes", 400, "out_of_range", _floats(-math.inf), datatype="FP32", says=3136),
    _raw("1e38 in bytes", 400, "out_of_range", _floats(1e38), datatype="FP32", says=3136),
    _raw("denormals in bytes", 200, "", _floats(1e-45), datatype="FP32", says=3136),
    _raw("a byte less", 400, "invalid_length", bytes(783)),
    _raw("a byte more", 400, "invalid_length", bytes(785)),
    _raw("a size that is less", 400, "invalid_length", says=783),
    *[_raw(f"a size of {size!r}", 400, "invalid_length", says=size) for size in (-784, 784.0, "784", True, 2**62, [])],
    _raw("no header of the length", 400, "invalid_header", length=lambda _: ""),
    *[
        _raw(f"a header of {text!r}", 400, "invalid_header", length=lambda _, text=text: text)
        for text in ("0", "-1", "1e2", "99999999", "9" * 30, "0x10", "seven", "\u0667")
    ],
    _raw("a header that is too short", 400, "not_json", length=lambda size: str(size - 1)),
    _raw("a header that is too long", 400, "not_json", length=lambda size: str(size + 1)),
    _zipped("gzip", _zip(GOOD), 200),
    _zipped("gzip said, none done", lambda: GOOD, 200),
    _zipped("gzip with a file", _zip(png()), 200, path="/predict/img"),
    _zipped("gzip cut short", lambda: gzip.compress(GOOD)[:-9], 400, "invalid_gzip"),
    _zipped("gzip with a wrong checksum", lambda: gzip.compress(GOOD)[:-8] + bytes(8), 400, "invalid_gzip"),
    _zipped("two gzips", lambda: gzip.compress(GOOD) * 2, 400, "invalid_gzip"),
    _zipped("a magic of gzip only", lambda: b"\x1f\x8b", 400, "invalid_gzip"),
    _zipped("gzip in gzip", lambda: gzip.compress(gzip.compress(GOOD)), 400, "not_json"),
    _zipped("gzip of nothing", _zip(b""), 400, "not_json"),
    _zipped("a bomb of 500 MB", lambda: _bomb(500), 413, "unzips_too_large"),
    _zipped("48 MB of brackets", lambda: gzip.compress(b"[" * 48_000_000), 413, "unzips_too_large"),
    _zipped("48 MB of white space", lambda: gzip.compress(GOOD + b" " * 48_000_000), 200),
    _zipped("48 MB of pixels", lambda: gzip.compress(_square(4800, b"0")), 413, "unzips_too_large"),
    _zipped("48 MB of pixels for the protocol", lambda: gzip.compress(_data()), 413, "unzips_too_large", path=INFER),
    _zipped("6.9 million pixels", lambda: gzip.compress(_square(2635, b"0")), 200),
    _zipped("6.9 million pixels, the last a string", lambda: gzip.compress(_square(2635, b'""')), 400, "not_a_number"),
    _zipped("48 MB of NaN", lambda: gzip.compress(b'{"x":[[%s0]]}' % (b"NaN," * 12_000_000)), 413, "unzips_too_large"),
    _zipped("6.9 million NaN", lambda: gzip.compress(b'{"x":[[%s0]]}' % (b"NaN," * 6_900_000)), 400, "not_json"),
    _zipped("48 MB of keys", lambda: gzip.compress(b"{%s}" % (b'"k":0,' * 8_000_000)[:-1]), 413, "unzips_too_large"),
    _zipped("3 million keys", lambda: gzip.compress(b"{%s}" % (b'"k":0,' * 3_000_000)[:-1]), 400, "unknown_field"),
    _zipped(
        "48 MB of empty arrays",
        lambda: gzip.compress(b'{"x":[[%s[]]]}' % (b"[]," * 15_000_000)),
        413,
        "unzips_too_large",
    ),
    _zipped("3 million empty arrays", lambda: gzip.compress(b'{"x":[[%s[]]]}' % (b"[]," * 3_000_000)), 400, "empty"),
    *[_zipped(kind, _zip(GOOD), 415, "unsupported_encoding", kind) for kind in ("br", "zstd", "gzip, gzip", "\u0130")],
    _zipped("deflate", lambda: zlib.compress(GOOD), 415, "unsupported_encoding", "deflate"),
]


def _bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


def _data() -> bytes:
    text: bytes = json.dumps({"inputs": [_tensor(data=[])]}).encode()
    return text.replace(b"[]", b"[%s0]" % (b"0," * 20_000_000))


def _square(side: int, last: bytes) -> bytes:
    row = b"[" + b"0," * (side - 1)
    return b'{"x":[' + (row + b"0],") * (side - 1) + row + last + b"]]}"
