"""`make deploy-local`: what it prints works, and Ctrl+C leaves nothing behind."""

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

from tests.deploy import cloud
from tests.deploy.cloud import ROOT
from tests.deploy.stage import wait_for

COMMAND = (str(ROOT / ".venv/bin/python"), "-m", "tests.deploy", "--stage", "dev")


def test_the_printed_request_is_answered_and_ctrl_c_removes_everything() -> None:
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
        request = re.search("^  (curl .*)$", printed, re.MULTILINE)
        assert request, printed
        answer = subprocess.run(["bash", "-c", request[1]], cwd=ROOT, capture_output=True, check=True).stdout
        process.send_signal(signal.SIGINT)
        end = process.stdout.read()
    assert json.loads(answer)["y"] == [7]
    assert re.search("PostalDigits-dev.*-model, PostalDigits-dev.*-service", printed)
    assert process.returncode == 0, end
    assert cloud.containers(port) == []
    cloud.free_port(port)


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


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in path.read_text().split()] if path.exists() else []


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
