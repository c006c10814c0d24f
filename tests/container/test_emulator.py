"""The image in the Runtime Interface Emulator gives the same answers as the handler in this process."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.conftest import DIGITS, FILES, VERSION, VERSIONS
from tests.container.conftest import Container

Start = Callable[..., Container]
Event = Callable[..., dict[str, Any]]

# As a hardened host would run it, with the processor that Lambda gives to 1,769 MB.
LOCKED_DOWN = ("--read-only", "--network=none", "--user=4321:4321", "--cpus=1", "--memory=1769m")

# A function without any library, to compare with.
PROBE = "def handler(event, context):\n    return {}\n"
PYTHON_PROCESS = r"""
import json, os, pathlib
for process in pathlib.Path("/proc").glob("[0-9]*"):
    if any(part.endswith(("awslambdaric", "bootstrap.py")) for part in (process / "cmdline").read_text().split("\0")):
        links = [os.readlink(fd) for fd in (process / "fd").iterdir()]
        print(json.dumps({
            "threads": len(list((process / "task").iterdir())),
            "sockets": sum(link.startswith("socket:") for link in links),
            "files": sorted(link for link in links if link.startswith("/") and not link.startswith("/dev/")),
        }))
"""


def bodies(container: Container, event: Event, images: Any) -> list[dict[str, Any]]:
    answers = []
    for start in range(0, len(images), 500):
        query = {"probabilities": "true"}
        response = container.invoke(event({"x": images[start : start + 500].tolist()}, queryStringParameters=query))
        assert response["statusCode"] == 200
        answers.append(json.loads(response["body"]))
    return answers


def in_process(event: Event, images: Any) -> list[dict[str, Any]]:
    from lambda_fn.handler import handler

    batches = [images[start : start + 500].tolist() for start in range(0, len(images), 500)]
    query = {"probabilities": "true"}
    events = [event({"x": batch}, queryStringParameters=query) for batch in batches]
    return [json.loads(handler(e, None)["body"]) for e in events]  # type: ignore[arg-type]


def test_the_same_answers_as_in_process(start: Start, event: Event, mnist: Any) -> None:
    """Digits and warnings are equal, probabilities within 1e-5: numpy and Python have other versions there."""
    images, labels = mnist[0][:2000], mnist[1][:2000]
    here, there = in_process(event, images), bodies(start(*LOCKED_DOWN), event, images)
    for ours, theirs in zip(here, there, strict=True):
        assert theirs["y"] == ours["y"]
        assert theirs["warnings"] == ours["warnings"]
        assert np.allclose(theirs["probabilities"], ours["probabilities"], rtol=0, atol=1e-5)
    assert (np.concatenate([answer["y"] for answer in there]) == labels).mean() > 0.98


def test_locked_down_it_answers_and_writes_nothing(start: Start, event: Event) -> None:
    container = start(*LOCKED_DOWN)
    for body, status in (({"x": [[0] * 28] * 28}, 200), ({"x": [[[9, 9, 9]] * 40] * 40}, 200), ({"z": 1}, 400)):
        assert container.invoke(event(body))["statusCode"] == status
    assert "Traceback" not in container.logs()


def test_no_file_socket_or_thread_is_left_by_telemetry(start: Start, event: Event, tmp_path: Path) -> None:
    """It has as many files, sockets and threads as a function without any library, and no file has changed."""
    (tmp_path / "probe.py").write_text(PROBE)
    bare = start(f"--volume={tmp_path}/probe.py:/var/task/probe.py:ro", command="probe.handler")
    ours = start()
    for container in (bare, ours):
        container.invoke(event({"x": [[0] * 28] * 28}))
    assert ours.run("python", "-c", PYTHON_PROCESS) == bare.run("python", "-c", PYTHON_PROCESS)
    assert ours.changes() == ""


def test_telemetry_that_is_on_would_be_seen(start: Start, event: Event) -> None:
    """With telemetry on, there is one more thread and files are written."""
    off, on = start(), start("--env=ORT_DISABLE_TELEMETRY=0")
    for container in (off, on):
        container.invoke(event({"x": [[0] * 28] * 28}))
    assert on.run("python", "-c", PYTHON_PROCESS) != off.run("python", "-c", PYTHON_PROCESS)
    assert on.changes() != ""


def test_a_truncated_model_refuses_to_start(start: Start, event: Event, tmp_path: Path) -> None:
    broken = shutil.copy(DIGITS / "model.onnx", tmp_path)
    Path(broken).write_bytes(Path(broken).read_bytes()[:-1])
    inside = f"/var/task/model/digits/{VERSION}/model.onnx"
    container = start(f"--volume={broken}:{inside}:ro")
    answer = container.invoke(event({"x": [[0] * 28] * 28}))
    assert answer["errorType"] == "ModelRejected"
    expected = re.escape(inside) + r": its SHA-256 is \w{64}, the contract says \w{64}"
    assert re.fullmatch(expected, answer["errorMessage"])


def test_only_what_runs_is_in_the_image(start: Start) -> None:
    container = start()
    inside = container.run("find", "/var/task/lambda_fn", "/var/task/model", "-type", "f", "-not", "-name", "*.pyc")
    kinds = (".py", ".html", ".css", ".js", ".yaml")
    sources = {f"/var/task/{path}" for path in Path("lambda_fn").rglob("*") if path.suffix in kinds}
    model = {f"/var/task/model/digits/{version}/{name}" for version in VERSIONS for name in FILES}
    assert set(inside.split()) == sources | model
    unwanted = ("onnx", "keras", "tensorflow", "sklearn", "matplotlib", "aws_cdk", "pytest", "boto3")
    found = container.run(
        "python", "-c", f"import importlib.util as u; print([n for n in {unwanted} if u.find_spec(n)])"
    )
    assert set(json.loads(found.replace("'", '"'))) <= {"boto3"}  # AWS's own base image contains boto3
