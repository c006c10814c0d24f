"""B: JSON's syntax."""

from functools import partial

from tests.bad_inputs.case import GOOD, MOST, of

_b = partial(of, "B")
IMAGE = "[[0,1],[2,3]]"

CASES = [
    _b("an opened brace", "{", 400, "not_json"),
    _b("a comma at the end", f'{{"x": [{IMAGE},]}}', 400, "not_json"),
    _b("a comma at the start", f'{{"x": [,{IMAGE}]}}', 400, "not_json"),
    _b("garbage at the end", GOOD + b"x", 400, "not_json"),
    _b("a NUL at the end", GOOD + b"\0", 400, "not_json"),
    _b("a byte order mark", b"\xef\xbb\xbf" + GOOD, 200),
    _b("UTF-16", GOOD.decode().encode("utf-16"), 400, "not_json"),
    _b("UTF-32", GOOD.decode().encode("utf-32"), 400, "not_json"),
    _b("an invalid byte in a key", b'{"x\xff": [[0]]}', 400, "not_json"),
    _b("an overlong byte sequence", b'{"x": "\xc0\xaf"}', 400, "not_json"),
    _b("a lone surrogate as a value", '{"x": "\\ud800"}', 400, "not_json"),
    _b("a lone surrogate as a key", '{"\\ud800": [[0]]}', 400, "not_json"),
    _b("a lone surrogate as an image", '{"images": ["\\udfff"]}', 400, "not_json"),
    _b("a NUL in a string", '{"x": "a\\u0000b"}', 400, "not_an_array"),
    _b("a bare NUL in a string", b'{"x": "a\0b"}', 400, "not_json"),
    _b("a key twice", f'{{"x": {IMAGE}, "x": {IMAGE}}}', 400, "unknown_field"),
    _b("a key in escapes", f'{{"\\u0078": {IMAGE}}}', 200),
    _b("1,025 levels", "[" * 1025 + "]" * 1025, 400, "not_json"),
    _b("1,000 levels in x", f'{{"x": {"[" * 1000}1{"]" * 1000}}}', 400, "wrong_rank"),
    _b("100,000 levels", "[" * 100_000 + "]" * 100_000, 400, "not_json"),
    _b("100,000 levels of objects", '{"x":' * 100_000 + "1" + "}" * 100_000, 400, "not_json"),
    _b("4 million levels", lambda: b"[" * MOST, 400, "not_json"),
    _b("1.4 million empty objects", lambda: b'{"x":[%s{}]}' % (b"{}," * 1_400_000), 413, "too_many_images"),
    _b("1.4 million empty arrays", lambda: b'{"x":[[%s[]]]}' % (b"[]," * 1_400_000), 400, "empty"),
    _b("400,000 keys", lambda: b"{%s}" % b",".join(b'"%06d":0' % i for i in range(400_000)), 400, "unknown_field"),
    _b("one string of 4 MB", lambda: b'{"x": "%s"}' % (b"a" * MOST), 400, "not_an_array"),
    _b("4 MB of escapes", lambda: b'{"x": "%s"}' % (b"\\n" * (MOST // 2)), 400, "not_an_array"),
    _b("4 MB of opened strings", lambda: b'{"x": [%s' % (b'"' * MOST), 400, "not_json"),
    _b("4 MB of digits", lambda: b'{"x": [[%s]]}' % (b"9" * MOST), 400, "not_json"),
    _b("4 MB of minus signs", lambda: b'{"x": [[%s]]}' % (b"-" * MOST), 400, "not_json"),
    _b("4 MB of NaN", lambda: b'{"x": [[%s0]]}' % (b"NaN," * 1_000_000), 400, "not_json"),
    _b("an integer of 5,000 digits", f'{{"x": [[{"9" * 5000}]]}}', 400, "not_json"),
    _b("an integer of 20 digits", '{"x": [[18446744073709551616]]}', 400, "not_json"),
    _b("a fraction of 5,000 digits", f'{{"x": [[0.{"3" * 5000}]]}}', 200),
    _b("a leading zero", '{"x": [[007]]}', 400, "not_json"),
    _b("a leading plus", '{"x": [[+7]]}', 400, "not_json"),
    _b("hexadecimal", '{"x": [[0x7]]}', 400, "not_json"),
    _b("single quotes", "{'x': [[0]]}", 400, "not_json"),
    _b("a comment", '{"x": [[0]] /* seven */}', 400, "not_json"),
    _b("two documents", GOOD + b"\n" + GOOD, 400, "not_json"),
    _b("an array at the top", IMAGE, 400, "not_an_object"),
    _b("a string at the top", '"x"', 400, "not_an_object"),
    _b("a number at the top", "7", 400, "not_an_object"),
    _b("a boolean at the top", "true", 400, "not_an_object"),
    _b("XML", "<x>7</x>", 400, "not_json"),
    _b("a pickle", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x01x\x94K\x07s.", 400, "not_json"),
]
