"""Rows of the service's dashboard: availability, latency, the function, its environments, its log."""

from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

from infra_cdk.config import Limits
from infra_cdk.monitoring import metric_names
from infra_cdk.monitoring.alarms.burn_rate import BURN_RATE_ALARMS
from infra_cdk.monitoring.alarms.service import LATENCY_OBJECTIVE_MS, NEAR_LIMIT, UTILISATION
from infra_cdk.monitoring.dashboards.colors import BLUE, GREY, ORANGE, RED
from infra_cdk.monitoring.dashboards.widgets import QUARTER, graph, log_query, month_values
from infra_cdk.monitoring.metrics import Metrics
from infra_cdk.monitoring.periods import FIVE_MINUTES, HOUR, MINUTE, MONTH
from infra_cdk.monitoring.slo import availability, budget_left, burn_rate

PERCENTILES: list[dict[str, Any]] = [
    {"statistic": name, "label": name, "color": color, "period": FIVE_MINUTES}
    for name, color in (("p50", BLUE), ("p95", ORANGE), ("p99", RED))
]
Row = list[cloudwatch.Column]


def rows(metrics: Metrics, limits: Limits, log_group: logs.ILogGroup, *, units: str) -> list[Row]:
    return [
        _availability(metrics),
        _latency(metrics),
        _function(metrics, limits),
        _environments(metrics, limits),
        _log(log_group, units),
    ]


def _availability(metrics: Metrics) -> Row:
    return [
        month_values(
            "Last 30 days, objective 99.99 %",
            "Below 0 % the month's error budget is overspent: deploy nothing but improvements of availability.",
            [availability(metrics, MONTH), budget_left(metrics, MONTH)],
        ),
        graph(
            "Burn rate of the error budget",
            "times too fast",
            "At 1 the budget lasts exactly 30 days. Above a red line an alarm fires if the shorter window agrees.",
            [
                burn_rate(metrics, FIVE_MINUTES, label="over 5 min", color=GREY),
                burn_rate(metrics, HOUR, label="over 1 h", color=BLUE),
            ],
            thresholds=[
                (each.burn_rate, f"{each.burn_rate:g}× over {each.long.to_hours():g} h") for each in BURN_RATE_ALARMS
            ],
        ),
        graph(
            "Requests",
            "a minute",
            "All requests at the gateway. 4xx, including 429, are for the client to fix; 5xx are ours.",
            [
                metrics.requests(period=MINUTE, label="all", color=BLUE),
                metrics.api("4XXError", period=MINUTE, label="4xx", color=ORANGE),
                metrics.errors(period=MINUTE, label="5xx", color=RED),
            ],
        ),
    ]


def _latency(metrics: Metrics) -> Row:
    whole = "Without the gateway. If it is low and the clients' is high, starts are cold."
    steps = {
        "Time of the whole function": (metric_names.TOTAL_TIME, whole),
        "Time to decode": (metric_names.DECODE_TIME, "From the bytes of the body to inputs. Grows with the body."),
        "Time to infer": (metric_names.INFERENCE_TIME, "The model alone. Grows with the batch; see batch sizes."),
    }
    return [
        graph(
            "Latency for clients",
            "ms",
            "The objective's measure. Includes the gateway and the way to the function.",
            [metrics.api("Latency", **each) for each in PERCENTILES],
            width=QUARTER,
            thresholds=[(LATENCY_OBJECTIVE_MS, "objective for p99")],
        ),
        *(
            graph(title, "ms", reading, [metrics.model(name, **each) for each in PERCENTILES], width=QUARTER)
            for title, (name, reading) in steps.items()
        ),
    ]


def _function(metrics: Metrics, limits: Limits) -> Row:
    return [
        graph(
            "Errors and throttles of the function",
            "a minute",
            "Crashes and time-outs, calls that Lambda throttled, and requests that the function answered with a 500.",
            [
                metrics.alias("Errors", period=MINUTE, label="errors", color=RED),
                metrics.alias("Throttles", period=MINUTE, label="throttles", color=ORANGE),
                metrics.model(metric_names.FAILED_REQUESTS, period=MINUTE, label="answered 500", color=GREY),
            ],
        ),
        graph(
            "Longest call",
            "ms",
            f"The timeout is {limits.timeout_seconds} s. A larger batch than one that comes near it may time out.",
            [metrics.alias("Duration", "Maximum", period=FIVE_MINUTES, label="longest", color=BLUE)],
            thresholds=[(NEAR_LIMIT * limits.timeout_seconds * 1000, "alarm")],
        ),
        graph(
            "Memory",
            "MB",
            f"The most that an environment used, of {limits.memory_mb} MB. It may rise to a level; it must not creep.",
            [metrics.memory(period=FIVE_MINUTES, label="most used", color=BLUE)],
            thresholds=[(NEAR_LIMIT * limits.memory_mb, "alarm")],
        ),
    ]


def _environments(metrics: Metrics, limits: Limits) -> Row:
    starts = [metrics.model(metric_names.COLD_START, period=FIVE_MINUTES, label="first answers", color=BLUE)]
    if limits.most_warm:
        spillover = metrics.alias("ProvisionedConcurrencySpilloverInvocations", period=FIVE_MINUTES, label="spillover")
        starts.append(spillover.with_(color=ORANGE))
        second = graph(
            "Provisioned concurrency in use",
            "share",
            "Scaling aims at 0.7. Near 1, the next request waits for a cold start.",
            [
                metrics.alias(
                    "ProvisionedConcurrencyUtilization", "Average", period=FIVE_MINUTES, label="in use", color=BLUE
                )
            ],
            width=QUARTER,
            thresholds=[(UTILISATION, "alarm")],
        )
    else:
        second = graph(
            "Heartbeat's time",
            "ms",
            "From outside, by the public address, once a minute.",
            [metrics.service(metric_names.HEARTBEAT_TIME, "Maximum", period=FIVE_MINUTES)],
            width=QUARTER,
        )
    return [
        graph(
            "Concurrency",
            "environments",
            "Busy at the same time. At the red line Lambda throttles; the API's 429 must come before it.",
            [metrics.function("ConcurrentExecutions", period=MINUTE, label="busy", color=BLUE)],
            width=QUARTER,
            thresholds=[(limits.concurrency, "concurrency")],
        ),
        second,
        graph(
            "Starts",
            "in 5 minutes",
            "First answers of new environments. A deployment starts as many as are provisioned.",
            starts,
            width=QUARTER,
        ),
        graph(
            "Deployments: calls by version",
            "a minute",
            "During a deployment two versions share the calls.",
            [metrics.function_versions(MINUTE)],
            width=QUARTER,
        ),
    ]


def _log(log_group: logs.ILogGroup, units: str) -> Row:
    return [
        log_query(
            "Last errors",
            "Requests that the service failed, with the exception's name. The request_id finds the whole line.",
            log_group,
            [
                "fields @timestamp, level, status, route, exception_name, request_id",
                'filter level = "ERROR" or level = "CRITICAL"',
                "sort @timestamp desc",
                "limit 20",
            ],
        ),
        log_query(
            "Slowest requests",
            "Where the time went in the ten slowest requests: large batches, large inputs, or cold starts.",
            log_group,
            [
                f"fields @timestamp, total_ms, decode_ms, preprocess_ms, inference_ms, {units}, cold_start",
                'filter message = "answered"',
                "sort total_ms desc",
                "limit 10",
            ],
        ),
    ]
