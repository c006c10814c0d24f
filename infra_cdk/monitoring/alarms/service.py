"""Alarms on whether the service answers, and in time."""

from aws_cdk import aws_cloudwatch as cloudwatch

from infra_cdk.config import Limits
from infra_cdk.monitoring import metric_names
from infra_cdk.monitoring.alarms.alarm_spec import AlarmSpec
from infra_cdk.monitoring.metrics import Metrics, share
from infra_cdk.monitoring.periods import FIFTEEN_MINUTES, FIVE_MINUTES

LATENCY_OBJECTIVE_MS = 2000
# Share of the function's timeout and memory above which the next larger batch may not fit.
NEAR_LIMIT = 0.8
# Scaling aims at 0.7 and does not keep up if utilisation stays at this share.
UTILISATION = 0.9
SPILLOVER_SHARE, SPILLOVER_MINIMUM = 0.05, 1000


def service_alarms(metrics: Metrics, limits: Limits) -> list[AlarmSpec]:
    """Alarms that every stage has."""
    return [
        AlarmSpec(
            name="latency-p99",
            metric=metrics.api("Latency", "p99", period=FIVE_MINUTES),
            threshold=LATENCY_OBJECTIVE_MS,
            severity="PAGE",
            meaning="One answer in a hundred takes longer than the objective of 2 s, for ten minutes of the last "
            "fifteen.",
            first_step="find the slow step on the dashboard, and see whether batches are larger or starts are cold.",
            evaluation_periods=3,
            datapoints_to_alarm=2,
            # A few requests have no 99th percentile: it would be their one cold start.
            evaluate_low_sample_count_percentile="ignore",
        ),
        AlarmSpec(
            name="function-errors",
            metric=metrics.alias("Errors", period=FIVE_MINUTES),
            threshold=5,
            severity="PAGE",
            meaning="The function crashed or timed out five times in five minutes; clients got a 5xx.",
            first_step="read the last errors on the dashboard; if they began with a deployment, roll it back.",
        ),
        AlarmSpec(
            name="function-throttles",
            metric=metrics.alias("Throttles", period=FIVE_MINUTES),
            threshold=1,
            severity="PAGE",
            meaning="Lambda throttled a call, so a client got a 5xx. The API's throttle should have answered 429 "
            "before that.",
            first_step="check the account's concurrency, and whether another function uses it.",
        ),
        AlarmSpec(
            name="function-duration",
            metric=metrics.alias("Duration", "Maximum", period=FIVE_MINUTES),
            threshold=NEAR_LIMIT * limits.timeout_seconds * 1000,
            severity="TICKET",
            meaning=f"A call took more than {NEAR_LIMIT:.0%} of the timeout of {limits.timeout_seconds} s.",
            first_step="find the call in the function's log by its duration, and see how large its batch was.",
        ),
        AlarmSpec(
            name="function-memory",
            metric=metrics.memory(period=FIVE_MINUTES),
            threshold=NEAR_LIMIT * limits.memory_mb,
            severity="TICKET",
            meaning=f"An environment used more than {NEAR_LIMIT:.0%} of its {limits.memory_mb} MB; above them "
            "Lambda kills it.",
            first_step="see whether memory grew with a deployment, or with the size of the batches.",
        ),
        # The new version has a tenth of the requests: its errors would hide in the alias's.
        AlarmSpec(
            name="new-version-errors",
            metric=cloudwatch.MathExpression(
                expression="FILL(crashed, 0) + FILL(crashedPastAlias, 0) + FILL(failed, 0)",
                using_metrics={
                    "crashed": metrics.new_version("Errors"),
                    # The heartbeat calls it by its number. On a quiet day these are the only calls in a canary.
                    "crashedPastAlias": metrics.new_version_past_alias("Errors"),
                    "failed": metrics.failed_by_new_version(),
                },
                period=FIVE_MINUTES,
            ),
            threshold=2,
            severity="PAGE",
            meaning="The version that was deployed last crashes, times out or answers with a 5xx. CodeDeploy rolls it "
            "back if its deployment is still running.",
            first_step="check in CodeDeploy that it was rolled back; if the deployment was over, roll it back by hand.",
        ),
        AlarmSpec(
            name="observer-failures",
            metric=metrics.service(metric_names.OBSERVER_FAILURES, period=FIFTEEN_MINUTES),
            threshold=1,
            severity="TICKET",
            meaning="A log, metric or capture step failed after the answer was made. Answers are not affected, but "
            "metrics or logs are incomplete.",
            first_step='read the log lines "observer failed".',
        ),
    ]


def provisioned_concurrency_alarms(metrics: Metrics, limits: Limits) -> list[AlarmSpec]:
    """Alarms of a stage with provisioned concurrency."""
    spillover = metrics.alias("ProvisionedConcurrencySpilloverInvocations")
    return [
        AlarmSpec(
            name="provisioned-utilisation",
            # The average, as for scaling: both environments of a quiet hour are busy now and then.
            metric=metrics.alias("ProvisionedConcurrencyUtilization", "Average", period=FIVE_MINUTES),
            threshold=UTILISATION,
            severity="TICKET",
            meaning=f"{UTILISATION:.0%} of the provisioned concurrency has been in use for fifteen minutes.",
            first_step="see whether the load is as expected; if so, raise provisioned_highest.",
            evaluation_periods=3,
        ),
        AlarmSpec(
            name="provisioned-spillover",
            metric=share(spillover, metrics.alias("Invocations"), SPILLOVER_MINIMUM, FIVE_MINUTES),
            threshold=SPILLOVER_SHARE,
            severity="TICKET",
            meaning=f"{SPILLOVER_SHARE:.0%} of the calls found no warm environment, so some of them waited for a cold "
            "start.",
            first_step="see whether the load is as expected; if so, raise provisioned_lowest or shift the schedule.",
            evaluation_periods=3,
            datapoints_to_alarm=2,
        ),
        AlarmSpec(
            name="cold-starts",
            metric=metrics.model(metric_names.COLD_START, period=FIFTEEN_MINUTES),
            threshold=limits.most_warm + 1,
            severity="TICKET",
            meaning=f"More environments started in fifteen minutes than the {limits.most_warm} of provisioned "
            "concurrency: clients waited for the others.",
            first_step="see whether the load rose faster than the schedule; if so, begin the schedule earlier.",
        ),
    ]


def firewall_alarms(metrics: Metrics) -> list[AlarmSpec]:
    """Alarms of a stage with a firewall."""
    return [
        AlarmSpec(
            name="firewall-blocked",
            metric=metrics.blocked_with_key(period=FIFTEEN_MINUTES),
            threshold=1,
            severity="TICKET",
            meaning="The firewall blocked a request that had an API key, so a client most likely got a 403 for a good "
            "request.",
            first_step="find in the firewall's log which rule blocked it, and ask the client what it sent.",
        )
    ]
