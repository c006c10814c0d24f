"""Drift: how far the classes of the last hour's answers are from the expected shares, as metric math.

The measure is the population stability index. With d = count + 0.5, T = sum of d and q = expected share,

    PSI = sum((d/T - q) * (ln(d/T) - ln q)) = sum(d * (ln d - ln q)) / T - sum(q * (ln d - ln q))

because d/T and q both sum to 1, so that ln T cancels out. In this form each count stands flat in one expression, which
CloudWatch's limits for an alarm require.
"""

import math
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra_cdk.config import ConfigError
from infra_cdk.monitoring.metrics import Metrics

WINDOW = Duration.hours(1)
# Five times what the heartbeat sends in the window, about one input of each class a minute: more of its even classes
# would hide drift. By chance alone the index is then 0.003, and above 0.011 once in 10,000 hours.
MINIMUM_PER_CLASS = 5 * 60
# The usual limit between "no change" and "look at it"; shares that change by a fifth of themselves give 0.04.
THRESHOLD = 0.1
# Of an alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
MAX_METRICS, MAX_CHARACTERS = 10, 2048


def expression(shares: Sequence[float]) -> str:
    """The index over m0, m1 ..., the counts of the classes; 0 with fewer than MINIMUM_PER_CLASS × classes answers.

    Raises:
        ConfigError: an alarm can't hold so many classes.
    """
    fills = [f"FILL(m{number},0)" for number in range(len(shares))]
    total = f"({'+'.join(fills)})"
    logs = [f"(LOG({fill}+0.5){-math.log(share):+.7f})" for fill, share in zip(fills, shares, strict=True)]
    observed = "+".join(f"({fill}+0.5)*{log}" for fill, log in zip(fills, logs, strict=True))
    expected = "+".join(f"{share:.7f}*{log}" for share, log in zip(shares, logs, strict=True))
    minimum = MINIMUM_PER_CLASS * len(shares)
    index = f"IF({total}>={minimum},({observed})/({total}+{len(shares) / 2:g})-({expected}),0)"
    if len(shares) > MAX_METRICS or len(index) > MAX_CHARACTERS:
        raise ConfigError(
            f"the model has {len(shares)} classes; drift takes at most {MAX_METRICS}, in {MAX_CHARACTERS} characters"
        )
    return index


def index(
    metrics: Metrics, class_metrics: Sequence[str], shares: Sequence[float], *, period: Duration = WINDOW
) -> cloudwatch.MathExpression:
    """The index of the answers of the stage's model version."""
    return cloudwatch.MathExpression(
        expression=expression(shares),
        using_metrics={f"m{number}": metrics.model(name) for number, name in enumerate(class_metrics)},
        period=period,
        label="Population stability index",
    )
