"""MNIST is only accepted byte for byte, and a failure says why each source failed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.digits.data import mnist
from model.digits.data.mnist import MnistUnavailable, fetch

FILES = {"images": b"pixels", "labels": b"digits"}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}


def good_source() -> dict[str, bytes]:
    return dict(FILES)


def forged_source() -> dict[str, bytes]:
    return {**FILES, "labels": b"forged"}


def unreachable_source() -> dict[str, bytes]:
    raise MnistUnavailable("no network")


def must_not_be_asked() -> dict[str, bytes]:
    raise AssertionError("the cache is complete")


def test_a_good_cache_asks_no_source(tmp_path: Path) -> None:
    fetch(tmp_path, {"good": good_source}, SHA256)
    assert fetch(tmp_path, {"second": must_not_be_asked}, SHA256) == FILES


def test_a_damaged_cached_file_is_reported_and_fetched_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(tmp_path, {"good": good_source}, SHA256)
    (tmp_path / "labels").write_bytes(b"damaged")
    assert fetch(tmp_path, {"good": good_source}, SHA256) == FILES
    assert (tmp_path / "labels").read_bytes() == b"digits"
    assert f"deleting {tmp_path / 'labels'}" in capsys.readouterr().err


def test_a_damaged_cached_file_is_deleted_even_if_nothing_replaces_it(tmp_path: Path) -> None:
    (tmp_path / "labels").write_bytes(b"damaged")
    with pytest.raises(MnistUnavailable):
        fetch(tmp_path, {}, SHA256)
    assert list(tmp_path.iterdir()) == []


def test_a_source_with_a_wrong_digest_is_skipped(tmp_path: Path) -> None:
    assert fetch(tmp_path, {"forged": forged_source, "good": good_source}, SHA256) == FILES


def test_the_message_says_why_each_source_failed(tmp_path: Path) -> None:
    sources = {"first": unreachable_source, "second": forged_source, "third": lambda: {"images": b"pixels"}}
    with pytest.raises(MnistUnavailable) as failure:
        fetch(tmp_path, sources, SHA256)
    assert str(failure.value).splitlines()[1:] == [
        "  first: no network",
        "  second: wrong SHA-256 of labels",
        "  third: without labels",
    ]


def test_a_failed_fetch_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(MnistUnavailable):
        fetch(tmp_path / "cache", {"forged": forged_source}, SHA256)
    assert not (tmp_path / "cache").exists()


def test_no_partial_file_stays_in_the_cache(tmp_path: Path) -> None:
    fetch(tmp_path, {"good": good_source}, SHA256)
    assert {path.name for path in tmp_path.iterdir()} == FILES.keys()


def test_arrays_are_converted_to_the_original_files(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "train_images": np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28),
        "train_labels": np.array([5, 0], np.uint8),
        "test_images": np.zeros((1, 28, 28), np.uint8),
        "test_labels": np.array([7], np.uint8),
    }
    np.savez(tmp_path / "mnist.npz", **arrays)
    with np.load(tmp_path / "mnist.npz") as archive:
        files = mnist.rebuild(archive)
    assert files.keys() == mnist.SHA256.keys()
    assert files["train-labels-idx1-ubyte"] == b"\0\0\x08\x01\0\0\0\x02\x05\0"
    assert files["train-images-idx3-ubyte"][:16] == b"\0\0\x08\x03\0\0\0\x02\0\0\0\x1c\0\0\0\x1c"
    assert np.array_equal(mnist.parse_idx(files["train-images-idx3-ubyte"]), arrays["train_images"])


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(MnistUnavailable, match=r"no answer within 0\.2 s"):
        mnist._run(["sleep", "60"], seconds=0.2)


def test_a_failed_command_reports_its_last_line() -> None:
    with pytest.raises(MnistUnavailable, match=r"^second$"):
        mnist._run(["sh", "-c", "echo first >&2; echo second >&2; exit 1"], seconds=10)
