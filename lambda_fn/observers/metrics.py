"""The fixed metric names, and how metrics are written: JSON lines in CloudWatch's embedded metric format."""

import json
from typing import Any, TextIO

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

NAMESPACE = "PostalDigits"

# Dimensions: service, model_name, model_version.
REQUESTS = "Requests"
REJECTED_REQUESTS = "RejectedRequests"
FAILED_REQUESTS = "FailedRequests"
DEADLINE_EXCEEDED = "DeadlineExceeded"
DECODE_TIME = "DecodeTime"
INFERENCE_TIME = "InferenceTime"
TOTAL_TIME = "TotalTime"
CONFIDENCE = "Confidence"
LOW_CONFIDENCE = "LowConfidence"
COLD_START = "ColdStart"

# Dimension: service.
OBSERVER_FAILURES = "ObserverFailures"
HEARTBEAT_RUNS = "HeartbeatRuns"
HEARTBEAT_FAILED = "HeartbeatFailed"
HEARTBEAT_WRONG = "HeartbeatWrong"
HEARTBEAT_TIME = "HeartbeatTime"

COUNT, MILLISECONDS, NONE = "Count", "Milliseconds", "None"

to_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_emf = AmazonCloudWatchEMFProvider(namespace=NAMESPACE)


def named(prefix: str, code: str) -> str:
    """The metric of a warning or rejection code: ("Warning", "low_contrast") is WarningLowContrast."""
    return prefix + "".join(word.capitalize() for word in code.split("_"))


def inputs_of(unit: str) -> str:
    """The metric that counts inputs: Images for "image"."""
    return f"{unit.capitalize()}s"


def metric(unit: str, value: float) -> dict[str, Any]:
    """One value of a metric, as `write` takes it."""
    return {"Unit": unit, "Value": [float(value)]}


def write(metrics: dict[str, Any], dimensions: dict[str, str], stream: TextIO) -> None:
    """Writes a line of metrics."""
    line = to_json(_emf.serialize_metric_set(metrics=metrics, dimensions=dimensions))
    print(line, file=stream, flush=True)
