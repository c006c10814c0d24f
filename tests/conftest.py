"""What all tests share: MNIST, and events as API Gateway sends them."""

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts import fetch_mnist

EVENTS = Path(__file__).parent / "events"
Event = dict[str, Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--image", default="postal-digits:latest", help="the container image under test")
    parser.addoption("--screenshots", action="store_true", help="write the README's pictures of the pages anew")


@pytest.fixture(scope="session")
def mnist() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The 10,000 test images and their digits."""
    return fetch_mnist.load("test")


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
