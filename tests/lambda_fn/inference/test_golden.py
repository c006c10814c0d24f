"""A version's folder in, the golden images that its contract names out."""

import shutil
from pathlib import Path

import pytest

from lambda_fn.errors import ModelRejected
from lambda_fn.inference.golden import Golden
from lambda_fn.settings import Settings

VERSION = Settings().model_directory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / VERSION.name
    folder.mkdir()
    for name in ("contract.json", "golden.npz"):
        shutil.copy(VERSION / name, folder)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(ModelRejected) as caught:
        Golden.read(folder)
    return str(caught.value)


def test_every_image_has_its_answer() -> None:
    golden = Golden.read(VERSION)
    assert golden.images.shape == (len(golden.digits), 28, 28)
    assert golden.probabilities.shape == (len(golden.digits), 10)
    assert golden.contract.version == VERSION.name


def test_one_of_each_digit_is_the_surest() -> None:
    golden = Golden.read(VERSION)
    ten = golden.one_of_each()
    assert ten.digits == list(range(10))
    assert len(ten.images) == 10
    assert (ten.probabilities.max(axis=1) > 0.99).all()


def test_others_than_the_contracts_are_refused(folder: Path) -> None:
    with (folder / "golden.npz").open("ab") as file:
        file.write(b"1")
    assert "golden.npz: its SHA-256 is " in refusal(folder)


@pytest.mark.parametrize("name", ["contract.json", "golden.npz"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refusal(folder) == f"{folder / name}: No such file or directory"
