"""Files and folders in, pictures and the labels that are known out."""

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

PICTURES = (".png", ".jpg", ".jpeg")
ARRAYS = (".npy", ".npz", ".json")


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture: the bytes of a PNG or JPEG, or an array H×W or H×W×C; where it is from; its digit, if known."""

    picture: bytes | NDArray[Any]
    name: str
    label: int | None = None

    def pixels(self) -> NDArray[Any]:
        """What to draw: H×W or H×W×C."""
        if isinstance(self.picture, bytes):
            with Image.open(BytesIO(self.picture)) as image:
                return np.asarray(image.convert("RGB"))
        return np.squeeze(self.picture)


class UnreadableSample(ValueError):
    """A file that holds no pictures; the message names it."""


def payload(samples: Sequence[Sample]) -> dict[str, Any]:
    """The body of POST /predict/batch for these: files as they are, arrays as numbers; all of one kind."""
    files = [sample.picture for sample in samples if isinstance(sample.picture, bytes)]
    if len(files) == len(samples):
        return {"images": [base64.b64encode(file).decode() for file in files]}
    return {"x": [np.asarray(sample.picture).tolist() for sample in samples]}


def read(paths: Sequence[Path]) -> list[Sample]:
    """Reads picture files, arrays, or folders of them.

    A picture's label is the name of its folder, if that is a digit; an .npz file's are its member `y` or `labels`.

    Raises:
        UnreadableSample: a file that holds no pictures; nothing found; pictures and arrays together.
        OSError: a file can't be read.
    """
    samples = [sample for path in _files(paths) for sample in _read_one(path)]
    if not samples:
        raise UnreadableSample(f"no pictures in {', '.join(map(str, paths))}")
    if len({isinstance(sample.picture, bytes) for sample in samples}) > 1:
        raise UnreadableSample("give picture files or arrays, not both at once")
    return samples


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        known = PICTURES + ARRAYS
        files += sorted(p for p in path.rglob("*") if p.suffix.lower() in known) if path.is_dir() else [path]
    return files


def _read_one(path: Path) -> list[Sample]:
    content = path.read_bytes()
    kind = path.suffix.lower()
    if kind in PICTURES:
        return [Sample(content, path.name, int(path.parent.name) if path.parent.name in set("0123456789") else None)]
    try:
        images, labels = _read_arrays(content, kind)
    except (ValueError, KeyError, TypeError, EOFError) as error:
        raise UnreadableSample(f"{path}: holds no pictures ({error})") from error
    if labels is not None and len(labels) != len(images):
        raise UnreadableSample(f"{path}: {len(images)} pictures and {len(labels)} labels")
    known = [None] * len(images) if labels is None else [int(label) for label in labels]
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
    raise ValueError(f"not one of {', '.join(PICTURES + ARRAYS)}")


def _split(array: NDArray[Any]) -> list[NDArray[Any]]:
    if array.ndim < 2:
        raise ValueError(f"an array of {array.ndim} dimensions")
    one = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (1, 3, 4))
    return [array] if one else list(array)
