"""The image asset as it lies in the cloud assembly: Docker makes an image of it that answers the golden batch."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lambda_fn.settings import Settings
from tests.container.conftest import ROOT, Container, docker

TAG = "postal-digits:asset"


@pytest.fixture(scope="module")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The asset's entry in the assembly, built as the CDK CLI builds it."""
    assembly = tmp_path_factory.mktemp("cdk.out")
    environment = os.environ | {"CDK_OUTDIR": str(assembly)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, capture_output=True)
    (manifest,) = assembly.glob("*.assets.json")
    (image,) = json.loads(manifest.read_bytes())["dockerImages"].values()
    source: dict[str, Any] = image["source"]
    folder: Path = assembly / source["directory"]
    docker(
        "build",
        "--quiet",
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


def test_it_answers_the_golden_batch(
    asset: dict[str, Any], start: Callable[..., Container], event: Callable[..., dict[str, Any]]
) -> None:
    with np.load(Settings().model_directory / "golden.npz") as golden:
        images, expected = golden["images"], golden["probabilities"]
    container = start("--read-only", "--tmpfs=/tmp", "--network=none", "--cpus=1", "--memory=1769m", image=TAG)
    query = {"probabilities": "true"}
    response = container.invoke(event({"x": images.tolist()}, queryStringParameters=query))
    assert response["statusCode"] == 200
    answer = json.loads(response["body"])
    assert answer["y"] == expected.argmax(axis=1).tolist()
    assert np.allclose(answer["probabilities"], expected, rtol=0, atol=1e-4)
    assert (
        container.run("uname", "-m").strip() == {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}[asset["platform"]]
    )
