"""Files and folders in, pictures and the labels that are known out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PICTURES = (".png", ".jpg", ".jpeg")
ARRAYS = (".npy", ".npz", ".json")


@dataclass(frozen=True, slots=True)
class Samples:
    """Pictures, each H×W or H×W×C, and their digits (n whole numbers) where all are known."""

    pictures: list[NDArray[np.generic]]
    labels: NDArray[np.integer] | None


def read(paths: Sequence[Path]) -> Samples:
    """Reads picture files, arrays, or folders of both.

    A picture's label is the name of its folder, if that is a digit; an .npz file's are its member `y` or `labels`.

    Raises:
        ValueError: a file that is none of these, or nothing found.
        OSError: a file can't be read.
    """
    pictures: list[NDArray[np.generic]] = []
    labels: list[int | None] = []
    for path in _files(paths):
        new, known = _read_one(path)
        pictures += new
        labels += known
    if not pictures:
        raise ValueError(f"no pictures in {', '.join(map(str, paths))}")
    known_all = [label for label in labels if label is not None]
    return Samples(pictures, np.array(known_all) if len(known_all) == len(pictures) else None)


def _files(paths: Sequence[Path]) -> list[Path]:
    files = []
    for path in paths:
        inside = (
            sorted(p for p in path.rglob("*") if p.suffix.lower() in PICTURES + ARRAYS) if path.is_dir() else [path]
        )
        files += inside
    return files


def _read_one(path: Path) -> tuple[list[NDArray[np.generic]], list[int | None]]:
    if path.suffix.lower() in PICTURES:
        label = int(path.parent.name) if path.parent.name in set("0123456789") else None
        with Image.open(path) as image:
            return [np.asarray(image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB"))], [label]
    if path.suffix == ".npz":
        with np.load(path) as members:
            images = next((members[name] for name in ("x", "images") if name in members), None)
            digits = next((members[name] for name in ("y", "labels") if name in members), None)
        if images is None:
            raise ValueError(f"{path}: has no member x or images")
        return list(images), [None] * len(images) if digits is None else [int(digit) for digit in digits]
    if path.suffix == ".npy":
        array = np.load(path)
    elif path.suffix == ".json":
        content = json.loads(path.read_bytes())
        array = np.array(content["x"] if isinstance(content, dict) else content)
    else:
        raise ValueError(f"{path}: takes {', '.join(PICTURES + ARRAYS)}")
    batch = [array] if array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (1, 3, 4)) else list(array)
    return batch, [None] * len(batch)
