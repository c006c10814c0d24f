"""Locust profile: sends each request of the plan when it is due, checks its answer, and writes one line of CSV.

A request is sent whether earlier ones are answered or not, and its time counts from when it was due: a slow server
can't slow the load down, nor hide its queue.
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import gevent
from gevent.pool import Pool
from locust import FastHttpUser, LoadTestShape, constant, events, task
from locust.contrib.csv_request_logger import CsvRequestLogger
from locust.env import Environment

from scripts.measure.load.plan import Kind, Phase, phases
from scripts.measure.load.traffic import Request, good, hostile

PLAN = phases(bool(os.environ["LOAD_QUICK"]), os.environ["LOAD_PHASES"].split())
KEY = {"x-api-key": os.environ["API_KEY"]} if os.environ.get("API_KEY") else {}
UNDER_WAY = 600  # requests at once; further ones wait, and their time counts
ANSWERED_WITHIN = 35  # seconds; API Gateway's own limit is 29


class Caller(FastHttpUser):
    """Sends a request and checks its answer."""

    abstract = True
    concurrency = UNDER_WAY
    network_timeout = ANSWERED_WITHIN
    connection_timeout = ANSWERED_WITHIN

    def send(self, phase: Phase, request: Request, due: float) -> None:
        """`due` is on the clock of time.perf_counter()."""
        with self.client.request(
            request.method,
            request.path,
            name=f"{phase.name}|{request.name}",
            data=request.body,  # type: ignore[arg-type]  # bytes are taken too
            headers={**request.headers, **KEY},
            catch_response=True,
        ) as answer:
            if answer.status_code != 429:  # a refusal counts from when the request was sent
                answer.request_meta["response_time"] = (time.perf_counter() - due) * 1000
            fault = _fault(phase, request, answer)
            answer.failure(fault) if fault else answer.success()


class Arrivals(Caller):
    """The one user who sends every phase's requests at fixed times."""

    fixed_count = 1
    finished = False

    @task
    def send_all(self) -> None:
        pool = Pool(UNDER_WAY)
        start = time.perf_counter()
        for phase in PLAN:
            for offset, kind in phase.arrivals():
                due = start + offset
                gevent.sleep(max(0.0, due - time.perf_counter()))
                pool.spawn(self.send, phase, next(SOURCES[kind]), due)
            start += phase.seconds
            gevent.sleep(max(0.0, start - time.perf_counter()))
        pool.join(timeout=ANSWERED_WITHIN)
        Arrivals.finished = True
        gevent.sleep(3600)  # until the shape ends the run


class WaitingUser(Caller):
    """A user who waits for each answer, and a tenth of a second more."""

    wait_time = constant(0.1)

    @task
    def send_one(self) -> None:
        phase = next(phase for phase in PLAN if phase.users)
        self.send(phase, next(SOURCES["good"]), time.perf_counter())


class Shape(LoadTestShape):
    """One user for the arrivals, and the plan's number of waiting users."""

    def tick(self) -> tuple[int, float] | None:
        """Users, and how many may come or go in a second; None at the end."""
        if Arrivals.finished:
            return None
        offset, users = time.perf_counter() - self.start_time, 0
        for phase in PLAN:
            users += phase.users_at(offset)
            offset -= phase.seconds
        return 1 + users, 10.0


@events.init.add_listener
def _log_each_request(environment: Environment, **_: Any) -> None:
    CsvRequestLogger(os.environ["LOAD_CSV"], flush_interval=1000).register(environment)


def _fault(phase: Phase, request: Request, answer: Any) -> str:
    if answer.status_code == 0:
        return f"no answer: {type(answer.error).__name__}"
    if answer.status_code == 429 and phase.over_capacity:
        return "" if answer.headers.get("retry-after") else "429 without Retry-After"
    return request.fault(answer.status_code, answer.content)


SOURCES: dict[Kind, Iterator[Request]] = {"good": good(os.environ["LOAD_VERSION"]), "hostile": iter(())}
if any(phase.hostile for phase in PLAN):
    SOURCES["hostile"] = hostile()
