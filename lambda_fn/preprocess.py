"""Pictures in, the tensor that the model was trained on out, and what was odd about each picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lambda_fn.decode import Picture, Pictures

SIDE = 28

COLOUR = "colour"
RESIZED = "resized"

# Weights of red, green and blue in a grey picture, ITU-R BT.601.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch as the model takes it.

    Attributes:
        tensor: n×28×28×1 in 0..1, light ink on dark.
        warnings: n lists of stable codes.
    """

    tensor: NDArray[np.float32]
    warnings: list[list[str]]


def prepare(pictures: Pictures) -> Prepared:
    """Brings each picture into the model's form; a 28×28 grey picture passes bit for bit."""
    if isinstance(pictures, np.ndarray) and pictures.shape[1:] in ((SIDE, SIDE), (SIDE, SIDE, 1)):
        return Prepared(pictures.reshape(-1, SIDE, SIDE, 1), [[] for _ in pictures])
    tensor = np.empty((len(pictures), SIDE, SIDE, 1), np.float32)
    warnings = []
    for index, picture in enumerate(pictures):
        tensor[index, :, :, 0], codes = _prepare_one(picture)
        warnings.append(codes)
    return Prepared(tensor, warnings)


def _prepare_one(picture: Picture) -> tuple[Picture, list[str]]:
    codes = []
    if picture.ndim == 3:
        if picture.shape[2] > 1:
            codes.append(COLOUR)
        picture = _grey(picture)
    if picture.shape != (SIDE, SIDE):
        codes.append(RESIZED)
        picture = _resize(picture)
    return picture, codes


def _grey(picture: Picture) -> Picture:
    if picture.shape[2] == 1:
        return picture[..., 0]
    grey: Picture = picture[..., :3] @ _LUMA
    if picture.shape[2] == 4:
        alpha = picture[..., 3]
        grey = grey * alpha + (1 - alpha)
    return grey


def _resize(picture: Picture) -> Picture:
    # Only pictures that are not 28×28 need Pillow; its import costs more than an inference.
    from PIL import Image

    resized = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)
