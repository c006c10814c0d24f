"""A version in model/ in, its objects in S3 (moto's) out, from which the function takes the same model."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lambda_fn.inference import store
from lambda_fn.inference.model import Model
from lambda_fn.settings import Settings
from scripts import publish
from scripts.publish import Place, PublishError

BAKED = Settings(model_version="1").model_directory


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


def test_the_function_takes_what_was_published(place: Place) -> None:
    sha256 = publish.publish(place, "1")
    model = Model.load(store.versions(f"s3://{place.bucket}/{publish.PREFIX}", BAKED.parent, "1") / "1")
    assert model.contract.sha256 == sha256 == Model.load(BAKED).contract.sha256


def test_a_version_is_never_overwritten(place: Place, models: Path) -> None:
    publish.publish(place, "1", models)
    before = place.files()
    contract = models / "digits/1/contract.json"
    contract.write_text(json.dumps(json.loads(contract.read_bytes()) | {"low_confidence_below": 0.5}))
    with pytest.raises(PublishError, match=r"digits/1/contract\.json is there and differs: take a new number"):
        publish.publish(place, "1", models)
    assert place.files() == before


def test_s3_itself_refuses_where_two_publish_at_once(place: Place) -> None:
    place.add("1", "model.onnx", b"first")
    with pytest.raises(place.client.exceptions.ClientError, match="PreconditionFailed"):
        place.add("1", "model.onnx", b"second")


def test_an_upload_that_broke_off_is_taken_up_again(place: Place) -> None:
    place.add("1", "model.onnx", (BAKED / "model.onnx").read_bytes())
    assert next(publish.differences(place)) == "digits 1  incomplete: publish it again"
    publish.publish(place, "1")
    assert place.files()["1"].keys() == {"model.onnx", "golden.npz", "contract.json"}


def test_a_version_that_does_not_prove_itself_is_not_published(place: Place, models: Path) -> None:
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


def test_the_list_says_what_differs(place: Place, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(publish.differences(place, models)) == ["digits 1  only here"]
    publish.publish(place, "1", models)
    assert list(publish.differences(place, models)) == ["digits 1  the same"]
    (models / "digits/1/golden.npz").write_bytes(b"")
    place.add("10", "contract.json", b"{}")
    place.add("9", "contract.json", b"{}")
    assert list(publish.differences(place, models)) == [
        "digits 1  differs: golden.npz",
        "digits 9  only there",
        "digits 10  only there",
    ]
    publish.main(["list", "--bucket", place.bucket])
    assert "digits 1  the same" in capsys.readouterr().out


def test_the_command_prints_the_digest_and_says_in_a_line_what_is_wrong(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    publish.main(["1", "--bucket", place.bucket])
    assert capsys.readouterr().out == f"digits 1  SHA-256 {Model.load(BAKED).contract.sha256}\n"
    with pytest.raises(SystemExit, match="NoSuchBucket"):
        publish.main(["1", "--bucket", "of-nobody"])
