"""Sends a golden request through the public API once a minute, and measures whether, how fast and how well it answers.

A function of its own, from the same container image with another CMD. It calls as clients do, by HTTPS and with a key,
so it sees what the service's own metrics can't: a gateway that lets nothing through, and wrong answers when nobody else
calls.

While a deployment gives a new version a part of the traffic, it also sends the request to that version. Of its own
requests through the public API, one in ten would reach it, so a deployment of five minutes would mostly end first.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from http import HTTPStatus
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from aws_lambda_powertools.logging import Logger

from lambda_fn import version_check
from lambda_fn.deadline import Deadline
from lambda_fn.inference import golden, store
from lambda_fn.inference.golden import GoldenRequest
from lambda_fn.observers import metrics
from lambda_fn.settings import Settings, required

if TYPE_CHECKING:
    from botocore.config import Config
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_lambda import LambdaClient

# Later answers count as failed; the objective at p99 is two seconds.
SECONDS = 10.0
# To connect to AWS, and to wait for the key or the alias; both are tried twice.
CONNECT_SECONDS, READ_SECONDS = 2, 3
# Ten answers take less than 1,000 bytes.
MOST_BYTES = 64 * 1024


class ProbeFailed(Exception):
    """There was no well-formed answer in time. The message says why, without the key or what was answered."""


@dataclass(frozen=True, slots=True)
class Target:
    """A golden request, the stage's URL (with a slash at its end), and a key."""

    request: GoldenRequest
    url: str
    key: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One measurement.

    Attributes:
        failure: why there was no well-formed answer in time; "" if there was one.
        wrong: inputs whose answer is not the golden one.
        milliseconds: from the start of the request to the end of the answer, connecting included.
        version: of the function, if it was invoked past the public API; "" otherwise.
    """

    failure: str = ""
    wrong: int = 0
    milliseconds: float = 0.0
    version: str = ""


def handler(_event: object, _context: object) -> None:
    """Lambda's entry: runs the probes. Failures are measured, not raised."""
    settings = Settings.from_environment()
    result = probe(lambda: _target(settings))
    if result.failure:
        _api_key.cache_clear()  # the key may be the reason
    write_results([result, *probe_new_versions(settings)], settings)


def probe(find_target: Callable[[], Target], seconds: float = SECONDS) -> ProbeResult:
    """Sends one request. A target that can't be found is a failure too.

    `seconds` bound the connection, each wait for headers, and the body as a whole.
    """
    try:
        target = find_target()
        began = time.monotonic()
        wrong = _ask(target, Deadline(seconds))
        milliseconds = (time.monotonic() - began) * 1e3
    except ProbeFailed as error:
        return ProbeResult(failure=str(error))
    except Exception as error:  # its message might hold the key
        return ProbeResult(failure=type(error).__name__)
    return ProbeResult(wrong=wrong, milliseconds=milliseconds)


def probe_new_versions(settings: Settings) -> list[ProbeResult]:
    """Sends the request to each version to which the alias gives a part of the traffic; to none if nothing is split."""
    import boto3

    try:
        function, alias = required("FUNCTION_NAME"), required("ALIAS_NAME")
        with closing(boto3.client("lambda", config=_config(READ_SECONDS))) as client:
            versions = read_weighted_versions(client, function, alias)
    except ProbeFailed as error:
        return [ProbeResult(failure=str(error))]
    except Exception as error:
        return [ProbeResult(failure=type(error).__name__)]
    return [_probe_version(function, version, settings) for version in versions]


def read_weighted_versions(client: "LambdaClient", function: str, alias: str) -> list[str]:
    """The versions beside the alias's own, which get a part of its traffic. Raises ProbeFailed if it can't be read."""
    with _reading("the alias"):
        found = client.get_alias(FunctionName=function, Name=alias)
    return sorted(found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))


def read_key(client: "APIGatewayClient", key_id: str) -> str:
    """The key's value. Raises ProbeFailed if it can't be read."""
    with _reading("the API key"):
        return client.get_api_key(apiKey=key_id, includeValue=True)["value"]


@contextmanager
def _reading(what: str) -> Iterator[None]:
    """Turns AWS's errors into ProbeFailed, without their messages."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response["Error"].get("Code", "unknown")
        raise ProbeFailed(f"{what} can't be read: {code}") from error
    except BotoCoreError as error:
        raise ProbeFailed(f"{what} can't be read: {type(error).__name__}") from error


def _target(settings: Settings) -> Target:
    return Target(_first_golden_request(settings), required("API_URL"), _api_key(required("API_KEY_ID")))


def _probe_version(function: str, version: str, settings: Settings) -> ProbeResult:
    import boto3

    try:
        request = _first_golden_request(settings)
        with closing(boto3.client("lambda", config=_config(SECONDS, attempts=1))) as client:
            invoke = version_check.invoker(client, f"{function}:{version}")
            began = time.monotonic()
            wrong = len(version_check.mismatches(invoke, request))
            milliseconds = (time.monotonic() - began) * 1e3
    except version_check.Wrong as error:
        return ProbeResult(failure=str(error)[: version_check.LONGEST], version=version)
    except Exception as error:
        return ProbeResult(failure=type(error).__name__, version=version)
    return ProbeResult(wrong=wrong, milliseconds=milliseconds, version=version)


def _ask(target: Target, deadline: Deadline) -> int:
    """The number of wrong answers."""
    status, content = _post(target, json.dumps(target.request.body).encode(), deadline)
    try:
        body = json.loads(content)
    except ValueError:
        raise ProbeFailed(f"status {status}, and no JSON") from None
    members: dict[str, Any] = body if isinstance(body, dict) else {}
    if status != HTTPStatus.OK:
        code = str(members.get("code"))
        raise ProbeFailed(f"status {status}, code {code if re.fullmatch('[a-z_]{1,40}', code) else 'unknown'}")
    try:
        return len(target.request.mismatches(members))
    except ValueError:
        raise ProbeFailed(f"status {status}, and not an answer for each input") from None


def _post(target: Target, body: bytes, deadline: Deadline) -> tuple[int, bytes]:
    """Status and body of the answer. http.client follows no redirect, which would carry the key elsewhere."""
    address = urlsplit(target.url)
    connect = HTTPConnection if address.scheme == "http" else HTTPSConnection
    path = address.path + target.request.path.lstrip("/")
    if target.request.query:
        path += f"?{urlencode(target.request.query)}"
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "postal-digits-heartbeat",  # the firewall refuses requests without one
        "x-api-key": target.key,
    }
    with closing(connect(address.netloc, timeout=deadline.timeout())) as connection:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        content = b""
        while chunk := response.read1(MOST_BYTES):
            content += chunk
            if len(content) > MOST_BYTES:
                raise ProbeFailed(f"status {response.status}, and more than {MOST_BYTES} bytes")
            deadline.timeout()
        return response.status, content


def _first_golden_request(settings: Settings) -> GoldenRequest:
    name, version = next(iter(settings.models.items()))
    return _golden_request(settings.model_repository, settings.model_uri, name, version)


@cache
def _golden_request(repository: Path, uri: str, name: str, version: str) -> GoldenRequest:
    """The first golden request of a model version; the files are verified once."""
    folder = store.find_folder(uri, repository, {name: version})
    return golden.read_requests(folder / name / version)[0]


@lru_cache(maxsize=1)
def _api_key(key_id: str) -> str:
    """Read once in an execution environment and after a failure: the probe measures the service, not this call."""
    import boto3

    with closing(boto3.client("apigateway", config=_config(READ_SECONDS))) as client:
        return read_key(client, key_id)


def _config(read_seconds: float, attempts: int = 2) -> "Config":
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )


def write_results(results: Sequence[ProbeResult], settings: Settings) -> None:
    """Writes a log line for each result, and a line of metrics for all. Without an answer, nothing is right or wrong.

    The first result is the public API's. It alone counts as the time that a client waits.
    """
    logger = Logger(service=settings.service_name, location=None)
    # Not by Powertools, which prefers the AWS_LAMBDA_LOG_LEVEL that Lambda sets (observers/telemetry.py).
    logging.getLogger(settings.service_name).setLevel(settings.log_level)
    for result in results:
        _log(logger, result)
    counted = {
        metrics.HEARTBEAT_RUNS: metrics.metric(metrics.COUNT, 1),
        metrics.HEARTBEAT_FAILED: metrics.metric(metrics.COUNT, any(result.failure for result in results)),
    }
    if answered := [result for result in results if not result.failure]:
        counted[metrics.HEARTBEAT_WRONG] = metrics.metric(metrics.COUNT, sum(result.wrong for result in answered))
    if not results[0].failure:
        counted[metrics.HEARTBEAT_TIME] = metrics.metric(metrics.MILLISECONDS, results[0].milliseconds)
    metrics.write(counted, {"service": settings.service_name}, sys.stdout)


def _log(logger: Logger, result: ProbeResult) -> None:
    fields: dict[str, object] = {"version": result.version} if result.version else {}
    if result.failure:
        logger.error("failed", extra=fields | {"reason": result.failure})
    else:
        log = logger.error if result.wrong else logger.info
        log("answered", extra=fields | {"wrong": result.wrong, "total_ms": round(result.milliseconds, 3)})
