"""Sends images to the service in concurrent batches over HTTP."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from scripts.client.samples import Sample, payload


@dataclass(frozen=True, slots=True)
class Predictions:
    """The answers to n images, in their order.

    Attributes:
        labels: n, as text.
        confidence: n, 0..1.
        warnings: n lists of codes.
        model: name and version that answered.
        seconds: from the first request to the last answer.
    """

    labels: list[str]
    confidence: NDArray[np.float64]
    warnings: list[list[str]]
    model: dict[str, str]
    seconds: float


class ServiceRefused(Exception):
    """The service answered with an error, or is another service; the message says which."""


def predict(
    samples: Sequence[Sample], url: str, *, api_key: str = "", version: str = "", batch: int = 100, clients: int = 5
) -> Predictions:
    """Sends batches of `batch` images, `clients` at a time.

    Raises:
        ServiceRefused: an answer that is not 200, or of another service.
        httpx.HTTPError, httpx.InvalidURL: the service can't be reached.
    """
    headers = {"x-api-key": api_key} if api_key else {}
    query = {"version": version} if version else {}
    with (
        httpx.Client(base_url=url, headers=headers, params=query, timeout=30) as client,
        ThreadPoolExecutor(clients) as pool,
        tqdm(total=len(samples), unit="image", disable=None) as progress,
    ):

        def send(start: int) -> dict[str, Any]:
            part = samples[start : start + batch]
            response = client.post("predict/batch", json=payload(part))
            answer = read_answer(response, start)
            progress.update(len(part))
            return answer

        began = time.perf_counter()
        answers = list(pool.map(send, range(0, len(samples), batch)))
        seconds = time.perf_counter() - began
    return Predictions(
        labels=[str(label) for answer in answers for label in answer["y"]],
        confidence=np.concatenate([answer["confidence"] for answer in answers]),
        warnings=[codes for answer in answers for codes in answer["warnings"]],
        model=answers[0]["model"],
        seconds=seconds,
    )


def read_answer(response: httpx.Response, start: int) -> dict[str, Any]:
    """The answer to the batch that starts at image `start`.

    Raises:
        ServiceRefused
    """
    where = f"(the batch starts at image {start})"
    try:
        body = response.json()
        if response.status_code != 200:
            raise ServiceRefused(f"{response.status_code}: {body['error']} {where}")
        if body.keys() >= {"y", "confidence", "warnings", "model"}:
            answer: dict[str, Any] = body
            return answer
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    if response.status_code == 413:  # above 10 MB API Gateway answers by itself, in plain text
        raise ServiceRefused(f"413: {response.text[:200]} {where}; send fewer images in a batch")
    raise ServiceRefused(f"{response.url} answers {response.status_code}, but not as this service does")
