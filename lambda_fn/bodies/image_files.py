"""Decodes PNG and JPEG files to pixels: upright, opaque, grey or RGB."""

import warnings
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, PngImagePlugin, UnidentifiedImageError

from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.errors import InvalidRequest, RequestError, TooLarge, UnsupportedMedia
from lambda_fn.limits import JPEG_SCANS, PIXEL_BYTES, PIXELS

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
        TooLarge: more than PIXELS in an image, PIXEL_BYTES in all, or JPEG_SCANS.
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
                pixels = image.width * image.height
                total += pixels * _bytes_per_pixel(image)
                _check_size(pixels, total, index)
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
    shrink = 1
    if image.format == "PNG":
        shrink = max(min(image.size) // ENOUGH, 1)
    else:
        image.draft(image.mode, (ENOUGH, ENOUGH))
    image.load()
    upright = not image.info or image.getexif().get(0x0112, 1) == 1
    if shrink > 1 and image.mode in _SHRINKS and "transparency" not in image.info:
        image, shrink = image.reduce(shrink), 1
    if not upright:
        image = ImageOps.exif_transpose(image)
    plain = _plain(image)
    return np.asarray(plain.reduce(shrink)) if shrink > 1 else np.asarray(plain)


def _plain(image: Image.Image) -> Image.Image:
    """In mode L, RGB, or F for 16 bits."""
    if image.mode in _DEEP:
        return Image.fromarray(np.asarray(image, np.float32) / np.float32(65535))
    if image.mode in _PLAIN and "transparency" not in image.info:
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def _bytes_per_pixel(image: ImageFile.ImageFile) -> int:
    """Of the file's own pixels, or of what they are converted to."""
    if image.mode in _DEEP:
        return 4
    bands = 4 if image.has_transparency_data else 3 if image.mode == "P" else len(image.getbands())
    return 2 * bands if "16" in str(image.tile[0].args) else bands


def _check_size(pixels: int, total: int, index: int) -> None:
    if pixels > PIXELS:
        raise _too_large(index)
    if total > PIXEL_BYTES:
        raise TooLarge(
            "too_many_pixels",
            f"the images up to image {index} have {total:,} bytes of pixels; at most {PIXEL_BYTES:,} are allowed in "
            "all: send fewer or smaller images in one call, in grey if they have no colour",
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
