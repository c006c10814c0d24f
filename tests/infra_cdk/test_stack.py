"""The stack as a whole: it follows from its inputs alone, and its image from what runs in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra_cdk.conftest import ROOT, STAGES, Synthesised

Synth = Callable[..., Synthesised]


@pytest.mark.parametrize("values", STAGES.values(), ids=STAGES.keys())
def test_the_same_inputs_give_the_same_template(
    values: dict[str, str], synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = synth(values)
    for variable in ("USER", "HOME", "AWS_PROFILE", "CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION", "GITHUB_SHA"):
        monkeypatch.setenv(variable, "other")
    assert synth(values).template == before.template


def test_each_stage_says_where_it_is_and_which_keys_it_has(stage: Synthesised) -> None:
    outputs = stage.template["Outputs"]
    assert "ApiUrl" in outputs
    assert {name for name in outputs if name.startswith("ApiKeyId")} == {
        "ApiKeyId" + client.title().replace("-", "") for client in stage.config.clients
    }
    assert ("ModelBucketName" in outputs) == stage.config.model_bucket


def test_no_physical_name_is_given(stage: Synthesised) -> None:
    """So that a stage can be made anew, and beside another one. (The log groups that AWS looks for are in test_api.)"""
    kinds = {"Lambda::Function": "FunctionName", "IAM::Role": "RoleName", "S3::Bucket": "BucketName"}
    for kind, name in (
        kinds | {"ApiGateway::ApiKey": "Name", "WAFv2::WebACL": "Name", "KMS::Key": "AliasName"}
    ).items():
        assert not any(name in each for each in stage.properties(f"AWS::{kind}"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The repository's files that may get into the image, and some that must not."""
    for folder in ("lambda_fn", "model", "scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".dockerignore", "README.md"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def image(stage: Synthesised) -> str:
    return str(stage.function["Code"]["ImageUri"]["Fn::Sub"]).rpartition(":")[2]


def version(stage: Synthesised) -> str:
    (name,) = stage.of("AWS::Lambda::Version")
    return name


@pytest.mark.parametrize(
    "path",
    [
        "lambda_fn/bodies/json_arrays.py",
        "lambda_fn/Dockerfile",
        "lambda_fn/requirements.txt",
        "model/digits/1/model.onnx",
    ],
)
def test_what_runs_changes_image_and_version(source: Path, synth: Synth, path: str) -> None:
    before = synth({}, source)
    with (source / path).open("ab") as file:
        file.write(b"\n# changed\n")
    after = synth({}, source)
    assert image(after) != image(before)
    assert version(after) != version(before)


def test_what_does_not_run_changes_neither(source: Path, synth: Synth) -> None:
    before = synth({}, source)
    for path in (
        "README.md",
        "scripts/local/serve.py",
        "model/digits/1/card.md",
        "lambda_fn/__pycache__/x.pyc",
        "notes.txt",
    ):
        (source / path).parent.mkdir(exist_ok=True)
        with (source / path).open("ab") as file:
            file.write(b"changed")
    assert synth({}, source).template == before.template
