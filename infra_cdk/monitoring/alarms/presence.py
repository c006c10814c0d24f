"""Alarms on what should come by itself: the heartbeat each minute, its right answers, and post in the busy hours."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra_cdk.config import DAYS
from infra_cdk.monitoring import metrics as names
from infra_cdk.monitoring.alarms.spec import BELOW, LOUD, Alarms, Says
from infra_cdk.monitoring.metrics import Metrics

# Of the clients, in a quarter of an hour of a busy hour. The heartbeat's are taken off, whose count may be one late.
LEAST_REQUESTS = 5

ONE, FIVE, FIFTEEN = (Duration.minutes(minutes) for minutes in (1, 5, 15))


def add_heartbeat(alarms: Alarms, metrics: Metrics) -> tuple[cloudwatch.Alarm, cloudwatch.Alarm]:
    """Gives the two that a deployment is rolled back for: that it failed, and that it got wrong answers."""
    # Silence has its own alarm, so that a heartbeat that was not there yet never rolls back a deployment.
    failed = alarms.add(
        "heartbeat-failed",
        metrics.heartbeat(names.HEARTBEAT_FAILED, period=ONE),
        1,
        Says(
            "The heartbeat's request failed three minutes in a row: clients most likely fail as well.",
            "call GET /health yourself, then run make smoke.",
        ),
        breaching=3,
    )
    # A model gives the same picture the same answer for ever, so one wrong one is enough.
    wrong = alarms.add(
        "heartbeat-wrong",
        metrics.heartbeat(names.HEARTBEAT_WRONG, period=ONE),
        1,
        Says(
            "One of the ten golden pictures was answered wrongly: the model that answers is not the one that was "
            "tested.",
            "roll back to the version before, then compare GET /health with the contract.",
        ),
    )
    alarms.add(
        "heartbeat-silent",
        metrics.heartbeat(names.HEARTBEAT_RUNS, period=FIVE),
        1,
        Says(
            "The heartbeat has not run for ten minutes: nobody watches the service from outside.",
            "see the heartbeat function's log and its schedule.",
            page=False,
        ),
        when=BELOW,
        missing=LOUD,
        breaching=2,
    )
    return failed, wrong


def add_no_traffic(alarms: Alarms, metrics: Metrics, busy_hours: str) -> None:
    """In the hours when there is always post; at night and on Sundays its absence means nothing."""
    alarms.add(
        "no-traffic",
        clients_requests(metrics, busy_hours),
        LEAST_REQUESTS,
        Says(
            f"No client called for fifteen minutes of the busy hours ({busy_hours} UTC).",
            "see whether the heartbeat gets through; if it does, ask the clients.",
        ),
        when=BELOW,
        missing=LOUD,
    )


def clients_requests(metrics: Metrics, busy_hours: str) -> cloudwatch.MathExpression:
    """The requests but the heartbeat's, of a window that begins in the busy hours; of others always LEAST_REQUESTS."""
    days, hours = busy_hours.split(" ")
    first, last = (DAYS.index(day) + 1 for day in days.split("-"))
    begin, end = (int(hour) for hour in hours.split("-"))
    at = "FILL(requests, 0)"
    busy = f"DAY({at}) >= {first} AND DAY({at}) <= {last} AND HOUR({at}) >= {begin} AND HOUR({at}) < {end}"
    return cloudwatch.MathExpression(
        expression=f"IF({busy}, {at} - FILL(beats, 0), {LEAST_REQUESTS})",
        using_metrics={
            "requests": metrics.api("Count", "SampleCount"),
            "beats": metrics.heartbeat(names.HEARTBEAT_RUNS),
        },
        period=FIFTEEN,
    )
