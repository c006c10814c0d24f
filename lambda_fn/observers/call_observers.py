"""Calls the observers. One that fails is logged and counted, and the client still gets its answer."""

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO

from lambda_fn.observers import metrics
from lambda_fn.observers.request_log import RequestLog

Observer = Callable[[RequestLog], None]


class Observers:
    """Calls each observer, in order."""

    def __init__(self, observers: Sequence[Observer], service: str, stream: TextIO = sys.stdout) -> None:
        self._observers = observers
        self._service = service
        self._stream = stream

    def __call__(self, log: RequestLog) -> None:
        """Never raises."""
        for observer in self._observers:
            try:
                observer(log)
            except Exception as error:
                with suppress(Exception):  # the stream itself may be what fails
                    self._report(observer, error, log.request_id)

    def _report(self, observer: Observer, error: Exception, request_id: str) -> None:
        line = {
            "level": "ERROR",
            "message": "observer failed",
            "service": self._service,
            "observer": type(observer).__name__,
            "exception_name": type(error).__name__,
            "request_id": request_id,
        }
        print(metrics.to_json(line), file=self._stream, flush=True)
        counted = {metrics.OBSERVER_FAILURES: metrics.metric(metrics.COUNT, 1)}
        metrics.write(counted, {"service": self._service}, self._stream)
