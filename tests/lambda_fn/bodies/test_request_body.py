"""A request's body without base64 and gzip, or a refusal."""

import base64
import gzip
from collections.abc import Callable
from typing import Any

import pytest

from lambda_fn.bodies import request_body
from lambda_fn.errors import RequestError

TEXT = b'{"x": [[0]]}'


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({}, "no_body"),
        ({"body": None, "isBase64Encoded": False}, "no_body"),
        ({"body": "", "isBase64Encoded": True}, "no_body"),
        ({"body": "===", "isBase64Encoded": True}, "invalid_encoding"),
        ({"body": "e30", "isBase64Encoded": True}, "invalid_encoding"),
        ({"body": "e3 0=", "isBase64Encoded": True}, "invalid_encoding"),
        ({"body": "_-8=", "isBase64Encoded": True}, "invalid_encoding"),
        ({"body": "é", "isBase64Encoded": True}, "invalid_encoding"),
        ({"body": "\ud800", "isBase64Encoded": False}, "invalid_encoding"),
    ],
)
def test_a_body_that_can_not_be_decoded_is_refused(event: dict[str, Any], code: str) -> None:
    with pytest.raises(RequestError) as caught:
        request_body.body(event)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "wrap", [lambda text: (text, False), lambda text: (base64.b64encode(text.encode()).decode(), True)]
)
def test_a_body_may_be_plain_or_base64(wrap: Callable[[str], tuple[str, bool]]) -> None:
    body, encoded = wrap('{"x": "é"}')
    assert request_body.body({"body": body, "isBase64Encoded": encoded}) == '{"x": "é"}'.encode()


def decoded(content: bytes, encoding: str | None = "gzip", name: str = "Content-Encoding") -> bytes:
    """The body of a request with that Content-Encoding; None for a request without the header."""
    headers = {"Host": "localhost"} | ({} if encoding is None else {name: encoding})
    return request_body.body({"body": base64.b64encode(content).decode(), "isBase64Encoded": True, "headers": headers})


@pytest.mark.parametrize("name", ["Content-Encoding", "content-encoding", "CONTENT-ENCODING"])
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip ", "x-gzip"])
def test_a_gzip_body_is_unzipped(name: str, encoding: str) -> None:
    assert decoded(gzip.compress(TEXT), encoding, name) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "identity", "", None])
def test_a_body_that_is_not_zipped_stays_as_it_is(encoding: str | None) -> None:
    """Even if the header says gzip: a gateway may have unzipped it."""
    assert decoded(TEXT, encoding) == TEXT


def test_without_the_header_nothing_is_unzipped() -> None:
    assert decoded(gzip.compress(TEXT), None) == gzip.compress(TEXT)
    assert request_body.body({"body": "text", "headers": None}) == b"text"


@pytest.mark.parametrize("encoding", ["deflate", "br", "gzip, gzip"])
def test_another_compression_is_refused(encoding: str) -> None:
    with pytest.raises(RequestError) as caught:
        decoded(TEXT, encoding)
    assert (caught.value.status, caught.value.code) == (415, "unsupported_encoding")


def test_a_header_is_found_whatever_its_case() -> None:
    headers = {"Host": "localhost", "X-Length": "7", "X-None": None}
    assert [request_body.header(headers, name) for name in ("x-length", "x-none", "x-other")] == ["7", "", ""]
    assert request_body.header(None, "x-length") == ""
