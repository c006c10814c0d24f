"""Gzip bodies are unzipped within limits."""

import gzip
import tracemalloc
import zlib

import pytest

from lambda_fn.bodies.gzip_body import unzip
from lambda_fn.errors import RequestError
from lambda_fn.limits import UNZIPPED_BYTES, VALUES

TEXT = b'{"x": [[0]]}'


def test_unzipping_gives_the_original() -> None:
    assert unzip(gzip.compress(TEXT)) == TEXT


def bomb(size: int) -> bytes:
    compress = zlib.compressobj(9, zlib.DEFLATED, 31)
    chunks = [compress.compress(bytes(2**20)) for _ in range(size // 2**20)]
    return b"".join([*chunks, compress.compress(bytes(size % 2**20)), compress.flush()])


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (gzip.compress(TEXT)[:-1], 400, "invalid_gzip"),
        (gzip.compress(TEXT)[:12], 400, "invalid_gzip"),
        (gzip.compress(TEXT)[:-8] + bytes(8), 400, "invalid_gzip"),
        (b"\x1f\x8b" + TEXT, 400, "invalid_gzip"),
        (b"\x1f\x8b", 400, "invalid_gzip"),
        (gzip.compress(TEXT) + b"more", 400, "invalid_gzip"),
        (gzip.compress(TEXT) * 2, 400, "invalid_gzip"),
        (bomb(UNZIPPED_BYTES + 1), 413, "unzips_too_large"),
        (gzip.compress(b"," * (VALUES + 1)), 413, "unzips_too_large"),
        (gzip.compress(b"[" * (VALUES + 1)), 413, "unzips_too_large"),
        (gzip.compress(b'"":1,' * (VALUES // 2 + 1)), 413, "unzips_too_large"),
    ],
    ids=[
        "no end",
        "no data",
        "checksum",
        "no header",
        "two bytes",
        "more",
        "twice",
        "bytes",
        "numbers",
        "arrays",
        "keys",
    ],
)
def test_a_damaged_or_too_large_body_is_refused(content: bytes, status: int, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        unzip(content)
    assert (caught.value.status, caught.value.code) == (status, code)


def test_8192_images_as_numbers_are_not_too_many() -> None:
    row = b"[" + b",".join([b"9"] * 28) + b"]"
    image = b"[" + b",".join([row] * 28) + b"]"
    text = b'{"x":[' + b",".join([image] * 8192) + b"]}"
    assert unzip(gzip.compress(text, 1)) == text


def test_a_body_may_unzip_to_the_limit() -> None:
    assert len(unzip(bomb(UNZIPPED_BYTES))) == UNZIPPED_BYTES


def test_no_more_than_the_limit_is_held_in_memory() -> None:
    content = bomb(4 * UNZIPPED_BYTES)
    tracemalloc.start()
    try:
        with pytest.raises(RequestError):
            unzip(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * UNZIPPED_BYTES
