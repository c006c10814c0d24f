"""Alarms on what must come regularly: the heartbeat, its correct answers, and requests in the busy hours."""

from aws_cdk import aws_cloudwatch as cloudwatch

from infra_cdk.config import DAYS
from infra_cdk.monitoring import metric_names
from infra_cdk.monitoring.alarms.alarm_spec import AlarmSpec
from infra_cdk.monitoring.metrics import Metrics
from infra_cdk.monitoring.periods import FIFTEEN_MINUTES, FIVE_MINUTES, MINUTE

# Of the clients, in fifteen minutes. The heartbeat's requests are subtracted, and their count may be one late.
LEAST_REQUESTS = 5

LESS_THAN = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
BREACHING = cloudwatch.TreatMissingData.BREACHING


def heartbeat_alarms(metrics: Metrics, *, unit: str) -> list[AlarmSpec]:
    return [
        # Missing data is left to heartbeat-silent: a heartbeat that does not exist yet must not roll back a deployment.
        AlarmSpec(
            name="heartbeat-failed",
            metric=metrics.service(metric_names.HEARTBEAT_FAILED, period=MINUTE),
            threshold=1,
            severity="PAGE",
            meaning="The heartbeat's request failed three minutes in a row: clients most likely fail as well.",
            first_step="call GET /health yourself, then run make smoke.",
            evaluation_periods=3,
        ),
        # The model is deterministic, so one wrong answer is enough.
        AlarmSpec(
            name="heartbeat-wrong",
            metric=metrics.service(metric_names.HEARTBEAT_WRONG, period=MINUTE),
            threshold=1,
            severity="PAGE",
            meaning=f"A golden {unit} got a wrong answer: the model that answers is not the one that was tested.",
            first_step="roll back to the previous version, then compare GET /health with the contract.",
        ),
        AlarmSpec(
            name="heartbeat-silent",
            metric=metrics.service(metric_names.HEARTBEAT_RUNS, period=FIVE_MINUTES),
            threshold=1,
            severity="TICKET",
            meaning="The heartbeat has not run for ten minutes: nothing checks the service from outside.",
            first_step="check the heartbeat function's log and its schedule.",
            comparison_operator=LESS_THAN,
            treat_missing_data=BREACHING,
            evaluation_periods=2,
        ),
    ]


def traffic_alarms(metrics: Metrics, *, busy_hours: str) -> list[AlarmSpec]:
    return [
        AlarmSpec(
            name="no-traffic",
            metric=client_requests(metrics, busy_hours),
            threshold=LEAST_REQUESTS,
            severity="PAGE",
            meaning=f"No client called for fifteen minutes of the busy hours ({busy_hours} UTC).",
            first_step="see whether the heartbeat gets answers; if it does, ask the clients.",
            comparison_operator=LESS_THAN,
            treat_missing_data=BREACHING,
        )
    ]


def client_requests(metrics: Metrics, busy_hours: str) -> cloudwatch.MathExpression:
    """Requests of the clients in a period that begins in the busy hours; LEAST_REQUESTS in any other.

    The requests of the heartbeat and of health checks are subtracted.
    """
    days, hours = busy_hours.split(" ")
    first, last = (DAYS.index(day) + 1 for day in days.split("-"))
    begin, end = (int(hour) for hour in hours.split("-"))
    requests = "FILL(requests, 0)"
    busy = (
        f"DAY({requests}) >= {first} AND DAY({requests}) <= {last} "
        f"AND HOUR({requests}) >= {begin} AND HOUR({requests}) < {end}"
    )
    others = {"beats": metrics.service(metric_names.HEARTBEAT_RUNS)}
    if metrics.health_checked:
        others["checks"] = metrics.health_checks()
    clients = " - ".join([requests, *(f"FILL({other}, 0)" for other in others)])
    return cloudwatch.MathExpression(
        expression=f"IF({busy}, {clients}, {LEAST_REQUESTS})",
        using_metrics={"requests": metrics.requests()} | others,
        period=FIFTEEN_MINUTES,
    )
