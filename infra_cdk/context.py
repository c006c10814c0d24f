"""The CDK's context comes in (`-c key=value`, cdk.json), the configuration of the stage that it names goes out."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from infra_cdk.config import STAGES, ConfigError, ScalingSchedule, StageConfig, refusal


def read(context: Mapping[str, Any]) -> StageConfig:
    """The stage's values, with those of the context in their place.

    Raises:
        ConfigError: a value can't be used, or has no such name.
    """
    stage = context.get("stage", "dev")
    if stage not in STAGES:
        raise ConfigError(f"stage is {stage!r}; it takes one of {', '.join(STAGES)}")
    fields = {each.name: each for each in dataclasses.fields(StageConfig)}
    # The CDK's own keys (feature flags, look-ups) hold characters that a name can't.
    for unknown in (key for key in context if key.isidentifier() and key not in fields):
        raise ConfigError(f"{unknown} is no value of a stage; there are {', '.join(fields)}")
    given = {name: _parse(name, str(fields[name].type), context[name]) for name in fields if name in context}
    return dataclasses.replace(STAGES[stage], **given)


def _parse(name: str, kind: str, value: Any) -> Any:
    text = str(value).strip()
    try:
        return PARSERS[kind](text)
    except (ValueError, KeyError):
        raise refusal(name, text) from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _schedules(text: str) -> tuple[ScalingSchedule, ...]:
    return tuple(_schedule(line.strip()) for line in text.split(";")) if text else ()


def _schedule(line: str) -> ScalingSchedule:
    found = re.fullmatch(r"(cron\([^ )]+(?: [^ )]+){5}\)) ([0-9]+) ([0-9]+)", line)
    if not found:
        raise ValueError(line)
    return ScalingSchedule(found[1], int(found[2]), int(found[3]))


PARSERS: dict[str, Callable[[str], Any]] = {
    str(str): str,
    str(int): int,
    str(float): float,
    str(bool): lambda text: {"true": True, "false": False}[text.lower()],
    str(tuple[str, ...]): _names,
    str(tuple[float, ...]): lambda text: tuple(float(share) for share in text.split(",")),
    str(tuple[ScalingSchedule, ...]): _schedules,
}
