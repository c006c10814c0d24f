"""The rows of the dashboard of the service: is it there, is it fast, what holds it up, what went wrong last."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs

from infra_cdk.config import StageConfig
from infra_cdk.monitoring import metrics as names
from infra_cdk.monitoring.alarms.service import LATENCY_OBJECTIVE_MS, NEAR, UTILISATION
from infra_cdk.monitoring.burn_rate import PAIRS, availability, budget_left, burn_rate
from infra_cdk.monitoring.dashboards.widgets import (
    BLUE,
    FIVE,
    GREY,
    HALF,
    HOUR,
    MINUTE,
    MONTH,
    ORANGE,
    QUARTER,
    RED,
    graph,
    lines,
    number,
)
from infra_cdk.monitoring.metrics import Metrics

PERCENTILES = {"p50": BLUE, "p95": ORANGE, "p99": RED}
Widgets = list[cloudwatch.Column]


def rows(metrics: Metrics, config: StageConfig, log_group: logs.ILogGroup) -> list[Widgets]:
    """From what clients see down to what explains it."""
    return [
        _availability(metrics),
        _latency(metrics),
        _function(metrics, config),
        _environments(metrics, config),
        _logs(log_group),
    ]


def _availability(metrics: Metrics) -> Widgets:
    errors, requests = metrics.api("5XXError"), metrics.api("Count", "SampleCount")
    return [
        number(
            "Last 30 days, against 99.99 %",
            "Below 0 % the month's error budget is overspent: ship nothing but what makes it better.",
            [availability(errors, requests, MONTH), budget_left(errors, requests, MONTH)],
        ),
        graph(
            "Burn rate of the error budget",
            "times too fast",
            "At 1 the budget lasts for just 30 days. At a red line somebody is called, if the shorter window agrees.",
            [
                burn_rate(errors, requests, FIVE, label="over 5 min", color=GREY),
                burn_rate(errors, requests, HOUR, label="over 1 h", color=BLUE),
            ],
            bounds=[(pair.burn, f"{pair.burn:g}× over {pair.long.to_hours():g} h") for pair in PAIRS],
        ),
        graph(
            "Requests",
            "a minute",
            "All that reached the gateway. 4xx are the client's to mend, 429 among them; 5xx are ours.",
            [
                metrics.api("Count", "SampleCount", period=MINUTE, label="all", color=BLUE),
                metrics.api("4XXError", period=MINUTE, label="4xx", color=ORANGE),
                metrics.api("5XXError", period=MINUTE, label="5xx", color=RED),
            ],
        ),
    ]


def _latency(metrics: Metrics) -> Widgets:
    whole = graph(
        "Latency for clients",
        "ms",
        "What the objective is about. The gateway and the way to the function are in it.",
        [metrics.api("Latency", each, period=FIVE, label=each, color=PERCENTILES[each]) for each in PERCENTILES],
        width=QUARTER,
        bounds=[(LATENCY_OBJECTIVE_MS, "objective for p99")],
    )
    readings = {
        "whole function": "Without the gateway. Where it is low and the clients' is high, starts are cold.",
        "decode": "From the body's bytes to pixels. It grows with the body.",
        "inference": "The model alone. It grows with the batch; see batch sizes.",
    }
    steps = [
        graph(
            f"Time of the {step}" if step == "whole function" else f"Time to {step}".replace("inference", "infer"),
            "ms",
            reading,
            [
                metrics.own(names.STEPS[step], each, period=FIVE, label=each, color=PERCENTILES[each])
                for each in PERCENTILES
            ],
            width=QUARTER,
        )
        for step, reading in readings.items()
    ]
    return [whole, *steps]


def _function(metrics: Metrics, config: StageConfig) -> Widgets:
    return [
        graph(
            "Errors and throttles of the function",
            "a minute",
            "Crashes and time-outs, refusals for want of concurrency, and requests that the function itself gave up.",
            [
                metrics.alias("Errors", period=MINUTE, label="errors", color=RED),
                metrics.alias("Throttles", period=MINUTE, label="throttles", color=ORANGE),
                metrics.own(names.FAILED_REQUESTS, period=MINUTE, label="answered 500", color=GREY),
            ],
        ),
        graph(
            "Longest call",
            "ms",
            f"The function is ended after {config.timeout_seconds} s. Whatever comes near may not end next time.",
            [metrics.alias("Duration", "Maximum", period=FIVE, label="longest", color=BLUE)],
            bounds=[(NEAR * config.timeout_seconds * 1000, "alarm")],
        ),
        graph(
            "Memory",
            "MB",
            f"The most that an environment used, of {config.memory_mb} MB. It may rise to a level; it must not creep.",
            [metrics.memory(period=FIVE, label="most used", color=BLUE)],
            bounds=[(NEAR * config.memory_mb, "alarm")],
        ),
    ]


def _environments(metrics: Metrics, config: StageConfig) -> Widgets:
    warm = config.provisioned_lowest > 0
    starts = [metrics.own(names.COLD_START, period=FIVE, label="first answers", color=BLUE)]
    if warm:
        spilled = metrics.alias("ProvisionedConcurrencySpilloverInvocations", period=FIVE, label="spillover")
        starts.append(spilled.with_(color=ORANGE))
    utilisation = metrics.alias("ProvisionedConcurrencyUtilization", "Average", period=FIVE, label="in use")
    return [
        graph(
            "Concurrency",
            "environments",
            "Busy at the same time. At the red line Lambda refuses; the gateway's 429 must come before it.",
            [metrics.function("ConcurrentExecutions", period=MINUTE, label="busy", color=BLUE)],
            width=QUARTER,
            bounds=[(config.concurrency, "concurrency")],
        ),
        graph(
            "Warm environments in use" if warm else "Heartbeat's time",
            "share" if warm else "ms",
            "Scaling aims at 0.7. Near 1, the next request waits for a start."
            if warm
            else "From outside, by the public address, once a minute.",
            [
                utilisation.with_(color=BLUE)
                if warm
                else metrics.heartbeat(names.HEARTBEAT_TIME, "Maximum", period=FIVE)
            ],
            width=QUARTER,
            bounds=[(UTILISATION, "alarm")] if warm else (),
        ),
        graph(
            "Starts",
            "in 5 minutes",
            "Environments that answered for the first time. A deployment starts as many as are warm.",
            starts,
            width=QUARTER,
        ),
        graph(
            "Deployments: calls by version",
            "a minute",
            "While a deployment goes on, two lines share the calls.",
            [metrics.function_versions(MINUTE)],
            width=QUARTER,
        ),
    ]


def _logs(log_group: logs.ILogGroup) -> Widgets:
    return [
        lines(
            "Last errors",
            "A request that the service failed, with the exception's name. Its request_id leads to the whole line.",
            log_group,
            [
                "fields @timestamp, level, status, route, exception_name, request_id",
                'filter level = "ERROR" or level = "CRITICAL"',
                "sort @timestamp desc",
                "limit 20",
            ],
            width=HALF,
        ),
        lines(
            "Slowest requests",
            "Where the time went, of the ten that took longest: large batches, large pictures, or cold starts.",
            log_group,
            [
                "fields @timestamp, total_ms, decode_ms, preprocess_ms, inference_ms, images, cold_start",
                'filter message = "answered"',
                "sort total_ms desc",
                "limit 10",
            ],
            width=HALF,
        ),
    ]
