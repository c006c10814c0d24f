"""Alarms on whether the service answers, and in time: error budget, latency, the function, what is kept warm."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra_cdk.config import StageConfig
from infra_cdk.monitoring import metrics as names
from infra_cdk.monitoring.alarms.spec import Alarms, Says
from infra_cdk.monitoring.burn_rate import PAIRS, burn_rate
from infra_cdk.monitoring.metrics import Metrics, share

LATENCY_OBJECTIVE_MS = 2000
# Of the function's timeout and memory: above it, the next larger batch may not fit.
NEAR = 0.8
# Scaling aims at 0.7; for so long so near to all of them, it does not keep up.
UTILISATION = 0.9
SPILLOVER_SHARE, SPILLOVER_MINIMUM = 0.05, 1000

ONE, FIVE, FIFTEEN = (Duration.minutes(minutes) for minutes in (1, 5, 15))


def add_error_budget(alarms: Alarms, metrics: Metrics) -> None:
    """A composite of two windows for each burn rate."""
    errors, requests = metrics.api("5XXError"), metrics.api("Count", "SampleCount")
    for pair in PAIRS:
        long, short = (burn_rate(errors, requests, window, pair.floor) for window in (pair.long, pair.short))
        hours, minutes = pair.long.to_hours(), pair.short.to_minutes()
        alarms.both(
            pair.name,
            long,
            short,
            pair.burn,
            Says(
                f"Requests fail so often that the month's error budget goes {pair.burn:g} times too fast, "
                f"over {hours:g} h and still over the last {minutes:g} min.",
                "was there a deployment in this time? Roll it back. If not, read the last errors on the dashboard.",
                page=pair.page,
            ),
        )


def add_latency(alarms: Alarms, metrics: Metrics) -> None:
    """The slowest hundredth of the answers, as clients see it."""
    alarms.add(
        "latency-p99",
        metrics.api("Latency", "p99", period=FIVE),
        LATENCY_OBJECTIVE_MS,
        Says(
            "One answer in a hundred takes more than the 2 s of the objective, for ten minutes of the last fifteen.",
            "see on the dashboard which step is slow, and whether batches became larger or starts are cold.",
        ),
        breaching=2,
        of=3,
        # A handful of requests has no 99th percentile; the one cold start among them is none.
        evaluate_low_sample_count_percentile="ignore",
    )


def add_function(alarms: Alarms, metrics: Metrics, config: StageConfig) -> None:
    """What Lambda itself says of the function."""
    alarms.add(
        "function-errors",
        metrics.alias("Errors", period=FIVE),
        5,
        Says(
            "The function crashed or ran out of time five times in five minutes; clients got a 5xx.",
            "read the last errors on the dashboard; if they began with a deployment, roll it back.",
        ),
    )
    alarms.add(
        "function-throttles",
        metrics.alias("Throttles", period=FIVE),
        1,
        Says(
            "Lambda refused a call for want of concurrency, so a client got a 5xx. The gateway's throttle should have "
            "answered 429 before that.",
            "see the account's concurrency, and whether another function uses it.",
        ),
    )
    alarms.add(
        "function-duration",
        metrics.alias("Duration", "Maximum", period=FIVE),
        NEAR * config.timeout_seconds * 1000,
        Says(
            f"A call took more than {NEAR:.0%} of the {config.timeout_seconds} s after which Lambda ends it.",
            "find the call in the function's log by its duration, and see how many images it had.",
            page=False,
        ),
    )
    alarms.add(
        "function-memory",
        metrics.memory(period=FIVE),
        NEAR * config.memory_mb,
        Says(
            f"An environment used more than {NEAR:.0%} of its {config.memory_mb} MB; past them Lambda kills it.",
            "see whether memory grew with a deployment, or with the size of the batches.",
            page=False,
        ),
    )


def add_new_version(alarms: Alarms, metrics: Metrics) -> cloudwatch.Alarm:
    """Errors of this deployment's version alone: a tenth of the requests would hide in the alias's."""
    return alarms.add(
        "new-version-errors",
        cloudwatch.MathExpression(
            expression="FILL(crashed, 0) + FILL(failed, 0)",
            using_metrics={"crashed": metrics.new_version("Errors"), "failed": metrics.failed_by_new_version()},
            period=FIVE,
        ),
        2,
        Says(
            "The version that was deployed last crashes, runs out of time or answers with a 5xx. While its deployment "
            "lasts, CodeDeploy rolls it back.",
            "see in CodeDeploy that it was rolled back; if the deployment was over, roll it back by hand.",
        ),
    )


def add_warm(alarms: Alarms, metrics: Metrics, config: StageConfig) -> None:
    """Whether those that are kept warm are enough."""
    alarms.add(
        "provisioned-utilisation",
        # The mean, as scaling takes it: of the two environments of a quiet hour both are busy now and then.
        metrics.alias("ProvisionedConcurrencyUtilization", "Average", period=FIVE),
        UTILISATION,
        Says(
            f"Of the environments that are kept warm, {UTILISATION:.0%} are in use for fifteen minutes.",
            "see whether the load is as expected; if so, raise provisioned_highest.",
            page=False,
        ),
        breaching=3,
    )
    spilled = metrics.alias("ProvisionedConcurrencySpilloverInvocations")
    alarms.add(
        "provisioned-spillover",
        share(spilled, metrics.alias("Invocations"), SPILLOVER_MINIMUM, FIVE),
        SPILLOVER_SHARE,
        Says(
            f"{SPILLOVER_SHARE:.0%} of the calls found no warm environment, so some of them waited for a start.",
            "see whether the load is as expected; if so, raise provisioned_lowest or shift the schedule.",
            page=False,
        ),
        breaching=2,
        of=3,
    )
    alarms.add(
        "cold-starts",
        metrics.own(names.COLD_START, period=FIFTEEN),
        config.most_warm + 1,
        Says(
            f"More environments began to answer in fifteen minutes than the {config.most_warm} that scaling keeps "
            "warm: others were started while their clients waited.",
            "see whether the load rose faster than the schedule; if so, have more warm earlier.",
            page=False,
        ),
    )
