"""Images and their labels, read from files and folders."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scripts.client.samples import Sample, UnreadableSample, payload, read


def png(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (3, 5), 9).save(path, "PNG")
    return path


def test_an_image_file_has_its_folder_as_label(tmp_path: Path) -> None:
    png(tmp_path / "7" / "a.PNG")
    png(tmp_path / "3" / "b.png")
    assert [(sample.name, sample.label) for sample in read([tmp_path])] == [("b.png", "3"), ("a.PNG", "7")]


def test_arrays_are_read_from_every_format(tmp_path: Path) -> None:
    batch = np.arange(2 * 5 * 5).reshape(2, 5, 5)
    np.save(tmp_path / "batch.npy", batch)
    np.save(tmp_path / "colour.npy", np.zeros((4, 4, 3)))
    np.savez(tmp_path / "set.NPZ.npz", x=batch, y=[1, 2])
    (tmp_path / "body.json").write_text(json.dumps({"x": batch.tolist()}))
    assert len(read([tmp_path / "batch.npy"])) == len(read([tmp_path / "body.json"])) == 2
    assert len(read([tmp_path / "colour.npy"])) == 1
    assert [sample.label for sample in read([tmp_path / "set.NPZ.npz"])] == ["1", "2"]
    assert read([tmp_path / "batch.npy"])[0].label is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"{"),
        ("a.json", b'{"z": 1}'),
        ("a.json", b"7"),
        ("a.npy", b""),
        ("a.txt", b"hello"),
        ("a.npz", b"no zip"),
    ],
)
def test_a_file_without_images_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableSample, match=name):
        read([tmp_path / name])


def test_each_image_needs_a_label(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((5, 4, 4)), y=[1, 2, 3])
    with pytest.raises(UnreadableSample, match="5 images and 3 labels"):
        read([tmp_path / "a.npz"])


def test_an_empty_folder_and_mixed_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSample, match="no images"):
        read([tmp_path])
    np.save(tmp_path / "a.npy", np.zeros((4, 4)))
    png(tmp_path / "b.png")
    with pytest.raises(UnreadableSample, match="not both"):
        read([tmp_path])


def test_files_are_sent_in_base64_and_arrays_as_numbers() -> None:
    assert payload([Sample(b"\x89P", "a")]) == {"images": ["iVA="]}
    assert payload([Sample(np.array([[1, 2], [3, 4]]), "a")]) == {"x": [[[1, 2], [3, 4]]]}


def test_files_and_arrays_have_pixels_to_draw() -> None:
    buffer = BytesIO()
    Image.new("L", (3, 5), 9).save(buffer, "PNG")
    assert Sample(buffer.getvalue(), "a").pixels().shape == (5, 3, 3)
    assert Sample(np.zeros((4, 4, 1)), "a").pixels().shape == (4, 4)
