"""Every command of the README is run: here, by .ci/run, or by the tests of the container."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from infra_cdk import context
from infra_cdk.config import STAGES
from tests.server import ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
ADDRESS = "http://127.0.0.1:8080"

CALLED = ("curl ", ".venv/bin/python ", "make synth ", "make smoke ", "make cost ")
CALLS = [command for command in COMMANDS if command.startswith(CALLED)]
# These need an AWS account, which no test has: that what they name exists is all that is tested here.
CONSOLE = [line for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
GENERATORS = [line for line in CONSOLE if line.startswith("npx ")]
WITH_AN_ACCOUNT = [line for line in CONSOLE if line not in GENERATORS]
PROGRAMS = re.findall(r"```(python|js)\n(.*?)```", README, re.DOTALL)
# Where a command is run, and by what words there.
ELSEWHERE = {
    "make serve": ("tests/scripts/local/test_serve.py", '"make", "serve"'),
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


@pytest.mark.parametrize(("language", "program"), PROGRAMS)
def test_a_program_prints_what_its_last_line_says(language: str, program: str, server: httpx.Client) -> None:
    here = program.replace(ADDRESS.removeprefix("http://"), str(server.base_url).removeprefix("http://").rstrip("/"))
    node = ["node", "--input-type=module", "--eval"]
    command = [sys.executable, "-c"] if language == "python" else node
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path}
    done = subprocess.run([*command, here], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == re.split(r"  # |; // ", program.strip().splitlines()[-1])[1]


def test_there_is_a_program_for_each_way_in() -> None:
    text = "".join(program for _, program in PROGRAMS)
    assert all(word in text for word in ("requests.post(", "tritonclient", "await fetch("))


@pytest.mark.parametrize("command", GENERATORS)
def test_a_client_is_made_from_what_is_served(command: str, server: httpx.Client) -> None:
    """The generator itself is Java; that what it is given is a valid description, test_openapi.py shows."""
    address = re.search(r" -i (\S+) ", command)
    assert address
    assert server.get(address[1].removeprefix(ADDRESS)).json()["openapi"].startswith("3.1")


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
