"""Unwraps a request's body from base64 and gzip, and looks up its headers."""

from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

import pybase64

from lambda_fn.errors import InvalidRequest, TooLarge, UnsupportedMedia
from lambda_fn.limits import BODY_BYTES, TOO_LARGE

Headers = Mapping[str, str | None]


def body(event: Mapping[str, Any]) -> bytes:
    """The request's body, without the base64 of API Gateway and the client's gzip.

    Raises:
        InvalidRequest: there is none, or it can't be decoded.
        TooLarge: more than BODY_BYTES, base64 included, or it unzips to more than UNZIPPED_BYTES or VALUES.
        UnsupportedMedia: another Content-Encoding than gzip.
    """
    content = event.get("body")
    if not content:
        raise InvalidRequest("no_body", "the request has no body")
    if not isinstance(content, str):
        raise InvalidRequest("invalid_encoding", "the event's body is not a string")
    if len(content) > BODY_BYTES:
        raise TooLarge("request_too_large", TOO_LARGE)
    try:
        sent = pybase64.b64decode(content, validate=True) if event.get("isBase64Encoded") else content.encode()
    except (Base64Error, ValueError):
        raise InvalidRequest("invalid_encoding", "the body is neither valid base64 nor valid UTF-8") from None
    encoding = header(event.get("headers"), "content-encoding").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnsupportedMedia("unsupported_encoding", "Content-Encoding may be gzip, or none")
    # A gateway may have unzipped the body and kept the header.
    if not encoding.endswith("gzip") or not sent.startswith(b"\x1f\x8b"):
        return sent
    from lambda_fn.bodies.gzip_body import unzip

    return unzip(sent)


def header(headers: Headers | None, name: str) -> str:
    """A header by its lower-case name, whatever case the client used; "" if there is none."""
    for key, value in (headers or {}).items():
        if key.lower() == name:
            return value or ""
    return ""
