"""The statistical tests that decide between model versions, by scipy."""

from scipy.stats import binomtest


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a share; without trials it is 0 to 1."""
    if not trials:
        return 0.0, 1.0
    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def p_not_worse(fixed: int, broken: int) -> float:
    """The probability of at least `broken` among all changed answers if both versions are equally good.

    The exact one-sided test of Q. McNemar, Note on the sampling error of the difference between correlated
    proportions, Psychometrika 12 (1947).
    """
    changed = fixed + broken
    return float(binomtest(broken, changed, alternative="greater").pvalue) if changed else 1.0
