"""`make deploy-local`: what it prints works, and Ctrl+C leaves nothing behind."""

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from tests.deploy import cloud
from tests.deploy.cloud import REGION, ROOT
from tests.deploy.stage import wait_for

COMMAND = (str(ROOT / ".venv/bin/python"), "-m", "tests.deploy", "--stage", "dev")
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class Running:
    """`make deploy-local`, when it has printed all."""

    process: subprocess.Popen[str]
    port: int
    printed: str

    def line(self, begin: str) -> str:
        """The printed line to paste that begins so."""
        found = re.search(f"^  ({begin} .*)$", self.printed, re.MULTILINE)
        assert found, self.printed
        return found[1]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    port = cloud.free_port(0)
    with subprocess.Popen(
        [*COMMAND, "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        printed = ""
        for line in process.stdout:
            printed += line
            if line.startswith("Ctrl+C"):
                break
        yield Running(process, port, printed)
        process.terminate()


def test_the_printed_request_is_answered(running: Running) -> None:
    assert json.loads(_in_another_terminal(running.line("curl")))["y"] == [7]
    assert re.search("PostalDigits-dev.*-model, PostalDigits-dev.*-service", running.printed)


def test_the_printed_variables_lead_tools_of_aws_to_the_emulator(running: Running) -> None:
    call = "import boto3; print(len(boto3.client('apigateway').get_api_keys()['items']))"
    assert int(_in_another_terminal(f'{running.line("export")}; {COMMAND[0]} -c "{call}"')) > 0


def test_with_the_printed_variables_make_deploy_ships_an_image(running: Running) -> None:
    ecr = boto3.client("ecr", REGION, endpoint_url=f"http://127.0.0.1:{running.port}", **KEYS)
    (repository,) = (each["repositoryName"] for each in ecr.describe_repositories()["repositories"])
    images = ecr.list_images(repositoryName=repository)["imageIds"]
    ecr.batch_delete_image(repositoryName=repository, imageIds=images)
    options = "STAGE=dev ALARM_EMAIL=ops@example.com DEPLOY='--require-approval never'"
    _in_another_terminal(f"{running.line('export')}; make deploy {options}")
    assert ecr.list_images(repositoryName=repository)["imageIds"] == images


def test_ctrl_c_removes_everything(running: Running) -> None:
    running.process.send_signal(signal.SIGINT)
    assert running.process.stdout
    end = running.process.stdout.read()
    assert running.process.wait() == 0, end
    assert cloud.containers(running.port) == []
    cloud.free_port(running.port)


def test_a_taken_port_is_refused_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = subprocess.run([*COMMAND, "--port", str(port)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"make deploy-local: port {port} is taken; choose another one"


def test_an_emulator_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    holder = f"""
import pathlib, time
from tests.deploy import cloud
with cloud.running() as aws:
    pathlib.Path({str(tmp_path / "port")!r}).write_text(str(aws.port))
    time.sleep(60)
"""
    process = subprocess.Popen([COMMAND[0], "-c", holder], cwd=ROOT)
    (port,) = wait_for("port", lambda: _numbers(tmp_path / "port"), 60)
    assert _listens(port)
    process.kill()
    process.wait()
    wait_for("end of the emulator", lambda: not _listens(port), 30)


def _in_another_terminal(line: str) -> str:
    """What a pasted line prints, where no variable of AWS's tools or of this test is set."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith((*cloud.FOREIGN, "BASE_IMAGE"))
    }
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in path.read_text().split()] if path.exists() else []


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
