"""Unzips a gzip body, within limits."""

import zlib

from lambda_fn.errors import InvalidRequest, TooLarge
from lambda_fn.limits import UNZIPPED_BYTES, VALUES


def unzip(content: bytes) -> bytes:
    """Takes exactly one gzip member: thousands of empty ones would cost time and show in no size.

    Raises:
        InvalidRequest: not one whole gzip member.
        TooLarge: more than UNZIPPED_BYTES or VALUES.
    """
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = member.decompress(content, UNZIPPED_BYTES + 1)
    except zlib.error:
        raise InvalidRequest("invalid_gzip", "the body is not valid gzip") from None
    if len(text) > UNZIPPED_BYTES:
        raise TooLarge("unzips_too_large", f"the body unzips to more than {UNZIPPED_BYTES:,} bytes")
    if not member.eof or member.unused_data:
        raise InvalidRequest("invalid_gzip", "the body's gzip is cut short, or something follows it")
    if sum(map(text.count, (b",", b"[", b":"))) > VALUES:
        raise TooLarge("unzips_too_large", f"the body unzips to more than {VALUES:,} numbers, arrays and keys")
    return text
