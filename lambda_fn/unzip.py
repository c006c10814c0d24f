"""A body in gzip in, what was zipped out, within bounds."""

import zlib

from lambda_fn.errors import InvalidRequest, TooLarge

# What a body may grow to: 8,192 pictures of 28×28 as floats in compact JSON are 41 MiB.
BYTES = 48 * 1024 * 1024
# And how many numbers or arrays it may hold; those pictures have 6.7 million. A parsed one takes many times its text.
VALUES = 8 * 1024 * 1024


def unzip(content: bytes) -> bytes:
    """One gzip member and nothing after it: thousands of empty ones would cost time and show in no size.

    Raises:
        InvalidRequest: it is not that.
        TooLarge: more than BYTES or VALUES.
    """
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        text = member.decompress(content, BYTES + 1)
    except zlib.error:
        raise InvalidRequest("invalid_gzip", "the body is not valid gzip") from None
    if len(text) > BYTES:
        raise TooLarge("unzips_too_large", f"the body unzips to more than {BYTES:,} bytes")
    if not member.eof or member.unused_data:
        raise InvalidRequest("invalid_gzip", "the body's gzip is cut short, or something follows it")
    if max(text.count(b","), text.count(b"[")) > VALUES:
        raise TooLarge("unzips_too_large", f"the body unzips to more than {VALUES:,} numbers or arrays")
    return text
