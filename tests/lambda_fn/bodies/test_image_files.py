"""Every kind of PNG and JPEG is read; everything else is refused."""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lambda_fn.bodies import image_files
from lambda_fn.errors import RequestError
from lambda_fn.limits import PIXEL_BYTES

RAMP = np.tile(np.arange(0, 256, 8, np.uint8), (32, 1))


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def decode(content: bytes) -> NDArray[Any]:
    (pixels,) = image_files.decode([content])
    return pixels


def grey(pixels: NDArray[Any]) -> NDArray[np.float64]:
    scaled = pixels * 255.0 if pixels.dtype == np.float32 else pixels.astype(float)
    return scaled if scaled.ndim == 2 else scaled.mean(axis=2)


def with_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(RAMP).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif, quality=100)


def half_transparent() -> Image.Image:
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 16, 32))
    return image


CASES: list[tuple[str, Callable[[], bytes], NDArray[Any]]] = [
    ("grey PNG", lambda: encoded(Image.fromarray(RAMP)), RAMP),
    ("grey JPEG", lambda: encoded(Image.fromarray(RAMP), "JPEG", quality=100), RAMP),
    ("RGB", lambda: encoded(Image.fromarray(RAMP).convert("RGB")), RAMP),
    ("palette", lambda: encoded(Image.fromarray(RAMP).convert("P")), RAMP),
    ("1 bit", lambda: encoded(Image.fromarray(RAMP > 127)), (RAMP > 127) * 255),
    ("16 bit", lambda: encoded(Image.fromarray(RAMP.astype(np.uint16) * 257)), RAMP),
    ("CMYK", lambda: encoded(Image.fromarray(RAMP).convert("RGB").convert("CMYK"), "JPEG", quality=100), RAMP),
    ("progressive", lambda: encoded(Image.fromarray(RAMP), "JPEG", progressive=True, quality=100), RAMP),
    ("grey and alpha", lambda: encoded(Image.fromarray(RAMP).convert("LA")), RAMP),
    ("alpha over white", lambda: encoded(half_transparent()), np.where(np.arange(32) < 16, 0, 255) * np.ones((32, 1))),
    ("transparent grey", lambda: encoded(Image.fromarray(RAMP), transparency=0), np.where(RAMP == 0, 255, RAMP)),
    ("turned by EXIF", lambda: with_exif(6), RAMP),
    ("trailing bytes", lambda: encoded(Image.fromarray(RAMP)) + b"PK\x03\x04", RAMP),
]


@pytest.mark.parametrize(("make", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_every_kind_of_file_is_read(make: Callable[[], bytes], expected: NDArray[Any]) -> None:
    assert np.abs(grey(decode(make())) - expected).max() <= 4


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


GOOD = encoded(Image.fromarray(RAMP))
BAD: list[tuple[str, bytes, int, str]] = [
    ("text", b"hello", 415, "unsupported_format"),
    ("GIF", encoded(Image.fromarray(RAMP), "GIF"), 415, "unsupported_format"),
    ("BMP", encoded(Image.fromarray(RAMP), "BMP"), 415, "unsupported_format"),
    ("TIFF", encoded(Image.fromarray(RAMP), "TIFF"), 415, "unsupported_format"),
    ("WEBP", encoded(Image.fromarray(RAMP), "WEBP"), 415, "unsupported_format"),
    ("empty", b"", 415, "unsupported_format"),
    ("magic only", b"\x89PNG\r\n\x1a\n", 400, "unreadable_image"),
    ("half a PNG", GOOD[: len(GOOD) // 2], 400, "unreadable_image"),
    ("half a JPEG", encoded(Image.fromarray(RAMP), "JPEG")[:200], 400, "unreadable_image"),
    ("wrong checksum", GOOD[:-20] + b"\0" + GOOD[-19:], 400, "unreadable_image"),
    ("0×0", png(0, 0), 400, "unreadable_image"),
    ("9,000×9,000", png(9000, 9000), 413, "too_many_pixels"),
    ("50,000×50,000", png(50_000, 50_000), 413, "too_many_pixels"),
    ("2^31 wide", png(2**31 - 1, 1), 413, "too_many_pixels"),
    ("1×80,000,000", png(1, 80_000_000), 413, "too_many_pixels"),
    ("zTXt bomb", png(8, 8, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10_000_000)))), 400, "unreadable_image"),
    ("iCCP bomb", png(8, 8, chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(100_000_000)))), 400, "unreadable_image"),
    ("palette without its colours", encoded(Image.fromarray(RAMP).convert("P"))[:33], 400, "unreadable_image"),
]


@pytest.mark.parametrize(("content", "status", "code"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_file_is_refused_with_its_index(content: bytes, status: int, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        image_files.decode([GOOD, content])
    assert (caught.value.status, caught.value.code) == (status, code)
    assert "image 1" in caught.value.message


BYTES = {"L": 1, "1": 1, "P": 3, "RGB": 3, "LA": 4, "RGBA": 4, "I;16": 4}


@pytest.mark.parametrize("mode", BYTES)
def test_the_pixels_of_all_files_are_limited_by_their_bytes_before_decoding(mode: str) -> None:
    side = 1024
    file = encoded(Image.new(mode, (side, side)))
    fits = PIXEL_BYTES // (side * side * BYTES[mode])
    with pytest.raises(RequestError, match=f"the images up to image {fits} have") as caught:
        image_files.decode([file] * fits + [file[:60]])
    assert caught.value.code == "too_many_pixels"
    assert len(image_files.decode([file] * fits)) == fits


def test_colours_of_16_bits_count_twice() -> None:
    deep = png(4096, 2049, depth=16, colour=2)
    with pytest.raises(RequestError, match="the images up to image 2 have"):
        image_files.decode([encoded(Image.new("RGB", (2048, 2048)))] * 2 + [deep])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_large_png_is_read_small(mode: str) -> None:
    """As a photograph is; the digit needs no more."""
    for side, expected in ((2047, 2047), (2048, 1024), (3072, 1024), (4096, 1024)):
        assert decode(encoded(Image.new(mode, (side, side)))).shape[:2] == (expected, expected)


def test_the_shorter_side_of_a_large_file_keeps_a_thousand_pixels() -> None:
    assert decode(encoded(Image.new("L", (8000, 1030)))).shape == (1030, 8000)
    assert decode(encoded(Image.new("L", (3000, 5000)), "JPEG")).shape == (2500, 1500)


def test_a_large_photograph_is_decoded_small() -> None:
    photograph = encoded(Image.new("RGB", (4000, 3000), "white"), "JPEG")
    assert max(decode(photograph).shape) <= 2048
