"""Every command of the README is run: here, by .ci/run, or by the tests of the container."""

import json
import os
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.integration.server import ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
ADDRESS = "http://127.0.0.1:8080"

CALLS = [command for command in COMMANDS if command.startswith(("curl ", ".venv/bin/python "))]
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


def test_every_other_command_is_run_elsewhere() -> None:
    for command in COMMANDS:
        path, words = ELSEWHERE.get(command, (".ci/run", f"\n{command}\n"))
        assert command in CALLS or words in (ROOT / path).read_text(), f"nothing runs {command!r}"
