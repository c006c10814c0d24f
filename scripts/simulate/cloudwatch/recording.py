"""Records what the real service reports for each kind of mail, and adds it to a store of metrics."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.simulate.cloudwatch.store import Name, Store

# Milliseconds that API Gateway and Lambda add to the function's own time; about what AWS reports.
GATEWAY_MS, LAMBDA_MS = 15.0, 1.0
GATEWAY, FUNCTION = {"ApiName": "", "Stage": ""}, {"FunctionName": ""}
ALIAS = FUNCTION | {"Resource": ":live"}
CRASHED, THROTTLED, SPILLED = "crashed", "throttled", "spilled"
PLATFORM = "PostalDigits/prod"  # the namespace of prod's metric filters


@dataclass(slots=True)
class Request:
    """What the service reported for one request.

    Attributes:
        metrics: of the embedded metric format, by namespace, name and dimensions.
        units: of these metrics.
        lines: the other log lines.
        throttled: Lambda refused the call, so the function never ran.
        spilled: no warm environment was free.
    """

    metrics: dict[Name, float] = field(default_factory=dict)
    units: dict[Name, str] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    throttled: bool = False
    spilled: bool = False

    def add_line(self, line: dict[str, Any]) -> None:
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
        """Status of the answer; API Gateway's 502 if the function reported none."""
        return next((line["status"] for line in self.lines if "status" in line), 502)

    @property
    def failed(self) -> bool:
        """Whether the stack's filter of failed calls counts it."""
        return any(line.get("message") == "failed" for line in self.lines)

    @property
    def total_ms(self) -> float:
        return next((value for name, value in self.metrics.items() if name.name == "TotalTime"), 100.0)


Recording = Mapping[str, Sequence[Request]]


def record(kinds: Sequence[str], *, service: str, repository: Path | None = None) -> Recording:
    """The requests of each kind of mail, and of those that recorder.py and Lambda add."""
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
            request.add_line(line)
    recording[CRASHED] = [Request()]
    recording[THROTTLED] = [Request(throttled=True)]
    recording[SPILLED] = [replace(request, spilled=True) for request in recording["normal"]]
    return recording


def add(store: Store, requests: Sequence[Request], counts: NDArray[np.float64]) -> None:
    """Adds the metrics of requests that occur `counts` (minutes×requests) times."""
    names = {name for request in requests for name in request.metrics}
    for name in names:
        which = [place for place, request in enumerate(requests) if name in request.metrics]
        mine = counts if len(which) == len(requests) else counts[:, which]
        store.add(name, np.array([requests[place].metrics[name] for place in which]), mine)
    for name, value in _of_aws(requests):
        store.add(name, value, counts)
    if any(request.failed for request in requests):
        failed = np.array([float(request.failed) for request in requests])
        store.add(Name.of(PLATFORM, "FailedCalls", {"function_version": ""}), failed, counts)


def add_platform(store: Store, in_use: NDArray[np.float64]) -> None:
    """Adds what Lambda reports each minute: memory, and the share of the warm environments in use (minutes)."""
    store.add(Name.of(PLATFORM, "MaxMemoryUsed", {}), np.array([300.0]), np.ones((store.minutes, 1)))
    shares, place = np.unique(in_use, return_inverse=True)
    store.add(Name.of("AWS/Lambda", "ProvisionedConcurrencyUtilization", ALIAS), shares, np.eye(len(shares))[place])


def _of_aws(requests: Sequence[Request]) -> Iterator[tuple[Name, NDArray[np.float64]]]:
    """The metrics that API Gateway and Lambda derive from each request's status and time."""
    status = np.array([request.status for request in requests])
    time = np.array([request.total_ms for request in requests])
    throttled = np.array([float(request.throttled) for request in requests])
    for name, values in {
        "Count": np.ones(len(requests)),
        "5XXError": (status >= 500).astype(float),
        "4XXError": ((status >= 400) & (status < 500)).astype(float),
        "Latency": time + LAMBDA_MS + GATEWAY_MS,
    }.items():
        yield Name.of("AWS/ApiGateway", name, GATEWAY), values
    called = {"Throttles": throttled}
    if not throttled.all():  # a throttled call has no other metric
        called |= {
            "Invocations": 1 - throttled,
            "Errors": (status == 502).astype(float),
            "Duration": time + LAMBDA_MS,
            "ProvisionedConcurrencySpilloverInvocations": np.array([float(request.spilled) for request in requests]),
        }
    for dimensions in (ALIAS, ALIAS | {"ExecutedVersion": ""}):
        for name, values in called.items():
            yield Name.of("AWS/Lambda", name, dimensions), values
