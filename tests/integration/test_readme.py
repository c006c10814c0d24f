"""Every command of the README is run: here, by .ci/run, or by the tests of the container."""

import json
import os
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from infra_cdk import context
from infra_cdk.config import STAGES
from tests.integration.server import ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
ADDRESS = "http://127.0.0.1:8080"

CALLED = ("curl ", ".venv/bin/python ", "make synth ", "make smoke ", "make cost ")
CALLS = [command for command in COMMANDS if command.startswith(CALLED)]
# These need an AWS account, which no test has: that what they name exists is all that is tested here.
WITH_AN_ACCOUNT = [
    line for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
]
# Where a command is run, and by what words there.
ELSEWHERE = {
    "make serve": ("tests/integration/test_serve.py", '"make", "serve"'),
    "make image": ("Makefile", "test-container: setup image"),
    ".venv/bin/sam local invoke --event tests/events/predict_batch.json": ("tests/container/test_sam.py", '"invoke"'),
    ".venv/bin/sam local start-api": ("tests/container/test_sam.py", '"start-api"'),
}


@pytest.mark.parametrize("command", CALLS)
def test_a_call_works_as_pasted(command: str, server: httpx.Client, tmp_path: Path) -> None:
    here = command.replace(ADDRESS, str(server.base_url).rstrip("/")).replace("build/", f"{tmp_path}/")
    if "scripts.predict" in here:
        here += f" --url {server.base_url}"
    done = subprocess.run(here, shell=True, cwd=ROOT, env=os.environ, capture_output=True, text=True)  # noqa: S602
    assert done.returncode == 0, done.stderr
    if command.startswith("curl"):
        shown = json.loads(re.findall(r"```json\n(.*?)```", README, re.DOTALL)[0])
        answer = json.loads(done.stdout)
        assert answer["y"] == shown["y"]
        assert answer.keys() == shown.keys()


@pytest.mark.parametrize("command", WITH_AN_ACCOUNT)
def test_a_command_that_needs_an_account_is_there(command: str) -> None:
    if target := re.match(r"make (\w+)", command):
        assert f"\n{target[1]}: setup" in (ROOT / "Makefile").read_text()
    else:
        module = re.match(r"\.venv/bin/python -m (\S+) ", command)
        assert module
        assert (ROOT / f"{module[1].replace('.', '/')}.py").exists()


@pytest.mark.parametrize("values", re.findall(r'CONTEXT="([^"]+)"', README))
def test_a_deployments_values_are_taken(values: str) -> None:
    given = dict(value.split("=") for value in values.replace("-c ", "").split())
    for stage in STAGES:
        context.read({"stage": stage} | given)


def test_every_other_command_is_run_elsewhere() -> None:
    for command in COMMANDS:
        path, words = ELSEWHERE.get(command, (".ci/run", f"\n{command}\n"))
        assert command in CALLS or words in (ROOT / path).read_text(), f"nothing runs {command!r}"
