"""Versions published to S3 (moto's), from which the function loads the same model."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambda_fn.inference import store
from lambda_fn.inference.model import Model
from lambda_fn.settings import MODEL_REPOSITORY
from scripts import publish
from scripts.publish import Place, PublishError

BAKED = MODEL_REPOSITORY / "digits/1"
FILES = {"model.onnx", "golden.npz", "golden_requests.json", "contract.json"}


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        client = boto3.Session().client("s3")
        client.create_bucket(Bucket="models-of-ours")
        yield Place(client, "models-of-ours", publish.PREFIX, "digits")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """model/ with version 1 alone."""
    shutil.copytree(BAKED, tmp_path / "digits/1")
    return tmp_path


def test_the_function_loads_a_published_version(place: Place) -> None:
    sha256 = publish.publish(place, "1")
    folder = store.find_folder(f"s3://{place.bucket}/{publish.PREFIX}", MODEL_REPOSITORY, {"digits": "1"})
    model = Model.load(folder / "digits/1")
    assert model.contract.sha256 == sha256 == Model.load(BAKED).contract.sha256


def test_a_version_is_never_overwritten(place: Place, models: Path) -> None:
    publish.publish(place, "1", models)
    before = place.files()
    contract = models / "digits/1/contract.json"
    contract.write_text(json.dumps(json.loads(contract.read_bytes()) | {"low_confidence_below": 0.5}))
    with pytest.raises(PublishError, match=r"digits/1/contract\.json exists and differs: take a new number"):
        publish.publish(place, "1", models)
    assert place.files() == before


def test_s3_refuses_the_second_of_two_concurrent_uploads(place: Place) -> None:
    place.add("1", "model.onnx", b"first")
    with pytest.raises(place.client.exceptions.ClientError, match="PreconditionFailed"):
        place.add("1", "model.onnx", b"second")


def test_an_interrupted_upload_is_resumed(place: Place) -> None:
    place.add("1", "model.onnx", (BAKED / "model.onnx").read_bytes())
    assert next(publish.differences(place)) == "digits 1  incomplete: publish it again"
    publish.publish(place, "1")
    assert place.files()["1"].keys() == FILES


def test_a_version_that_fails_its_checks_is_not_published(place: Place, models: Path) -> None:
    path = models / "digits/1/model.onnx"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PublishError, match="its SHA-256 is"):
        publish.publish(place, "1", models)
    shutil.copytree(BAKED, models / "digits/2")
    with pytest.raises(PublishError, match="is the contract of version 1"):
        publish.publish(place, "2", models)
    with pytest.raises(PublishError, match="No such file"):
        publish.publish(place, "3", models)
    assert place.files() == {}


def test_the_list_compares_s3_with_the_disk(place: Place, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(publish.differences(place, models)) == ["digits 1  only here"]
    publish.publish(place, "1", models)
    assert list(publish.differences(place, models)) == ["digits 1  the same"]
    (models / "digits/1/golden.npz").write_bytes(b"")
    place.add("10", "contract.json", b"{}")
    place.add("9", "contract.json", b"{}")
    assert list(publish.differences(place, models)) == [
        "digits 1  differs: golden.npz",
        "digits 9  only in S3",
        "digits 10  only in S3",
    ]
    publish.main(["list", "--bucket", place.bucket])
    assert "digits 1  the same" in capsys.readouterr().out


def test_the_command_prints_the_sha256_or_one_line_of_error(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    publish.main(["1", "--bucket", place.bucket])
    assert capsys.readouterr().out == f"digits 1  SHA-256 {Model.load(BAKED).contract.sha256}\n"
    with pytest.raises(SystemExit, match="NoSuchBucket"):
        publish.main(["1", "--bucket", "of-nobody"])
