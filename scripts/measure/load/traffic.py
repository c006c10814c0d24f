"""Makes the requests of a load from MNIST's test images, each with the answer that it must get."""

import base64
import io
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lambda_fn.inference.model import Model
from lambda_fn.pipeline import predict
from lambda_fn.settings import MODEL_REPOSITORY, Settings
from lambda_fn.tasks import TASKS
from model.digits.data import mnist

Images = NDArray[np.uint8]
# 70 % of the requests have one image, 25 % 16, 5 % 100.
MIX = (1,) * 14 + (16,) * 5 + (100,)
# Requests of each size. All images differ, so that the answer to another request is noticed.
DIFFERENT = {1: 240, 16: 30, 100: 9}
BATCH = "/predict/batch"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LARGEST = 100_000  # bytes of a hostile request


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its only right answer: these digits, or a status other than 200.

    Attributes:
        name: in locust's report.
        digits: the model's answers to the images, computed in this process; empty for a bad request.
    """

    name: str
    body: bytes | None
    status: int = 200
    digits: tuple[int, ...] = ()
    method: str = "POST"
    path: str = BATCH
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})

    def fault(self, status: int, content: bytes | None) -> str:
        """What is wrong with an answer; "" if it is right."""
        if status != self.status:
            return f"status {status} in place of {self.status}"
        if not self.digits:
            return ""
        try:
            said = tuple(json.loads(content or b"")["y"])
        except (ValueError, KeyError, TypeError):
            return "not an answer"
        return "" if said == self.digits else "wrong digits"


def good(version: str | None = None) -> Iterator[Request]:
    """Endless requests in a fixed order, a third each as whole numbers, as fractions and as PNG.

    `version`: the model version that the server answers with.
    """
    images, _ = mnist.load("test")
    model = Model.load(MODEL_REPOSITORY / "digits" / (version or Settings().models["digits"]))
    made: dict[int, Iterator[Request]] = {}
    first = 0
    for size, count in DIFFERENT.items():
        batches = np.split(images[first : first + size * count], count)
        made[size] = cycle([_request(model, batch, number) for number, batch in enumerate(batches)])
        first += size * count
    order = random.Random(0)  # noqa: S311
    while True:
        for size in order.sample(MIX, len(MIX)):
            yield next(made[size])


def hostile() -> Iterator[Request]:
    """Endless bad requests: those of tests/bad_inputs that are refused, up to 100 kB and not compressed.

    The few others keep a processor busy for up to seconds. On Lambda each has its own processor; here they would
    measure how few processors there are. tests/lambda_fn/test_bad_inputs.py limits their time and memory.
    """
    from tests.bad_inputs import CASES

    cases = [case for case in CASES if case.status >= 400 and case.over_http and _sendable(case)]
    requests = [Request("hostile", case.body, case.status, (), case.method, case.path, case.headers) for case in cases]
    light = [request for request in requests if len(request.body or b"") <= LARGEST]
    random.Random(0).shuffle(light)  # noqa: S311
    return cycle(light)


def _sendable(case: Any) -> bool:
    """Whether locust's client sends it unchanged, and it is not compressed."""
    texts = (case.path, *case.headers.values())
    plain = all(text.isascii() and "//" not in text and ".." not in text for text in texts)
    return case.method in METHODS and plain and "content-encoding" not in case.headers


def _request(model: Model, batch: Images, number: int) -> Request:
    forms = (_whole_numbers, _fractions, _files)
    digits = predict(TASKS[model.contract.task], model, batch).answers.members["y"]
    body = json.dumps(forms[number % len(forms)](batch)).encode()
    return Request(f"{len(batch)} images" if len(batch) > 1 else "1 image", body, digits=tuple(digits))


def _whole_numbers(batch: Images) -> dict[str, object]:
    return {"x": batch.tolist()}


def _fractions(batch: Images) -> dict[str, object]:
    return {"x": (batch / 255).round(4).tolist()}


def _files(batch: Images) -> dict[str, object]:
    files = []
    for image in batch:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        files.append(base64.b64encode(file.getvalue()).decode())
    return {"images": files}
