"""The image asset of the cloud assembly: Docker builds an image of it, which gives the golden answers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lambda_fn.inference import golden
from tests.conftest import DIGITS
from tests.container.conftest import ROOT, Container, docker

TAG = "postal-digits:asset"


@pytest.fixture(scope="module")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The asset's entry in the assembly. Its image is built as the CDK CLI builds it."""
    assembly = tmp_path_factory.mktemp("cdk.out")
    environment = os.environ | {"CDK_OUTDIR": str(assembly)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, capture_output=True)
    (manifest,) = assembly.glob("*.assets.json")
    (image,) = json.loads(manifest.read_bytes())["dockerImages"].values()
    source: dict[str, Any] = image["source"]
    folder: Path = assembly / source["directory"]
    base = os.environ.get("BASE_IMAGE")
    docker(
        "build",
        "--quiet",
        *(["--build-arg", f"BASE_IMAGE={base}"] if base else []),
        "--platform",
        source["platform"],
        "--file",
        str(folder / source["dockerFile"]),
        "--tag",
        TAG,
        str(folder),
    )
    yield source
    docker("rmi", "--force", TAG)


def test_it_gives_the_golden_answers(
    asset: dict[str, Any], start: Callable[..., Container], event: Callable[..., dict[str, Any]]
) -> None:
    container = start("--read-only", "--tmpfs=/tmp", "--network=none", "--cpus=1", "--memory=1769m", image=TAG)
    for request in golden.read_requests(DIGITS):
        response = container.invoke(event(request.body, path=request.path, queryStringParameters=request.query))
        assert response["statusCode"] == 200
        assert request.mismatches(json.loads(response["body"])) == {}
    assert (
        container.run("uname", "-m").strip() == {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}[asset["platform"]]
    )
