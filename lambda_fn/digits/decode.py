"""Reads the images of a request, for each of the task's routes and for /v2."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_fn.bodies import images
from lambda_fn.bodies.images import Image, Images
from lambda_fn.bodies.request_body import Headers, header
from lambda_fn.deadline import Deadline
from lambda_fn.inference.contract import Contract


def batch(content: bytes, _headers: Headers, at_most: int, deadline: Deadline) -> Images:
    """POST /predict/batch: arrays or base64 files in JSON."""
    return images.from_json(content, at_most, deadline)


def files(content: bytes, headers: Headers, at_most: int, deadline: Deadline) -> Images:
    """POST /predict/img: one file or a form of files."""
    return images.from_files(content, header(headers, "content-type"), at_most, deadline)


def tensor(values: NDArray[Any], contract: Contract) -> Image:
    """/v2: FP32 pixels are scaled as those of /predict/batch, UINT8 pixels are always 0 to 255."""
    pixels = values if values.dtype == np.uint8 else images.scale_pixels(values, 0)
    return pixels.reshape(contract.inputs[0].shape)
