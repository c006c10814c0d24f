"""Pictures in, the service's answers out: batches sent at the same time over HTTP."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from scripts.samples import Samples


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the service answered, in the order of the pictures.

    Attributes:
        digits: n digits; confidence: n probabilities in 0..1; warnings: n lists of codes.
        model: name and version that answered.
        seconds: from the first request to the last answer.
    """

    digits: NDArray[np.int64]
    confidence: NDArray[np.float64]
    warnings: list[list[str]]
    model: dict[str, str]
    seconds: float


class ServiceRefused(Exception):
    """The service answered with an error; the message is its own."""


def predict(samples: Samples, url: str, api_key: str = "", batch: int = 100, clients: int = 5) -> Predictions:
    """Sends the pictures in batches of `batch`, `clients` at a time.

    Raises:
        ServiceRefused: an answer that is not 200.
        httpx.HTTPError: the service can't be reached.
    """
    starts = range(0, len(samples.pictures), batch)
    headers = {"x-api-key": api_key} if api_key else {}
    with (
        httpx.Client(base_url=url, headers=headers, timeout=30) as client,
        ThreadPoolExecutor(clients) as pool,
        tqdm(total=len(samples.pictures), unit="image", disable=None) as progress,
    ):

        def send(start: int) -> dict[str, Any]:
            pictures = samples.pictures[start : start + batch]
            response = client.post("predict/batch", json={"x": [picture.tolist() for picture in pictures]})
            if response.status_code != 200:
                raise ServiceRefused(_reason(response, start))
            progress.update(len(pictures))
            answer: dict[str, Any] = response.json()
            return answer

        began = time.perf_counter()
        answers = list(pool.map(send, starts))
        seconds = time.perf_counter() - began
    return Predictions(
        digits=np.concatenate([answer["y"] for answer in answers]),
        confidence=np.concatenate([answer["confidence"] for answer in answers]),
        warnings=[codes for answer in answers for codes in answer["warnings"]],
        model=answers[0]["model"],
        seconds=seconds,
    )


def _reason(response: httpx.Response, start: int) -> str:
    try:
        reason = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        reason = response.reason_phrase
    return f"{response.status_code}: {reason} (the batch starts at picture {start})"
