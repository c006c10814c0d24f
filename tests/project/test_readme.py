"""The README and docs/ are right: their commands run, their links lead somewhere, their tables match the code.

A command runs here, in .ci/run, or in the tests of the container.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from infra_cdk import context, stage_file
from lambda_fn import limits
from lambda_fn.settings import Settings
from tests.server import ROOT

ADDRESS = "http://127.0.0.1:8080"
README = ROOT / "README.md"
# The pages that `make bench` and `make reliability` write are tested with their commands; the runbook, with the alarms.
PAGES = [README, *(ROOT / "docs" / f"{name}.md" for name in ("api", "operations", "model", "decisions"))]
LINKING = [*PAGES, ROOT / "SECURITY.md", ROOT / "CHANGELOG.md", ROOT / "docs" / "runbook.md"]
TEXT = "\n".join(page.read_text() for page in PAGES)


def lines(language: str) -> list[str]:
    return [line for block in re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]


COMMANDS = lines("sh")
STARTS = ("curl ", "make predict ", "make synth ", "make smoke ", "make cost ")
CALLS = [command for command in COMMANDS if command.startswith(STARTS)]
# These need an AWS account, or an hour; the tests only check that they exist.
CONSOLE = lines("console")
GENERATORS = [line for line in CONSOLE if line.startswith("npx ")]
NOT_RUN = [line for line in CONSOLE if line not in GENERATORS]
PROGRAMS = re.findall(r"```(python|js)\n(.*?)```", TEXT, re.DOTALL)
# Where another command runs: a file, and how it appears there.
ELSEWHERE = {
    "make serve": ("tests/scripts/local/test_serve.py", '"make", "serve"'),
    "make image": ("Makefile", "test-container: .venv/test-container.ready image"),
    ".venv/bin/sam local invoke --event tests/events/predict_batch.json": ("tests/container/test_sam.py", '"invoke"'),
    "make deploy-local": ("tests/deploy/test_deploy_local.py", "`make deploy-local`"),
    ".venv/bin/sam local start-api": ("tests/container/test_sam.py", '"start-api"'),
}


@pytest.mark.parametrize("command", CALLS)
def test_a_command_works_as_pasted(command: str, server: httpx.Client, tmp_path: Path) -> None:
    here = command.replace(ADDRESS, str(server.base_url).rstrip("/")).replace("build/", f"{tmp_path}/")
    if "make predict" in here:
        here += f" URL={server.base_url}"
    done = subprocess.run(here, shell=True, cwd=ROOT, env=os.environ, capture_output=True, text=True)  # noqa: S602
    assert done.returncode == 0, done.stderr
    if command.startswith("curl"):
        assert json.loads(done.stdout)["y"] == [7]


def test_the_answer_shown_is_the_answer(server: httpx.Client) -> None:
    shown = json.loads(re.findall(r"```json\n(.*?)```", README.read_text(), re.DOTALL)[0])
    body = (ROOT / "tests" / "events" / "seven.json").read_text()
    answer = server.post("/predict/batch", content=body).json()
    assert answer.pop("confidence") == pytest.approx(shown.pop("confidence"), abs=1e-5)
    assert answer == shown


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


def test_there_is_a_program_for_each_kind_of_client() -> None:
    text = "".join(program for _, program in PROGRAMS)
    assert all(word in text for word in ("requests.post(", "tritonclient", "await fetch("))


@pytest.mark.parametrize("command", GENERATORS)
def test_a_client_is_generated_from_what_is_served(command: str, server: httpx.Client) -> None:
    """The generator itself is Java. test_openapi.py shows that the description is valid."""
    address = re.search(r" -i (\S+) ", command)
    assert address
    assert server.get(address[1].removeprefix(ADDRESS)).json()["openapi"].startswith("3.1")


@pytest.mark.parametrize("command", NOT_RUN)
def test_a_command_that_is_not_run_exists(command: str) -> None:
    if target := re.match(r"make ([a-z-]+)", command):
        assert re.search(rf"^{target[1]}: .* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    else:
        module = re.match(r"\.venv/bin/python -m (\S+) ", command)
        assert module
        assert (ROOT / f"{module[1].replace('.', '/')}.py").exists()


def test_the_runbooks_commands_exist() -> None:
    named = set(re.findall(r"^make ([a-z-]+)", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE))
    assert "rollback" in named
    assert named <= set(re.findall(r"^([a-z-]+): .* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("values", re.findall(r'CONTEXT="([^"]+)"', TEXT))
def test_a_deployments_values_are_taken(values: str) -> None:
    given = dict(value.split("=") for value in values.replace("-c ", "").split())
    for stage in stage_file.names():
        context.read({"stage": stage, "alarm_email": "ops@example.com"} | given)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs_somewhere(command: str) -> None:
    path, words = ELSEWHERE.get(command, (".ci/run", f"\n{command}\n"))
    assert command in CALLS or words in (ROOT / path).read_text(), f"nothing runs {command!r}"


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.name)
def test_paths_that_a_page_names_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:lambda_fn|infra_cdk|model/digits|scripts|tests|docs|\.github)/[\w./-]*)`", page.read_text()
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_steps_of_a_request_are_where_the_readme_says() -> None:
    table = README.read_text().split("| step | where |")[1].split("\n\n")[0]
    for path in re.findall(r"`([\w/.]+)`", "".join(re.findall(r"^\| \w+ \| (.+?) \|", table, re.MULTILINE))):
        assert (ROOT / "lambda_fn" / path).exists(), path


class EmptyEnvironment(Mapping[str, str]):
    """Remembers which variables were asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_every_setting_is_documented() -> None:
    environment = EmptyEnvironment()
    Settings.from_environment(environment)
    table = README.read_text().split("## Settings")[1]
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))
    assert documented == environment.asked - {"AWS_LAMBDA_FUNCTION_VERSION"}  # set by Lambda


def test_every_warning_is_documented_as_in_the_contract() -> None:
    (version,) = Settings().models.values()
    contract = json.loads((ROOT / "model" / "digits" / version / "contract.json").read_text())
    rows = "\n".join(f"| `{code}` | {warning['meaning']} |" for code, warning in contract["warnings"].items())
    assert rows in TEXT


def test_the_limits_shown_are_the_codes() -> None:
    shown = TEXT.split("| limit | at most |")[1].split("\n\n")[0]
    bounds = (limits.VALUES, limits.INPUTS, limits.PIXELS, limits.PIXEL_BYTES, limits.SEARCHES, limits.NESTING)
    for limit in bounds:
        assert f"{limit:,}" in shown
    assert f"{limits.LINK_CHARACTERS:,} |" in shown
    assert f"{limits.BODY_BYTES >> 20} MB |" in shown
    assert f"{limits.UNZIPPED_BYTES >> 20} MB;" in shown
