"""Shared by all tests: MNIST, events as API Gateway sends them, the real handler, and a server around it."""

import base64
import copy
import hashlib
import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import onnx
import onnx.numpy_helper
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

from lambda_fn.inference.contract import Contract
from lambda_fn.settings import Settings
from model.digits.data import mnist as mnist_files
from tests.server import running

EVENTS = Path(__file__).parent / "events"
# The default version of the digits, its folder and its contract; and all versions.
VERSION = Settings().models["digits"]
DIGITS = Settings().model_repository / "digits" / VERSION
CONTRACT = Contract.read(DIGITS / "contract.json")
VERSIONS = sorted(path.parent.name for path in DIGITS.parent.glob("*/contract.json"))
# What a model version needs in order to run.
FILES = ("model.onnx", "contract.json", "golden.npz", "golden_requests.json")

Event = dict[str, Any]
Answer = tuple[int, dict[str, Any]]

# The same few examples each time, so that a change does not fail by chance; `make fuzz` tries more, new ones each time.
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("short", derandomize=True, max_examples=60, deadline=None, suppress_health_check=SLOW)
settings.register_profile("long", max_examples=1000, deadline=None, suppress_health_check=SLOW, print_blob=True)
settings.load_profile("short")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--image", default="postal-digits:latest", help="the container image under test")
    parser.addoption("--screenshots", action="store_true", help="take the README's screenshots of the pages again")


@pytest.fixture(scope="session")
def mnist() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The 10,000 test images and their digits."""
    return mnist_files.load("test")


@pytest.fixture(scope="session")
def event() -> Callable[..., Event]:
    """Makes events: any body (bytes, or a value to be sent as JSON), wrapped as API Gateway wraps it."""
    template = json.loads((EVENTS / "predict_batch.json").read_bytes())

    def make(body: object = None, *, method: str = "POST", path: str = "/predict/batch", **members: object) -> Event:
        event = copy.deepcopy(template) | {"httpMethod": method, "path": path, "body": None, "isBase64Encoded": False}
        event["requestContext"] |= {"httpMethod": method, "path": f"/v1{path}"}
        if body is not None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            event |= {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
        return event | members

    return make


@pytest.fixture(scope="session")
def call(event: Callable[..., Event]) -> Callable[..., Answer]:
    """Calls the handler with a body, as API Gateway would: status and body of the response."""
    from lambda_fn.handler import handler

    def answer(body: object = None, **members: Any) -> Answer:
        response = handler(event(body, **members), None)  # type: ignore[arg-type]
        return response["statusCode"], json.loads(response["body"])

    return answer


@pytest.fixture(scope="session")
def server() -> Iterator[httpx.Client]:
    """One server for all tests that don't need one of their own."""
    with running() as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the default version, alone in a repository: tmp_path/digits/<version>."""
    folder = tmp_path / "digits" / VERSION
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copy(DIGITS / name, folder)
    return folder


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change_contract(folder: Path, **members: object) -> None:
    """Gives the contract other members."""
    contract = json.loads((folder / "contract.json").read_bytes()) | members
    (folder / "contract.json").write_text(json.dumps(contract))


@pytest.fixture(scope="session")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model repository whose model takes 3 for 8 and 8 for 3. Its contract and golden tensors agree with it."""
    folder = tmp_path_factory.mktemp("model") / "digits" / VERSION
    shutil.copytree(DIGITS, folder)
    order = [0, 1, 2, 8, 4, 5, 6, 7, 3, 9]
    model = onnx.load(DIGITS / "model.onnx")
    for weights in model.graph.initializer:
        if weights.dims[-1] == len(order):  # of the last layer
            array = onnx.numpy_helper.to_array(weights)[..., order]
            weights.CopyFrom(onnx.numpy_helper.from_array(array, weights.name))
    onnx.save(model, folder / "model.onnx")
    with np.load(DIGITS / "golden.npz") as golden:
        np.savez(folder / "golden.npz", images=golden["images"], probabilities=golden["probabilities"][:, order])
    change_contract(folder, sha256=digest(folder / "model.onnx"), golden_sha256=digest(folder / "golden.npz"))
    return folder.parents[1]


@pytest.fixture
def handler_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Loads the function's handler again, with other settings, beside the one that all tests share."""

    def load(**environment: str) -> Any:
        spec = importlib.util.find_spec("lambda_fn.handler")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            spec.loader.exec_module(module)
        return module.handler

    return load
