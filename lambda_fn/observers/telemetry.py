"""Writes one log line and one line of metrics for each request.

Neither ever holds a body, a key, a query string, or a path that is no route.
"""

import logging
import sys
import traceback
from collections import Counter
from typing import Any, TextIO

from aws_lambda_powertools.logging import Logger

from lambda_fn.errors import OutOfTime, ServiceError
from lambda_fn.observers import metrics
from lambda_fn.observers.metrics import COUNT, MILLISECONDS, NONE, metric
from lambda_fn.observers.request_log import RequestLog
from lambda_fn.pipeline import Prediction
from lambda_fn.task import LOW_CONFIDENCE

# No line says which file, thread or process wrote it, so they are not looked up (the logging HOWTO, "Optimization").
logging._srcfile = None
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


class Telemetry:
    """An observer that writes to `stream`: standard output in Lambda."""

    def __init__(self, service: str, function_version: str, level: str, stream: TextIO = sys.stdout) -> None:
        # The stack counts failures by function_version, to see those of the version that is being deployed.
        self._logger = Logger(
            service=service,
            stream=stream,
            json_serializer=metrics.to_json,
            location=None,
            function_version=function_version,
        )
        # With JSON logging, Lambda sets AWS_LAMBDA_LOG_LEVEL, which Powertools prefers to a level of ours. It must stay
        # at INFO there, for Lambda would drop the lines of metrics with those of the log.
        logging.getLogger(service).setLevel(level)
        self._service = service
        self._stream = stream
        self._cold = True

    def __call__(self, log: RequestLog) -> None:
        """Writes both lines. A rejected request is a warning, so that an alarm on errors means something."""
        total, cold, self._cold = log.total_ms(), self._cold, False
        warnings: Counter[str] = Counter()
        if log.prediction is not None and any(log.prediction.answers.warnings):
            warnings.update(code for codes in log.prediction.answers.warnings for code in codes)
        self._write_log(log, warnings, total, cold)
        dimensions = {
            "service": self._service,
            "model_name": log.contract.name,
            "model_version": log.contract.version,
        }
        metrics.write(_metrics(log, warnings, total, cold), dimensions, self._stream)

    def _write_log(self, log: RequestLog, warnings: Counter[str], total: float, cold: bool) -> None:
        prediction = log.prediction
        fields: dict[str, Any] = {
            "model_name": log.contract.name,
            "model_version": log.contract.version,
            "request_id": log.request_id,
            "route": log.route,
            "method": log.method,
            "status": log.status,
            "cold_start": cold,
            "body_bytes": log.body_bytes,
            f"{log.contract.unit}s": 0 if prediction is None else prediction.count,
            "decode_ms": round(log.decode_ms(), 3),
            "preprocess_ms": 0.0 if prediction is None else round(prediction.prepare_ms, 3),
            "inference_ms": 0.0 if prediction is None else round(prediction.inference_ms, 3),
            "total_ms": round(total, 3),
        }
        if warnings:
            fields["warnings"] = dict(warnings)
        if log.reason is not None:
            fields["reason"] = log.reason
        if log.error is not None:
            self._logger.error("failed", extra=fields | _failure(log.error))
        elif log.rejection is not None:
            self._logger.warning("rejected", extra=fields | {"code": log.rejection})
        else:
            self._logger.info("answered", extra=fields)


def _failure(error: BaseException) -> dict[str, str]:
    """Where it happened. Only our own errors' messages are logged: another's may hold what the client sent."""
    fields = {"exception_name": type(error).__name__, "exception": "".join(traceback.format_tb(error.__traceback__))}
    return fields | ({"exception_text": str(error)} if isinstance(error, ServiceError) else {})


def _metrics(log: RequestLog, warnings: Counter[str], total: float, cold: bool) -> dict[str, dict[str, Any]]:
    found = {
        metrics.REQUESTS: metric(COUNT, 1),
        metrics.REJECTED_REQUESTS: metric(COUNT, log.rejection is not None),
        metrics.FAILED_REQUESTS: metric(COUNT, log.error is not None),
        metrics.TOTAL_TIME: metric(MILLISECONDS, total),
        metrics.COLD_START: metric(COUNT, cold),
    }
    if isinstance(log.error, OutOfTime):
        found[metrics.DEADLINE_EXCEEDED] = metric(COUNT, 1)
    if log.rejection is not None:
        found[metrics.named("Rejected", log.rejection)] = metric(COUNT, 1)
    if log.prediction is not None:
        found |= _of_prediction(log.prediction, log.decode_ms(), warnings)
    return found


def _of_prediction(prediction: Prediction, decode_ms: float, warnings: Counter[str]) -> dict[str, dict[str, Any]]:
    contract, answers = prediction.contract, prediction.answers
    found = {
        metrics.inputs_of(contract.unit): metric(COUNT, prediction.count),
        metrics.DECODE_TIME: metric(MILLISECONDS, decode_ms),
        metrics.INFERENCE_TIME: metric(MILLISECONDS, prediction.inference_ms),
        metrics.CONFIDENCE: metric(NONE, float(answers.confidence.sum()) / prediction.count),
        metrics.LOW_CONFIDENCE: metric(COUNT, warnings[LOW_CONFIDENCE]),
    }
    for name, count in zip(contract.class_metrics, answers.class_counts, strict=True):
        found[name] = metric(COUNT, count)
    for code, count in warnings.items():
        if code != LOW_CONFIDENCE:
            found[metrics.named("Warning", code)] = metric(COUNT, count)
    return found
