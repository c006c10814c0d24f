"""Once a minute ten golden images go through the public API; metrics come out: answered or not, how fast, how right.

A function of its own, of the same image with another CMD. It comes in as every client does, by HTTPS and with a key, so
it sees what the service's own metrics can't: a gateway that lets nothing through, and wrong answers when nobody calls.
"""

import json
import re
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from lambda_fn.inference import store
from lambda_fn.inference.golden import Golden
from lambda_fn.observers.telemetry import HEARTBEAT_FAILED, HEARTBEAT_RUNS, HEARTBEAT_TIME, HEARTBEAT_WRONG, NAMESPACE
from lambda_fn.settings import Settings, told

if TYPE_CHECKING:
    from mypy_boto3_apigateway import APIGatewayClient

# An answer that takes longer is none; the objective at p99 is two.
SECONDS = 10.0
# Ten answers take less than one thousand bytes.
MOST_BYTES = 64 * 1024


class Unanswered(Exception):
    """There was no right-formed answer; the message says why, and holds neither the key nor what was answered."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is sent where: ten golden images, to the stage's URL (with a slash at its end), with a key."""

    golden: Golden
    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Beat:
    """One measurement.

    Attributes:
        failure: why there was no right-formed answer in time, "" where there was one.
        wrong: answers that are not the golden ones, 0..10.
        milliseconds: from the beginning of the request to the end of the answer, the connection included.
    """

    failure: str = ""
    wrong: int = 0
    milliseconds: float = 0.0


def handler(_event: object, _context: object) -> None:
    """Lambda's entry: measures once, and raises for nothing that is measured."""
    settings = Settings.from_environment()
    found = beat(lambda: Target(_golden(settings), told("API_URL"), _api_key(told("API_KEY_ID"))))
    if found.failure:
        _api_key.cache_clear()  # it may be what is wrong
    _emit(found, settings)


def beat(find: Callable[[], Target], seconds: float = SECONDS) -> Beat:
    """Asks once, and takes no longer than `seconds` for it; what `find` can't find is a failure too."""
    try:
        target = find()
        began = time.monotonic()
        digits = _ask(target, began + seconds)
        milliseconds = (time.monotonic() - began) * 1e3
    except Unanswered as error:
        return Beat(failure=str(error))
    except Exception as error:  # whatever it is, it is measured; its own words might hold the key
        return Beat(failure=type(error).__name__)
    wrong = sum(digit != expected for digit, expected in zip(digits, target.golden.digits, strict=True))
    return Beat(wrong=wrong, milliseconds=milliseconds)


def read_key(client: "APIGatewayClient", key_id: str) -> str:
    """The key's value.

    Raises:
        Unanswered: it may not or can't be read.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return client.get_api_key(apiKey=key_id, includeValue=True)["value"]
    except ClientError as error:
        raise Unanswered(f"the API key can't be read: {error.response['Error'].get('Code', 'unknown')}") from error
    except BotoCoreError as error:
        raise Unanswered(f"the API key can't be read: {type(error).__name__}") from error


def _ask(target: Target, deadline: float) -> list[int]:
    status, content = _post(target, json.dumps({"x": target.golden.images.tolist()}).encode(), deadline)
    try:
        body = json.loads(content)
    except ValueError:
        raise Unanswered(f"status {status}, and no JSON") from None
    members: dict[str, Any] = body if isinstance(body, dict) else {}
    if status != HTTPStatus.OK:
        code = str(members.get("code"))
        raise Unanswered(f"status {status}, code {code if re.fullmatch('[a-z_]{1,40}', code) else 'unknown'}")
    digits = members.get("y")
    if not isinstance(digits, list) or [type(digit) for digit in digits] != [int] * len(target.golden.images):
        raise Unanswered(f"status {status}, and not a digit for each image")
    return digits


def _post(target: Target, body: bytes, deadline: float) -> tuple[int, bytes]:
    """Status and body of the answer. http.client follows no redirect, which would take the key elsewhere."""
    address = urlsplit(target.url)
    connect = HTTPConnection if address.scheme == "http" else HTTPSConnection
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "postal-digits-heartbeat",  # the firewall takes no request without one
        "x-api-key": target.key,
    }
    with closing(connect(address.netloc, timeout=deadline - time.monotonic())) as connection:
        connection.request("POST", f"{address.path}predict/batch", body, headers)
        response = connection.getresponse()
        content = b""
        while chunk := response.read1(MOST_BYTES):
            content += chunk
            if len(content) > MOST_BYTES:
                raise Unanswered(f"status {response.status}, and more than {MOST_BYTES} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError
        return response.status, content


@lru_cache(maxsize=1)
def _golden(settings: Settings) -> Golden:
    folder = store.versions(settings.model_uri, settings.versions_directory, settings.model_version)
    return Golden.read(folder / settings.model_version).one_of_each()


@lru_cache(maxsize=1)
def _api_key(key_id: str) -> str:
    """Read once for each execution environment, and again after a failure: the service is measured, not this call."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"})
    with closing(boto3.client("apigateway", config=config)) as client:
        return read_key(client, key_id)


def _emit(found: Beat, settings: Settings) -> None:
    """One log line and one blob of metrics; without an answer there is none to be right or fast."""
    logger = Logger(service=settings.service_name, level=settings.log_level, location=None)
    metrics = {HEARTBEAT_RUNS: _metric("Count", 1), HEARTBEAT_FAILED: _metric("Count", bool(found.failure))}
    if found.failure:
        logger.error("failed", extra={"reason": found.failure})
    else:
        metrics[HEARTBEAT_WRONG] = _metric("Count", found.wrong)
        metrics[HEARTBEAT_TIME] = _metric("Milliseconds", found.milliseconds)
        log = logger.error if found.wrong else logger.info
        log("answered", extra={"wrong": found.wrong, "total_ms": round(found.milliseconds, 3)})
    dimensions = {"service": settings.service_name}
    blob = AmazonCloudWatchEMFProvider(namespace=NAMESPACE).serialize_metric_set(metrics, dimensions=dimensions)
    print(json.dumps(blob, separators=(",", ":")), flush=True)


def _metric(unit: str, value: float) -> dict[str, Any]:
    return {"Unit": unit, "Value": [float(value)]}
