"""The objective's pairs of windows in, out: how many times too fast each spends the error budget.

A burn rate of 1 spends the budget of 30 days in 30 days. A pair pages when both windows burn: the long one says that it
matters, the short one that it still goes on. https://sre.google/workbook/alerting-on-slos/
"""

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

OBJECTIVE = 0.9999
BUDGET = 0.0001  # the share of requests that may fail


@dataclass(frozen=True, slots=True)
class Pair:
    """Two windows and the burn rate that both have to reach.

    Attributes:
        name: of the alarm.
        floor: failures in each window below which nobody is called. At ten requests a minute one failure in five
            minutes burns at 200; with five of them it is no accident.
        page: whether somebody gets up for it, or reads it in the morning.
    """

    name: str
    burn: float
    long: Duration
    short: Duration
    floor: int
    page: bool


PAIRS = (
    Pair("error-budget-1h", 14.4, Duration.hours(1), Duration.minutes(5), floor=5, page=True),
    Pair("error-budget-6h", 6, Duration.hours(6), Duration.minutes(30), floor=5, page=True),
    Pair("error-budget-1d", 3, Duration.days(1), Duration.hours(2), floor=5, page=False),
)


def burn_rate(
    errors: cloudwatch.Metric, requests: cloudwatch.Metric, period: Duration, floor: int = 0, **options: str
) -> cloudwatch.MathExpression:
    """The share of requests that failed, as a multiple of BUDGET; 0 with fewer failures than `floor`."""
    failed, share, using = _counted(errors, requests, period)
    expression = f"IF({failed} >= {max(floor, 1)}, {share} / {BUDGET}, 0)"
    return cloudwatch.MathExpression(expression=expression, using_metrics=using, period=period, **options)


def budget_left(errors: cloudwatch.Metric, requests: cloudwatch.Metric, period: Duration) -> cloudwatch.MathExpression:
    """Percent of the error budget that is left in `period`; below 0 it is overspent."""
    _, share, using = _counted(errors, requests, period)
    expression, label = f"100 * (1 - {share} / {BUDGET})", "Error budget left, %"
    return cloudwatch.MathExpression(expression=expression, using_metrics=using, period=period, label=label)


def availability(errors: cloudwatch.Metric, requests: cloudwatch.Metric, period: Duration) -> cloudwatch.MathExpression:
    """Percent of requests that were answered without a failure of ours."""
    _, share, using = _counted(errors, requests, period)
    expression, label = f"100 * (1 - {share})", "Availability, %"
    return cloudwatch.MathExpression(expression=expression, using_metrics=using, period=period, label=label)


def _counted(
    errors: cloudwatch.Metric, requests: cloudwatch.Metric, period: Duration
) -> tuple[str, str, dict[str, cloudwatch.IMetric]]:
    """The failures, the share of requests that failed, and the metrics of both, whose ids differ by their window."""
    failed, all_ = (f"{name}{period.to_minutes():g}" for name in ("errors", "requests"))
    return (
        f"FILL({failed}, 0)",
        f"FILL({failed}, 0) / FILL({all_}, 1)",
        {failed: errors, all_: requests},
    )
