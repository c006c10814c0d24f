"""Makes image files, good and damaged."""

import struct
import zlib
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

from tests.bad_inputs.case import SEVEN

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def seven(mode: str = "L", side: int = 28) -> Image.Image:
    """The seven, larger where asked."""
    image = Image.new("L", (28, 28))
    image.putdata([value for row in SEVEN for value in row])
    return image.resize((side, side)).convert(mode)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The image as a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@cache
def png() -> bytes:
    """A good PNG of the seven."""
    return saved(seven())


@cache
def jpeg(**options: Any) -> bytes:
    """A good JPEG of the seven."""
    return saved(seven(side=280), "JPEG", **options)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def made_png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 0, data: bytes = b"\0") -> bytes:
    """A PNG whose header says this, whatever its data."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return SIGNATURE + header + b"".join(chunks) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def with_chunks(*chunks: bytes) -> bytes:
    """The seven with chunks after its header."""
    return png()[:33] + b"".join(chunks) + png()[33:]


def blank(side: int, mode: str = "1") -> bytes:
    """A large file of few bytes."""
    return saved(Image.new(mode, (side, side)), compress_level=9)


def scans(count: int, side: int = 280) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    content = saved(seven(side=side), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + b"\xff\xd9"


def segments(count: int, size: int = 65_000) -> bytes:
    """A JPEG with many segments of EXIF."""
    segment = b"\xff\xe1" + struct.pack(">H", size + 2) + b"Exif\0\0".ljust(size, b"M")
    return jpeg()[:2] + segment * count + jpeg()[2:]


def frame(marker: bytes = b"\xc0", precision: int = 8, height: int = 280, width: int = 280) -> bytes:
    """A JPEG with another frame header."""
    start = jpeg().index(b"\xff\xc0")
    header = b"\xff" + marker + b"\x00\x0b" + struct.pack(">BHH", precision, height, width)
    return jpeg()[:start] + header + jpeg()[start + len(header) :]


def rotated() -> bytes:
    """The seven on its side, with EXIF that says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(seven(side=280).transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


def frames(kind: str, count: int = 50) -> bytes:
    """Several frames in one file."""
    others = [seven(side=28 + 2 * number).resize((64, 64)) for number in range(1, count)]
    return saved(seven(side=64), kind, save_all=True, append_images=others)
