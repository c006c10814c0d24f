"""Decodes PNG and JPEG files to pixels: upright, opaque, grey or RGB."""

import warnings
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.errors import InvalidRequest, RequestError, TooLarge, UnsupportedMedia
from lambda_fn.limits import JPEG_SCANS, PIXELS, PIXELS_OF_BATCH

Pixels = NDArray[np.uint8] | NDArray[np.float32]

FORMATS = ("PNG", "JPEG")
# Photographs are decoded to no more than about twice this many pixels a side: libjpeg then skips most of the work.
ENOUGH = 1024

_PLAIN = {"L", "RGB"}
_SHRINKS = {"L", "LA", "RGB", "RGBA"}
_DEEP = {"I", "I;16", "I;16L", "I;16B"}


# Texts and colour profiles are compressed, and a small file can hold gigabytes of them. Pillow skips chunks that it has
# no method for.
for _chunk in ("chunk_zTXt", "chunk_iTXt", "chunk_iCCP"):
    delattr(PngImagePlugin.PngStream, _chunk)


def decode(files: list[bytes], deadline: Deadline = NEVER) -> list[Pixels]:
    """Reads n files: each H×W or H×W×3, uint8, or float32 in 0..1 where the file has 16 bits a pixel.

    EXIF orientation is applied; transparent pixels become white. Sizes are checked before any pixel is decoded.

    Raises:
        UnsupportedMedia: neither PNG nor JPEG.
        InvalidRequest: a damaged file.
        TooLarge: more than PIXELS in an image, PIXELS_OF_BATCH in all, or JPEG_SCANS.
        OutOfTime: the deadline is over.
    """
    images: list[Pixels] = []
    total = 0
    with warnings.catch_warnings(action="ignore"):  # Pillow warns of damage and then raises
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for index, content in enumerate(files):
            deadline.check()
            try:
                image = Image.open(BytesIO(content), formats=FORMATS)
                total += image.width * image.height
                _check_size(image.width * image.height, total, index)
                _check_scans(content, image, index)
                images.append(_pixels(image))
            except (RequestError, MemoryError):
                raise
            except (Image.DecompressionBombWarning, Image.DecompressionBombError):
                raise _too_large(index) from None
            except UnidentifiedImageError:
                raise _unreadable(content, index) from None
            except Exception:  # Pillow raises many kinds of errors for damaged files
                raise InvalidRequest("unreadable_image", f"image {index} is damaged") from None
    return images


def _pixels(image: Image.Image) -> Pixels:
    if image.format != "PNG":
        image.draft(image.mode, (ENOUGH, ENOUGH))
    image.load()
    if image.format == "PNG" and image.mode in _SHRINKS and "transparency" not in image.info:
        image = image.reduce(max(min(image.size) // ENOUGH, 1))
    if image.getexif().get(0x0112, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode in _DEEP:
        return np.asarray(image, np.float32) / np.float32(65535)
    if image.mode in _PLAIN and "transparency" not in image.info:
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return np.asarray(Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def _check_size(pixels: int, total: int, index: int) -> None:
    if pixels > PIXELS:
        raise _too_large(index)
    if total > PIXELS_OF_BATCH:
        raise TooLarge(
            "too_many_pixels",
            f"the images up to image {index} have {total:,} pixels; at most {PIXELS_OF_BATCH:,} are allowed in all",
        )


def _check_scans(content: bytes, image: Image.Image, index: int) -> None:
    """The marker of a scan can't occur in compressed pixels, so counting it needs no parsing."""
    if image.format != "PNG" and content.count(b"\xff\xda") > JPEG_SCANS:
        raise TooLarge(
            "too_many_scans", f"image {index} is a JPEG of more than {JPEG_SCANS} scans; save it as a baseline JPEG"
        )


def _too_large(index: int) -> TooLarge:
    return TooLarge("too_many_pixels", f"image {index} has more than {PIXELS:,} pixels; scale it down")


def _unreadable(content: bytes, index: int) -> InvalidRequest | UnsupportedMedia:
    if content.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return InvalidRequest("unreadable_image", f"image {index} is damaged")
    return UnsupportedMedia("unsupported_format", f"image {index} is neither PNG nor JPEG")
