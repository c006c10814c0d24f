"""Reads a stage's configuration from the CDK's context (`-c key=value`, cdk.json)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from infra_cdk.config import STAGES, ConfigError, RetentionDays, ScalingSchedule, StageConfig, refusal


def read(context: Mapping[str, Any]) -> StageConfig:
    """The stage's configuration, with the context's values in place of its own.

    Raises:
        ConfigError: a value is refused, or its name is unknown.
    """
    stage = context.get("stage", "dev")
    if stage not in STAGES:
        raise ConfigError(f"stage is {stage!r}; it takes one of {', '.join(STAGES)}")
    names = StageConfig.model_fields
    # The CDK's own keys (feature flags, look-ups) are no identifiers.
    for unknown in (key for key in context if key.isidentifier() and key not in names):
        raise ConfigError(f"{unknown} is no value of a stage; there are {', '.join(names)}")
    values = dict(STAGES[stage]) | {name: _parse(name, str(context[name]).strip()) for name in names if name in context}
    try:
        return StageConfig(**values)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise refusal(name, values[name]) from None


def _parse(name: str, text: str) -> Any:
    try:
        return PARSERS.get(StageConfig.model_fields[name].annotation, str)(text)
    except (ValueError, KeyError):
        raise refusal(name, text) from None


def _strings(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _schedules(text: str) -> tuple[ScalingSchedule, ...]:
    return tuple(_schedule(line.strip()) for line in text.split(";")) if text else ()


def _schedule(line: str) -> ScalingSchedule:
    found = re.fullmatch(r"(cron\([^ )]+(?: [^ )]+){5}\)) ([0-9]+) ([0-9]+)", line)
    if not found:
        raise ValueError(line)
    return ScalingSchedule(found[1], int(found[2]), int(found[3]))


PARSERS: dict[Any, Callable[[str], Any]] = {
    int: int,
    RetentionDays: int,
    float: float,
    bool: lambda text: {"true": True, "false": False}[text.lower()],
    tuple[str, ...]: _strings,
    tuple[float, ...]: lambda text: tuple(float(share) for share in text.split(",")),
    tuple[ScalingSchedule, ...]: _schedules,
}
