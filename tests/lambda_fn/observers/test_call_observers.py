"""An observer that fails is logged and counted; the other observers and the client notice nothing."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from lambda_fn import handler as module
from lambda_fn.observers.call_observers import Observers
from lambda_fn.observers.request_log import RequestLog
from tests.conftest import CONTRACT

LOG = RequestLog(CONTRACT, request_id="r-1", status=200)


class Failing:
    def __call__(self, _: RequestLog) -> None:
        raise KeyError("what a client sent")


class Closed(io.StringIO):
    """A stream that can't be written to."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_observer_sees_the_request_in_order() -> None:
    seen: list[tuple[str, RequestLog]] = []
    stream = io.StringIO()
    Observers([lambda log: seen.append(("first", log)), lambda log: seen.append(("second", log))], "digits", stream)(
        LOG
    )
    assert seen == [("first", LOG), ("second", LOG)]
    assert stream.getvalue() == ""


def test_a_failure_is_logged_without_its_message() -> None:
    stream = io.StringIO()
    Observers([Failing()], "digits", stream)(LOG)
    assert lines(stream)[0] == {
        "level": "ERROR",
        "message": "observer failed",
        "service": "digits",
        "observer": "Failing",
        "exception_name": "KeyError",
        "request_id": "r-1",
    }


def test_a_failure_is_counted() -> None:
    stream = io.StringIO()
    Observers([Failing(), Failing()], "digits", stream)(LOG)
    for counted in lines(stream)[1::2]:
        (directive,) = counted["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], directive["Dimensions"]) == ("PostalDigits", [["service"]])
        assert directive["Metrics"] == [{"Name": "ObserverFailures", "Unit": "Count"}]
        assert (counted["service"], counted["ObserverFailures"]) == ("digits", [1])
    assert len(lines(stream)) == 4


@pytest.mark.parametrize("stream", [io.StringIO(), Closed()])
def test_the_observers_after_a_failure_still_run(stream: io.StringIO) -> None:
    seen: list[RequestLog] = []
    Observers([Failing(), seen.append], "digits", stream)(LOG)
    assert seen == [LOG]


@pytest.mark.parametrize("stream", [io.StringIO(), Closed()])
def test_the_client_gets_its_answer(
    stream: io.StringIO, event: Callable[..., Any], mnist: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = event({"x": mnist[0][0].tolist()})
    expected = module.handler(sent, None)  # type: ignore[arg-type]
    monkeypatch.setattr(module, "observe", Observers([Failing()], "digits", stream))
    assert module.handler(sent, None) == expected  # type: ignore[arg-type]
    assert expected["statusCode"] == 200
