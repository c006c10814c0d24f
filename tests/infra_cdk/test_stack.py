"""The template depends on its inputs only, and the image on what runs in it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_cdk import naming
from tests.infra_cdk.conftest import ROOT, STAGES, Synthesised, synthesise

Synth = Callable[..., Synthesised]


@pytest.mark.parametrize("values", STAGES.values(), ids=STAGES.keys())
def test_the_same_inputs_give_the_same_template(
    values: dict[str, str], synth: Synth, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = synth(values)
    for variable in ("USER", "HOME", "AWS_PROFILE", "CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION", "GITHUB_SHA"):
        monkeypatch.setenv(variable, "other")
    assert synthesise(values).template == before.template


def test_the_outputs_are_the_url_the_key_ids_and_the_bucket(stage: Synthesised) -> None:
    outputs = stage.template["Outputs"]
    assert "ApiUrl" in outputs
    assert {name for name in outputs if name.startswith("ApiKeyId")} == {
        "ApiKeyId" + client.title().replace("-", "") for client in stage.config.clients
    }
    assert ("ModelBucketName" in outputs) == stage.config.model_bucket


def test_no_resource_has_a_physical_name(stage: Synthesised) -> None:
    """A stack can be replaced, and stand beside another one; log groups with names are in test_rest_api.py."""
    kinds = {"Lambda::Function": "FunctionName", "IAM::Role": "RoleName", "S3::Bucket": "BucketName"}
    for kind, name in (
        kinds | {"ApiGateway::ApiKey": "Name", "WAFv2::WebACL": "Name", "KMS::Key": "AliasName"}
    ).items():
        assert not any(name in each for each in stage.properties(f"AWS::{kind}"))


def test_a_stack_is_deployed_by_the_toolkit_of_its_stage(stage: Synthesised) -> None:
    version = stage.template["Parameters"]["BootstrapVersion"]["Default"]
    assert version == f"/cdk-bootstrap/{naming.qualifier(stage.config.stage)}/version"


def test_every_role_of_a_stack_has_the_stages_boundary(stage: Synthesised) -> None:
    roles = stage.properties("AWS::IAM::Role")
    assert roles
    for role in roles:
        assert role["PermissionsBoundary"]["Fn::Join"][1][-1].endswith(f":policy/{naming.boundary(stage.config.stage)}")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the files that belong in the image, and some that do not."""
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
def test_a_change_of_what_runs_changes_image_and_version(source: Path, synth: Synth, path: str) -> None:
    before = synth({})
    with (source / path).open("ab") as file:
        file.write(b"\n# changed\n")
    after = synthesise({}, source)
    assert image(after) != image(before)
    assert version(after) != version(before)


def test_a_change_of_anything_else_changes_neither(source: Path, synth: Synth) -> None:
    before = synth({})
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
    assert synthesise({}, source).template == before.template
