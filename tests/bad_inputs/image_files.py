"""F: image files. Their bytes decide what they are, not their names."""

import base64
import json
import zlib
from collections.abc import Callable
from functools import partial

from PIL import Image

from tests.bad_inputs import make_files as make
from tests.bad_inputs.case import Case, of
from tests.bad_inputs.make_files import chunk, jpeg, made_png, png, saved, seven, with_chunks

_f = partial(of, "F")
OTHERS = ("GIF", "TIFF", "BMP", "WEBP", "ICO", "PDF", "PPM", "TGA", "SGI", "JPEG2000")
STARTS = {
    "AVIF": b"\0\0\0\x20ftypavif",
    "PSD": b"8BPS\0\x01",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "FITS": b"SIMPLE  =                    T",
    "HTML": b"<!doctype html>",
    "a ZIP": b"PK\x03\x04",
    "ELF": b"\x7fELF\x02",
    "gzip": b"\x1f\x8b\x08\0",
}


def _images(name: str, make_one: Callable[[], bytes], count: int, status: int, code: str = "") -> Case:
    """The same file many times, in JSON."""

    def body() -> bytes:
        return json.dumps({"images": [base64.b64encode(make_one()).decode()] * count}).encode()

    return _f(name, body, status, code, path="/predict/batch")


def _bomb(kind: bytes, start: bytes = b"k\0\0", size: int = 50_000_000) -> bytes:
    return chunk(kind, start + zlib.compress(bytes(size), 9))


def _other(kind: str) -> Case:
    return _f(f"{kind} called PNG", lambda: saved(seven(), kind), 415, "unsupported_format")


UNREADABLE = [
    ("magic only", png()[:8]),
    ("magic of a JPEG only", b"\xff\xd8\xff"),
    ("a header only", png()[:33]),
    ("half the pixels", png()[: len(png()) // 2]),
    ("half a JPEG", jpeg()[: len(jpeg()) // 3]),
    ("a wrong checksum", png()[:-20] + bytes([png()[-20] ^ 255]) + png()[-19:]),
    ("a wrong checksum of the header", png()[:30] + b"\0\0" + png()[32:]),
    ("no IDAT", png()[:33] + chunk(b"IEND", b"")),
    ("too few pixels", made_png(28, 28, data=b"\0" * 20)),
    ("pixels that are no zlib", png()[:33] + chunk(b"IDAT", b"text") + chunk(b"IEND", b"")),
    ("0×0", made_png(0, 0)),
    ("0×28", made_png(0, 28)),
    ("a depth of 3 bits", made_png(28, 28, depth=3)),
    ("a colour type of 5", made_png(28, 28, colour=5)),
    ("a palette without its colours", made_png(28, 28, colour=3)),
    ("a JPEG of height 0", make.frame(height=0)),
    ("a JPEG of 12 bits", make.frame(precision=12)),
    ("a lossless JPEG", make.frame(b"\xc3")),
    ("a chunk of 4 GB", png()[:33] + b"\xff\xff\xff\xff" + b"tEXt" + png()[33:]),
]
TOO_LARGE = [
    ("1×80,000,000", made_png(1, 80_000_000)),
    ("9,000×9,000", made_png(9000, 9000)),
    ("9,500×9,500", made_png(9500, 9500)),
    ("50,000×50,000", made_png(50_000, 50_000)),
    ("2^31-1 wide", made_png(2**31 - 1, 1)),
    ("2^31-1 in both", made_png(2**31 - 1, 2**31 - 1)),
    ("4,097×4,096", made_png(4097, 4096)),
    ("a JPEG of 65,500×65,500", make.frame(height=65_500, width=65_500)),
]
READ: list[tuple[str, Callable[[], bytes]]] = [
    ("1×1", lambda: saved(Image.new("L", (1, 1)))),
    ("28×1", lambda: saved(Image.new("L", (28, 1)))),
    ("1×4,000", lambda: saved(Image.new("L", (1, 4000), 255))),
    ("16 bits", lambda: saved(seven("I").convert("I;16"))),
    ("a palette", lambda: saved(seven("P"))),
    ("transparent", lambda: saved(Image.new("RGBA", (28, 28), (0, 0, 0, 0)))),
    ("grey with alpha", lambda: saved(seven("LA"))),
    ("1 bit", lambda: saved(seven("1"))),
    ("interlaced", lambda: saved(seven(), interlace=1)),
    ("an APNG of 50 frames", lambda: make.frames("PNG")),
    ("a CMYK JPEG", lambda: saved(seven("CMYK"), "JPEG")),
    ("a progressive JPEG", lambda: jpeg(progressive=True)),
    ("turned by EXIF", make.rotated),
    ("4 MB of EXIF", lambda: make.segments(60)),
    ("EXIF that is none", lambda: make.segments(1, 100)),
    ("a ZIP behind a JPEG", lambda: jpeg() + b"PK\x03\x04" + bytes(1000)),
    ("a script behind a PNG", lambda: png() + b"<script>alert(1)</script>"),
    ("MPO of 20 frames", lambda: make.frames("MPO", 20)),
    ("10,000 text chunks", lambda: with_chunks(chunk(b"tEXt", b"k\0v") * 10_000)),
    ("a malformed MPO", lambda: make.frames("MPO", 3).replace(b"\x01\xb0\x04\0", b"\x77\xb0\x04\0")),
    ("a zTXt bomb", lambda: with_chunks(_bomb(b"zTXt"))),
    ("an iTXt bomb", lambda: with_chunks(_bomb(b"iTXt", b"k\0\1\0\0\0"))),
    ("an iCCP bomb", lambda: with_chunks(_bomb(b"iCCP"))),
    ("bombs of text behind the pixels", lambda: png()[:-12] + _bomb(b"zTXt") * 50 + png()[-12:]),
    ("4,096×4,096, 1 bit", lambda: make.blank(4096)),
    ("4,096×4,096, colour and alpha", lambda: make.blank(4096, "RGBA")),
    ("4,096×4,096, 16 bits", lambda: make.blank(4096, "I;16")),
    ("a JPEG of 4,096×4,096", lambda: saved(Image.new("RGB", (4096, 4096)), "JPEG")),
    ("a progressive JPEG of 4,096×4,096", lambda: saved(Image.new("RGB", (4096, 4096)), "JPEG", progressive=True)),
]

CASES = [
    *[_f(name, content, 400, "unreadable_image") for name, content in UNREADABLE],
    *[_f(name, content, 413, "too_many_pixels") for name, content in TOO_LARGE],
    *[_f(name, body, 200) for name, body in READ],
    *[_other(kind) for kind in OTHERS],
    *[_f(f"{kind} called PNG", start.ljust(100, b"\0"), 415, "unsupported_format") for kind, start in STARTS.items()],
    _f("5,000 scans", lambda: make.scans(5000), 413, "too_many_scans"),
    _f("25 scans", lambda: make.scans(20), 413, "too_many_scans"),
    _f("24 scans of 4,000×4,000", lambda: make.scans(19, 4000), 200),
    _f("MPO of 200 frames", lambda: make.frames("MPO") + jpeg() * 200, 413, "too_many_scans"),
    _f("a JPEG called PNG", jpeg, 200, headers={"content-type": "image/png"}),
    _images("64 of 4 million pixels", lambda: make.blank(2048), 64, 413, "too_many_pixels"),
    _images("2 of 4,096×4,096, colour and alpha", lambda: make.blank(4096, "RGBA"), 2, 413, "too_many_pixels"),
    _images("800 images that take long to prepare", lambda: saved(seven("RGB", 64)), 800, 200),
    _images("2,000 bombs of text", lambda: with_chunks(_bomb(b"zTXt", size=1_000_000)), 2000, 200),
]
