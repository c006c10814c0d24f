"""Kinds of post in, what the real service said of each request out: metrics, as CloudWatch takes them, and logs."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.simulate.cloudwatch.store import Name, Store

# What API Gateway and Lambda add to the function's own time, in milliseconds; about what AWS's own figures say.
GATEWAY_MS, LAMBDA_MS = 15.0, 1.0
GATEWAY, FUNCTION = {"ApiName": "", "Stage": ""}, {"FunctionName": ""}
ALIAS = FUNCTION | {"Resource": ""}
CRASHED = "crashed"
# What the metric filters of prod make of its log.
FILTERED = "PostalDigits/prod"


@dataclass(slots=True)
class Request:
    """What was said of one request.

    Attributes:
        metrics: of the embedded metric format, by namespace, name and dimensions.
        units: of these metrics.
        lines: log lines that are none.
    """

    metrics: dict[Name, float] = field(default_factory=dict)
    units: dict[Name, str] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def take(self, line: dict[str, Any]) -> None:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for dimensions in directive["Dimensions"]:
                for metric in directive["Metrics"]:
                    where = {dimension: line[dimension] for dimension in dimensions}
                    name = Name.of(directive["Namespace"], metric["Name"], where)
                    (self.metrics[name],) = np.atleast_1d(line[metric["Name"]]).tolist()
                    self.units[name] = metric["Unit"]
        if "_aws" not in line:
            self.lines.append(line)

    @property
    def status(self) -> int:
        """Of the answer; 502 where the function wrote nothing of it, as API Gateway says then."""
        return next((line["status"] for line in self.lines if "status" in line), 502)

    @property
    def failed(self) -> bool:
        """Whether it is of those that the stack's filter counts."""
        return any(line.get("message") == "failed" for line in self.lines)

    @property
    def total_ms(self) -> float:
        return next((value for name, value in self.metrics.items() if name.name == "TotalTime"), 100.0)


Recording = Mapping[str, Sequence[Request]]


def record(kinds: Sequence[str], *, service: str, repository: Path | None = None) -> Recording:
    """The requests of each kind, and of what the service does by itself: see recorder.py."""
    environment = os.environ | {"SERVICE_NAME": service}
    if repository:
        environment["MODEL_REPOSITORY"] = str(repository)
    command = [sys.executable, "-m", "scripts.simulate.cloudwatch.recorder", *kinds]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    recording: dict[str, list[Request]] = defaultdict(list)
    for line in map(json.loads, done.stdout.splitlines()):
        if "kind" in line:
            recording[line["kind"]].append(request := Request())
        else:
            request.take(line)
    # Of one that crashed the function says nothing.
    recording[CRASHED] = [Request()]
    return recording


def add(store: Store, requests: Sequence[Request], counts: NDArray[np.float64]) -> None:
    """Puts into the store what is said of requests that occur `counts` (minutes×requests) times."""
    names = {name for request in requests for name in request.metrics}
    for name in names:
        which = [place for place, request in enumerate(requests) if name in request.metrics]
        mine = counts if len(which) == len(requests) else counts[:, which]
        store.add(name, np.array([requests[place].metrics[name] for place in which]), mine)
    for name, value in _of_aws(requests):
        store.add(name, value, counts)
    if any(request.failed for request in requests):
        failed = np.array([float(request.failed) for request in requests])
        store.add(Name.of(FILTERED, "FailedCalls", {"function_version": ""}), failed, counts)


def _of_aws(requests: Sequence[Request]) -> Iterator[tuple[Name, NDArray[np.float64]]]:
    """What API Gateway and Lambda themselves count of each request, derived from its status and its time."""
    status = np.array([request.status for request in requests])
    time = np.array([request.total_ms for request in requests])
    one = np.ones(len(requests))
    crashed = (status == 502).astype(float)
    for name, values in {
        "Count": one,
        "5XXError": (status >= 500).astype(float),
        "4XXError": ((status >= 400) & (status < 500)).astype(float),
        "Latency": time + LAMBDA_MS + GATEWAY_MS,
    }.items():
        yield Name.of("AWS/ApiGateway", name, GATEWAY), values
    for dimensions in (ALIAS, ALIAS | {"ExecutedVersion": ""}):
        for name, values in {
            "Invocations": one,
            "Errors": crashed,
            "Throttles": 0 * one,
            "Duration": time + LAMBDA_MS,
            "ProvisionedConcurrencySpilloverInvocations": 0 * one,
        }.items():
            yield Name.of("AWS/Lambda", name, dimensions), values
