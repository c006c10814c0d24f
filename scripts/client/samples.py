"""Reads images, and the labels that are known, from files and folders."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FILES = (".png", ".jpg", ".jpeg")
ARRAYS = (".npy", ".npz", ".json")


@dataclass(frozen=True, slots=True)
class Sample:
    """One image.

    Attributes:
        image: the bytes of a PNG or JPEG, or an array H×W or H×W×C.
        name: where it is from.
        label: as in the model's contract, if known.
    """

    image: bytes | NDArray[Any]
    name: str
    label: str | None = None

    def pixels(self) -> NDArray[Any]:
        """H×W or H×W×C, for drawing."""
        if isinstance(self.image, bytes):
            with Image.open(BytesIO(self.image)) as image:
                return np.asarray(image.convert("RGB"))
        return np.squeeze(self.image)


class UnreadableSample(ValueError):
    """A file without images; the message names it."""


def payload(samples: Sequence[Sample]) -> dict[str, Any]:
    """The body of POST /predict/batch: files in base64, arrays as numbers; all samples must be of one kind."""
    files = [sample.image for sample in samples if isinstance(sample.image, bytes)]
    if len(files) == len(samples):
        return {"images": [base64.b64encode(file).decode() for file in files]}
    return {"x": [np.asarray(sample.image).tolist() for sample in samples]}


def read(paths: Sequence[Path]) -> list[Sample]:
    """Reads image files, arrays, or folders of them.

    The label of an image file is its folder's name; those of an .npz are its member `y` or `labels`.

    Raises:
        UnreadableSample: a file without images, nothing found, or files and arrays together.
        OSError: a file can't be read.
    """
    samples = [sample for path in _files(paths) for sample in _read_one(path)]
    if not samples:
        raise UnreadableSample(f"no images in {', '.join(map(str, paths))}")
    if len({isinstance(sample.image, bytes) for sample in samples}) > 1:
        raise UnreadableSample("give image files or arrays, not both at once")
    return samples


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        known = FILES + ARRAYS
        files += sorted(p for p in path.rglob("*") if p.suffix.lower() in known) if path.is_dir() else [path]
    return files


def _read_one(path: Path) -> list[Sample]:
    content = path.read_bytes()
    kind = path.suffix.lower()
    if kind in FILES:
        return [Sample(content, path.name, path.absolute().parent.name)]
    try:
        images, labels = _read_arrays(content, kind)
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise UnreadableSample(f"{path}: holds no images ({error})") from error
    if labels is not None and len(labels) != len(images):
        raise UnreadableSample(f"{path}: {len(images)} images and {len(labels)} labels")
    known = [None] * len(images) if labels is None else [str(label) for label in labels]
    return [Sample(image, f"{path.name}[{i}]", known[i]) for i, image in enumerate(images)]


def _read_arrays(content: bytes, kind: str) -> tuple[list[NDArray[Any]], NDArray[Any] | None]:
    if kind == ".npz":
        with np.load(BytesIO(content)) as members:
            images = members["x" if "x" in members else "images"]
            labels = next((members[name] for name in ("y", "labels") if name in members), None)
        return list(images), labels
    if kind == ".npy":
        return _split(np.load(BytesIO(content))), None
    if kind == ".json":
        body = json.loads(content)
        return _split(np.array(body["x"] if isinstance(body, dict) else body)), None
    raise ValueError(f"not one of {', '.join(FILES + ARRAYS)}")


def _split(array: NDArray[Any]) -> list[NDArray[Any]]:
    if array.ndim < 2:
        raise ValueError(f"an array of {array.ndim} dimensions")
    one = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (1, 3, 4))
    return [array] if one else list(array)
