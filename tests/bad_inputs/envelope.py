"""A: the envelope. The Content-Type does not matter, only the bytes: Triton's client sends none."""

import json
from typing import Any

from tests.bad_inputs.case import GOOD, MOST, Case
from tests.bad_inputs.image_files import png

FORM = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + png() + b"\r\n--b--\r\n"
TEXT = GOOD.decode()


def _a(name: str, status: int, code: str = "", body: Any = GOOD, **more: Any) -> Case:
    return Case(name, "A", status, code, make=body if callable(body) else lambda: body, **more)


def _typed(name: str, content_type: str, status: int = 200, code: str = "", **more: Any) -> Case:
    return _a(name, status, code, headers={"content-type": content_type}, **more)


def _padded(size: int) -> bytes:
    return GOOD + b" " * (size - len(GOOD))


CASES = [
    _a("no body", 400, "no_body", None),
    _a("an empty string", 400, "no_body", members={"body": "", "isBase64Encoded": False}),
    _a("an empty string in base64", 400, "no_body", members={"body": "", "isBase64Encoded": True}),
    _a("white space", 400, "not_json", b" \r\n\t "),
    _a("null", 400, "not_an_object", b"null"),
    *[_a(f"a body with {method}", 405, "method_not_allowed", method=method) for method in ("GET", "PUT", "DELETE")],
    *[_a(f"{method} without a body", 405, "method_not_allowed", None, method=method) for method in ("HEAD", "PATCH")],
    _a("a method in lower case", 200, method="post"),
    _a("a method that HTTP does not have", 404, "not_found", members={"httpMethod": "BREW"}),
    _a("POST to /health", 405, "method_not_allowed", path="/health"),
    _a("an unknown path", 404, "not_found", path="/nowhere"),
    _a("a path below a route", 404, "not_found", path="/predict/batch/7"),
    _a("a path upwards", 404, "not_found", members={"path": "/predict/../predict/batch"}),
    _a("a path with two slashes", 404, "not_found", path="//predict//batch"),
    _a("a path with a NUL", 404, "not_found", members={"path": "/predict/batch\0"}),
    _a("a path with a line break", 200, members={"path": "/predict/batch\n"}),
    _a("a path of 8 KB", 404, "not_found", path="/" + "a" * 8000),
    _a("a path that is no ASCII", 404, "not_found", members={"path": "/präd\ud800ict"}),
    _a("a slash at the end", 200, path="/predict/batch/"),
    _a("no Content-Type", 200),
    _typed("text/plain", "text/plain"),
    _typed("a charset that the body does not have", "application/json; charset=utf-16"),
    _typed("no type at all", "!!/;;,"),
    _typed("a form for the route of JSON", "multipart/form-data; boundary=b", 400, "not_json", body=FORM),
    _typed("a form for the route of files", "multipart/form-data; boundary=b", body=FORM, path="/predict/img"),
    _typed("JSON for the route of files", "application/json", 415, "unsupported_format", path="/predict/img"),
    _a("Content-Type twice", 200, members={"multiValueHeaders": {"content-type": ["application/json", "text/xml"]}}),
    _a("headers null", 200, members={"headers": None, "multiValueHeaders": None}),
    _a("headers in the second map only", 200, members={"headers": None}),
    _a("a header null", 200, members={"headers": {"content-type": None}}),
    _a("a file with headers null", 200, body=png, path="/predict/img", members={"headers": None}),
    _a("query null", 200, members={"queryStringParameters": None, "multiValueQueryStringParameters": None}),
    _a("Accept: image/png", 200, headers={"accept": "image/png"}),
    _a("JSON not in base64", 200, members={"body": TEXT, "isBase64Encoded": False}),
    _a("invalid base64", 400, "invalid_encoding", members={"body": "{}!", "isBase64Encoded": True}),
    _a("base64 without its padding", 400, "invalid_encoding", members={"body": "e30", "isBase64Encoded": True}),
    _a("plain JSON said to be base64", 400, "invalid_encoding", members={"body": TEXT, "isBase64Encoded": True}),
    _a("JSON that is not UTF-8", 400, "not_json", b'{"x": "\xff\xfe"}'),
    _a(
        "a file as text",
        415,
        "unsupported_format",
        path="/predict/img",
        members={"body": png().decode("latin-1"), "isBase64Encoded": False},
    ),
    _a("a lone surrogate", 400, "invalid_encoding", members={"body": '{"x": "\ud800"}', "isBase64Encoded": False}),
    _a("a header of 10 KB", 200, headers={"x-long": "a" * 10_000}),
    _a("line breaks in X-Request-Id", 200, members={"headers": {"X-Request-Id": "a\r\nlevel: ERROR\x1b[2J"}}),
    _a("5.9 MB", 200, body=lambda: _padded(MOST)),
    _a("6.1 MB", 413, "request_too_large", lambda: _padded(4_800_000)),
    _a("10.1 MB", 413, "request_too_large", lambda: _padded(10_600_000)),
    _a("OPTIONS with text/xml", 405, "method_not_allowed", method="OPTIONS", headers={"content-type": "text/xml"}),
    _a("an unknown version", 404, "unknown_version", path="/predict/batch?version=99"),
    _a("a version upwards", 404, "unknown_version", path="/predict/batch?version=../digits/1"),
    _a("an empty version", 404, "unknown_version", path="/predict/batch?version="),
    _a("a parameter that is neither true nor false", 400, "invalid_parameter", path="/predict/batch?probabilities=1"),
    _a("a parameter twice", 200, path="/predict/batch?probabilities=x&probabilities=true"),
    _a("an unknown parameter", 200, path="/predict/batch?debug=true&model_path=/etc/passwd"),
    _a("a query of 8 KB", 200, path="/predict/batch?a=" + "a" * 8000),
    _a("a link where links are off", 403, "image_links_off", None, path="/predict/img?image_link=https://a.example/"),
    _a("a body of an event that is a number", 400, "invalid_encoding", members={"body": 7, "isBase64Encoded": True}),
    _a("a body of an event that is JSON already", 400, "invalid_encoding", members={"body": json.loads(GOOD)}),
]
