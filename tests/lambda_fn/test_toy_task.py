"""A second task goes through the whole service without a line of the core changed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_fn.toy import repository

ROOT = Path(__file__).parents[2]
Found = dict[str, Any]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, list[Found]]:
    """What the process found, and the lines that the handler wrote."""
    root = tmp_path_factory.mktemp("toy")
    folder = repository.build(root / "model")
    environment = os.environ | {"MODELS": "colours=1", "MODEL_REPOSITORY": str(root / "model"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.lambda_fn.toy.process", str(folder), str(root / "found.json")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((root / "found.json").read_text()), [json.loads(line) for line in done.stdout.splitlines()]


def test_its_route_answers_in_its_own_words(served: tuple[Found, list[Found]]) -> None:
    answer = served[0]["predict"]
    assert answer["status"] == 200
    assert answer["body"]["colour"] == ["red", "green", "blue", "red"]
    assert answer["body"]["warnings"] == [[], [], [], ["grey", "low_confidence"]]
    assert answer["body"]["model"] == {"name": "colours", "version": "1"}


def test_its_bad_input_gets_its_own_code(served: tuple[Found, list[Found]]) -> None:
    assert served[0]["bad"]["status"] == 400
    assert served[0]["bad"]["body"]["code"] == "not_pixels"


def test_v2_describes_its_tensors_and_answers(served: tuple[Found, list[Found]]) -> None:
    metadata, infer = served[0]["metadata"]["body"], served[0]["infer"]["body"]
    assert metadata["inputs"][0] | {"parameters": {}} == {
        "name": "pixels",
        "datatype": "FP32",
        "shape": [-1, 3],
        "parameters": {},
    }
    assert [output["name"] for output in metadata["outputs"]] == ["shares", "colour"]
    assert infer["outputs"][1] == {
        "name": "colour",
        "datatype": "BYTES",
        "shape": [4],
        "data": ["red", "green", "blue", "red"],
    }
    assert served[0]["ready"]["status"] == 200


def test_health_and_openapi_name_it_and_not_the_digits(served: tuple[Found, list[Found]]) -> None:
    assert [model["name"] for model in served[0]["health"]["body"]["models"]] == ["colours"]
    assert "/predict/batch" not in served[0]["openapi"]["body"]["paths"]


def test_telemetry_counts_its_classes_inputs_and_warnings(served: tuple[Found, list[Found]]) -> None:
    answered = next(line for line in served[1] if line.get("route") == "/predict/colour" and line["status"] == 200)
    assert (answered["pixels"], answered["model_name"]) == (4, "colours")
    metrics = next(line for line in served[1] if "Pixels" in line)
    counts = {name: metrics[name] for name in ("Red", "Green", "Blue", "Pixels", "WarningGrey", "LowConfidence")}
    assert counts == {
        "Red": [2.0],
        "Green": [1.0],
        "Blue": [1.0],
        "Pixels": [4.0],
        "WarningGrey": [1.0],
        "LowConfidence": [1.0],
    }
    assert not any(line.get("message") in ("failed", "observer failed") for line in served[1])


def test_the_heartbeat_and_the_hook_approve_its_golden_answers(served: tuple[Found, list[Found]]) -> None:
    assert served[0]["heartbeat"] == {"failure": "", "wrong": 0}
    assert served[0]["pre_traffic"] == []
