"""What happened in a request in, one log line and one blob of metrics out; the only place that names a metric.

Neither ever holds a body, a key, a query string or a path that the service does not know.
"""

import json
import logging
import sys
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

from lambda_fn.errors import OutOfTime, ServiceError

NAMESPACE = "PostalDigits"

REQUESTS = "Requests"
REJECTED_REQUESTS = "RejectedRequests"
IMAGES = "Images"
DECODE_TIME = "DecodeTime"
INFERENCE_TIME = "InferenceTime"
TOTAL_TIME = "TotalTime"
CONFIDENCE = "Confidence"
LOW_CONFIDENCE = "LowConfidence"
COLD_START = "ColdStart"
FAILED_REQUESTS = "FailedRequests"
DEADLINE_EXCEEDED = "DeadlineExceeded"
DIGITS = tuple(f"Digit{digit}" for digit in range(10))

# Emitted by heartbeat.py, with the service as their one dimension.
HEARTBEAT_RUNS = "HeartbeatRuns"
HEARTBEAT_FAILED = "HeartbeatFailed"
HEARTBEAT_WRONG = "HeartbeatWrong"
HEARTBEAT_TIME = "HeartbeatTime"

# Whatever else an event calls its method is a client's text, and stays out of the log.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_COUNT, _MILLISECONDS, _NONE = "Count", "Milliseconds", "None"

_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
# No line says which file, thread or process wrote it, so none of them is looked up (the logging HOWTO, "Optimization").
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def metric_name(prefix: str, code: str) -> str:
    """The metric of a warning or rejection code: ("Warning", "low_contrast") is WarningLowContrast."""
    return prefix + "".join(word.capitalize() for word in code.split("_"))


@dataclass(slots=True)
class Record:
    """One request, filled in as it is worked on. Times are milliseconds."""

    model_name: str
    model_version: str
    started: float = field(default_factory=time.perf_counter)
    request_id: str = ""
    route: str = "unknown"
    method: str = ""
    body_bytes: int = 0
    images: int = 0
    decode_time: float = 0.0
    preprocess_time: float = 0.0
    inference_time: float = 0.0
    confidence: float | None = None
    digits: list[int] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    rejection: str | None = None
    error: BaseException | None = None

    def elapsed(self) -> float:
        """Milliseconds since the request began."""
        return (time.perf_counter() - self.started) * 1e3


class Telemetry:
    """Writes the log line and the metrics of each request to `stream`, which is standard output in Lambda."""

    def __init__(self, service: str, function_version: str, level: str, stream: TextIO = sys.stdout) -> None:
        # By the version the stack counts what fails in the one that is being deployed.
        self.logger = Logger(
            service=service,
            level=level,
            stream=stream,
            json_serializer=_json,
            location=None,
            function_version=function_version,
        )
        self._service = service
        self._stream = stream
        self._metrics = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service=service)
        self._cold = True

    def emit(self, record: Record, status: int) -> None:
        """Writes both; a rejected request is a warning, so that an alarm on errors means something."""
        total, cold, self._cold = record.elapsed(), self._cold, False
        self._log(record, status, total, cold)
        self._write(record, _metrics(record, total, cold))

    def _log(self, record: Record, status: int, total: float, cold: bool) -> None:
        fields: dict[str, Any] = {
            "model_name": record.model_name,
            "model_version": record.model_version,
            "request_id": record.request_id,
            "route": record.route,
            "method": record.method if record.method in _METHODS else "other",
            "status": status,
            "cold_start": cold,
            "body_bytes": record.body_bytes,
            "images": record.images,
            "decode_ms": round(record.decode_time, 3),
            "preprocess_ms": round(record.preprocess_time, 3),
            "inference_ms": round(record.inference_time, 3),
            "total_ms": round(total, 3),
        }
        if record.warnings:
            fields["warnings"] = dict(record.warnings)
        if record.error is not None:
            self.logger.error("failed", extra=fields | _failure(record.error))
        elif record.rejection is not None:
            self.logger.warning("rejected", extra=fields | {"code": record.rejection})
        else:
            self.logger.info("answered", extra=fields)

    def _write(self, record: Record, metrics: Mapping[str, Any]) -> None:
        dimensions = {"service": self._service, "model_version": record.model_version}
        blob = self._metrics.serialize_metric_set(metrics=dict(metrics), dimensions=dimensions)
        print(_json(blob), file=self._stream, flush=True)


def _failure(error: BaseException) -> dict[str, str]:
    """Where it happened. Only our own errors' words are kept: another's may hold what was sent."""
    told = {"exception_name": type(error).__name__, "exception": "".join(traceback.format_tb(error.__traceback__))}
    return told | ({"exception_text": str(error)} if isinstance(error, ServiceError) else {})


def _metrics(record: Record, total: float, cold: bool) -> dict[str, dict[str, Any]]:
    metrics = {
        REQUESTS: _metric(_COUNT, 1),
        REJECTED_REQUESTS: _metric(_COUNT, record.rejection is not None),
        FAILED_REQUESTS: _metric(_COUNT, record.error is not None),
        TOTAL_TIME: _metric(_MILLISECONDS, total),
        COLD_START: _metric(_COUNT, cold),
    }
    if isinstance(record.error, OutOfTime):
        metrics[DEADLINE_EXCEEDED] = _metric(_COUNT, 1)
    if record.rejection is not None:
        metrics[metric_name("Rejected", record.rejection)] = _metric(_COUNT, 1)
    if record.confidence is not None:
        metrics[IMAGES] = _metric(_COUNT, record.images)
        metrics[DECODE_TIME] = _metric(_MILLISECONDS, record.decode_time)
        metrics[INFERENCE_TIME] = _metric(_MILLISECONDS, record.inference_time)
        metrics[CONFIDENCE] = _metric(_NONE, record.confidence)
        metrics[LOW_CONFIDENCE] = _metric(_COUNT, record.warnings["low_confidence"])
        metrics |= {name: _metric(_COUNT, count) for name, count in zip(DIGITS, record.digits, strict=True)}
        metrics |= {
            metric_name("Warning", code): _metric(_COUNT, n)
            for code, n in record.warnings.items()
            if code != "low_confidence"
        }
    return metrics


def _metric(unit: str, value: float) -> dict[str, Any]:
    return {"Unit": unit, "Value": [float(value)]}
