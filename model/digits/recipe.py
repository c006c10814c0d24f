"""What the build of the digits needs beside the notebooks: test data, golden requests, and members of the contract."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lambda_fn.bodies import image_files
from lambda_fn.deadline import NEVER
from lambda_fn.digits.task import TASK
from lambda_fn.inference.model import Model
from lambda_fn.pipeline import predict
from model.digits.data import mnist, paper_set

Tensors = dict[str, NDArray[np.float32]]

NAME = "digits"
NOTEBOOKS = {"1": "train_version_1.ipynb", "2": "train_version_2.ipynb"}
LABELS = [str(digit) for digit in range(10)]

CONTRACT: dict[str, Any] = {
    "task": "digit_images",
    "unit": "image",
    "inputs": [{"name": "images", "datatype": "FP32", "shape": [-1, 28, 28, 1]}],
    "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 10]}],
    "labels": LABELS,
    "class_metrics": [f"Digit{digit}" for digit in LABELS],
    "preprocessing": {"pixel_range": [0.0, 1.0], "ink": "light on dark", "size": [28, 28]},
    "golden_tolerance": 1e-4,  # ten times what the build allows, for processors that round differently
}


def _warning(meaning: str, alarm_above: float | None = None, alarm_meaning: str | None = None) -> dict[str, Any]:
    return {"meaning": meaning, "alarm_above": alarm_above, "alarm_meaning": alarm_meaning}


# Above these shares of the images somebody should look. Clean scans in the form of MNIST have no warnings; generated
# photographs of digits on paper (data/paper.py) have the share in brackets. The first four say that an image is bad;
# their limits are at least twice what photographs have. The others say that images are of another kind than clean
# scans: a stage whose post is of that kind lists them in usual_warnings.
CONTRACT["warnings"] = {
    # (0.001)
    "blank": _warning(
        "nothing is on the paper",
        0.02,
        "show nothing at all: an empty tray, a closed shutter, a light that is off",
    ),
    # (0.04)
    "unclear": _warning(
        "more than ink on paper; a person should look",
        0.1,
        "show more than ink on paper: stamps, folds, shadows",
    ),
    # (0.07)
    "low_contrast": _warning(
        "ink and paper differ little",
        0.2,
        "are grey on grey: a weak light, a worn ribbon, a wrong exposure",
    ),
    # (0.25)
    "cluttered": _warning(
        "ink was left out: a line, a neighbour, specks",
        0.5,
        "have more in them than a digit: they are cropped badly, or forms have lines",
    ),
    # (0.43)
    "inverted": _warning(
        "dark ink on light paper was turned to light on dark",
        0.2,
        "are dark on light, unlike clean scans: the inversion was turned off, or a client is new",
    ),
    # (0.61)
    "colour": _warning(
        "the image has colours",
        0.2,
        "are coloured, unlike clean scans: another camera or another client",
    ),
    # (0.30)
    "recentred": _warning(
        "the digit was moved to the middle",
        0.2,
        "have their digit off centre: the cropping has shifted",
    ),
    # (1.00)
    "resized": _warning(
        "the digit was scaled to the size that the model knows",
        0.2,
        "have another size than clean scans: another camera, another cropping or another client",
    ),
    "low_confidence": _warning("a person should look: the model is unsure, or the image is blank or unclear"),
}

SCANS = 20  # golden images that are test images
# Two likeliest digits that are closer could change places on another processor.
CLEAR_MARGIN = 0.02
# The model should be this sure of golden images on paper, so that another processor's rounding can't change the answer.
SURE = 0.99
MOST_TRIED = 400
PAPER_SEED = 20261127
PAPER_TOLERANCE = 0.02  # libjpeg and LAPACK round differently from one processor to another
LARGEST_FILE = 6000  # bytes


def test_set() -> tuple[Tensors, NDArray[np.uint8]]:
    """MNIST's 10,000 test images as the model takes them, and their digits."""
    images, labels = mnist.load("test")
    return {"images": as_tensor(images)}, labels


def as_tensor(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Images n×28×28 of 0..255 as n×28×28×1 of 0..1."""
    return (images / np.float32(255)).astype(np.float32)[..., np.newaxis]


def choose_scans(labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> NDArray[np.intp]:
    """Twenty golden images, digits 0 to 9 twice: the surest right answer of each digit, then the least sure."""
    second, first = np.sort(probabilities, axis=1)[:, -2:].T
    right = (probabilities.argmax(axis=1) == labels) & (first - second > CLEAR_MARGIN)
    candidates = [np.flatnonzero(right & (labels == digit)) for digit in range(10)]
    surest = [of_digit[first[of_digit].argmax()] for of_digit in candidates]
    least_sure = [of_digit[first[of_digit].argmin()] for of_digit in candidates]
    return np.array(surest + least_sure)


def golden_inputs(
    labels: NDArray[np.uint8], probabilities: NDArray[np.float32], on_paper: list[bytes], model: Model
) -> Tensors:
    """Inputs that prove the network: twenty test images, and ten that the preparation made of images on paper."""
    images, _ = mnist.load("test")
    scans = as_tensor(images[choose_scans(labels, probabilities)])
    prepared = TASK.prepare(image_files.decode(on_paper), model.contract, NEVER)
    return {"images": np.concatenate([scans, prepared.tensors["images"]])}


def golden_requests(
    inputs: Tensors, golden_outputs: NDArray[np.float32], on_paper: list[bytes], model: Model
) -> list[dict[str, Any]]:
    """Requests that prove the service. The heartbeat sends the first: one image of each digit, every other on paper."""
    scans = (inputs["images"][:SCANS, ..., 0] * 255).round().astype(np.uint8)
    each_digit = [on_paper[digit] if digit % 2 else _encode(scans[digit]) for digit in range(10)]
    scanned: dict[str, list[Any]] = {
        "y": golden_outputs[:SCANS].argmax(axis=1).tolist(),
        "probabilities": [[round(float(value), 6) for value in row] for row in golden_outputs[:SCANS]],
    }
    tolerance, query = CONTRACT["golden_tolerance"], {"probabilities": "true"}
    whole, fractions = scans.tolist(), (scans / 255).round(6).tolist()
    return [
        _request("one of each digit", _files(each_digit), {}, {"y": list(range(10))}, tolerance),
        _request("pixels 0 to 255", {"x": whole}, query, scanned, tolerance),
        _request("pixels 0 to 1", {"x": fractions}, query, scanned, tolerance),
        _request("paper", _files(on_paper), {}, _answer(on_paper, model), PAPER_TOLERANCE),
    ]


def paper_files(model: Model) -> list[bytes]:
    """A photograph of each digit from 0 to 9, PNG and JPEG in turn, that the model reads right and is sure of.

    If it is never that sure of a digit, the surest of the first MOST_TRIED. Raises ValueError if it reads none right.
    """
    images, labels = mnist.load("test")
    return [_paper_file(digit, images, labels, model) for digit in range(10)]


def _paper_file(digit: int, images: NDArray[np.uint8], labels: NDArray[np.uint8], model: Model) -> bytes:
    surest, file = 0.0, b""
    for index in np.flatnonzero(labels == digit)[:MOST_TRIED].tolist():
        candidate = _encode(paper_set.sheet(images, labels, PAPER_SEED, index), digit % 4 > 1)
        confidence = _confidence(candidate, digit, model) if len(candidate) <= LARGEST_FILE else 0.0
        if confidence > surest:
            surest, file = confidence, candidate
        if surest >= SURE:
            break
    if not file:
        raise ValueError(f"the model reads no photograph of a {digit} right")
    return file


def _confidence(file: bytes, digit: int, model: Model) -> float:
    """0 if the answer is wrong or the image needs no preparation; at most a half if a person should look."""
    answer = _answer([file], model)
    (warnings,) = answer["warnings"]
    if answer["y"] != [digit] or not warnings:
        return 0.0
    confidence = float(answer["confidence"][0])
    return min(confidence, 0.5) if "low_confidence" in warnings else confidence


def _answer(files: list[bytes], model: Model) -> dict[str, list[Any]]:
    answers = predict(TASK, model, image_files.decode(files)).answers
    confidence = [round(float(value), 6) for value in answers.confidence]
    return {**answers.members, "confidence": confidence, "warnings": answers.warnings}


def _encode(image: NDArray[np.uint8], as_jpeg: bool = False) -> bytes:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG" if as_jpeg else "PNG", quality=90)
    return file.getvalue()


def _files(files: list[bytes]) -> dict[str, Any]:
    return {"images": [base64.b64encode(file).decode() for file in files]}


def _request(
    name: str, body: dict[str, Any], query: dict[str, str], answer: dict[str, list[Any]], tolerance: float
) -> dict[str, Any]:
    members = {"name": name, "path": "/predict/batch", "query": query, "body": body}
    return {**members, "answer": json.loads(json.dumps(answer)), "tolerance": tolerance}
