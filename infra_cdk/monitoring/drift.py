"""The digits' reference shares in, metric math out: how far the last hour's answers are from them.

The index is the population stability index. With d = count + 0.5, T = the sum of d and q = a reference share,

    PSI = sum((d/T - q) * (ln(d/T) - ln q)) = sum(d * (ln d - ln q)) / T - sum(q * (ln d - ln q))

because d/T and q both sum to 1, so that ln T falls out. In this form each count stands flat in one expression: an alarm
takes ten metrics, which the digits are, and 2,048 characters.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra_cdk.config import ConfigError, StageConfig
from infra_cdk.monitoring.metrics import DIGITS, HEARTBEAT_IMAGES_PER_MINUTE, Metrics

WINDOW = Duration.hours(1)
# Five times what the heartbeat sends in the window, whose ten even digits would hide a drift. With 3,000 pictures
# chance alone gives an index of 0.003 (9/3000), and of 0.011 once in 10,000 hours.
MINIMUM = 5 * 60 * HEARTBEAT_IMAGES_PER_MINUTE
# The usual bound between "no change" and "look at it"; shares that vary by a fifth of themselves give 0.04.
THRESHOLD = 0.1


def reference_shares(config: StageConfig, source: Path) -> tuple[float, ...]:
    """The ten shares that the stage expects: its own, or else those of the training of its model version.

    Raises:
        ConfigError: it has none, and its model version is not in the repository.
    """
    if config.reference_shares:
        return config.reference_shares
    contract = source / "model" / "digits" / config.model_version / "contract.json"
    if not contract.exists():
        raise ConfigError(
            f"model_version is {config.model_version!r}; it takes one of model/digits, or reference_shares beside it"
        )
    return tuple(json.loads(contract.read_bytes())["training_class_shares"])


def expression(shares: Sequence[float], minimum: int = MINIMUM) -> str:
    """The index over m0 to m9, the counts of each digit; 0 with fewer than `minimum` pictures."""
    fills = [f"FILL(m{digit},0)" for digit in range(len(shares))]
    total = f"({'+'.join(fills)})"
    logs = [f"(LOG({fill}+.5)-({math.log(share):.7f}))" for fill, share in zip(fills, shares, strict=True)]
    observed = "+".join(f"({fill}+.5)*{log}" for fill, log in zip(fills, logs, strict=True))
    expected = "+".join(f"{share:.7f}*{log}" for share, log in zip(shares, logs, strict=True))
    return f"IF({total}>={minimum},({observed})/({total}+{len(shares) / 2:g})-({expected}),0)"


def index(metrics: Metrics, shares: Sequence[float], *, period: Duration = WINDOW) -> cloudwatch.MathExpression:
    """The index of the answers of the stage's model version."""
    return cloudwatch.MathExpression(
        expression=expression(shares),
        using_metrics={f"m{digit}": metrics.own(name) for digit, name in enumerate(DIGITS)},
        period=period,
        label="Population stability index",
    )
