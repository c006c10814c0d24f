"""Reads a stage's configuration: its file, and the CDK's context (`-c key=value`, cdk.json) on top of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra_cdk import stage_file
from infra_cdk.config import ConfigError, RetentionDays, ScalingSchedule, StageConfig, refusal


def read(context: Mapping[str, Any], stages: Path = stage_file.FOLDER) -> StageConfig:
    """The stage's configuration: its file in the folder `stages`, with the context's values in place of the file's.

    Raises:
        ConfigError: a value is refused, or its name is unknown.
    """
    stage = context.get("stage", "dev")
    in_file = stage_file.read(stage, stages)
    names = StageConfig.model_fields
    # The CDK's own keys (feature flags, look-ups) are no identifiers.
    for unknown in (key for key in context if key.isidentifier() and key not in names):
        raise ConfigError(f"{unknown} is no value of a stage; there are {', '.join(names)}")
    given = {name: _parse(name, str(context[name]).strip()) for name in names if name in context}
    try:
        return StageConfig(**{"stage": stage} | in_file | given)
    except ValidationError as error:
        # The file's values were checked when they were read.
        name = str(error.errors()[0]["loc"][0])
        raise refusal(name, given[name]) from None
    except ConfigError as error:
        raise error if error.value in given else ConfigError(f"{stage_file.label(stage)}: {error}") from None


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
    cron, lowest, highest = line.rsplit(" ", 2)
    return ScalingSchedule(cron, int(lowest), int(highest))


PARSERS: dict[Any, Callable[[str], Any]] = {
    int: int,
    RetentionDays: int,
    float: float,
    bool: lambda text: {"true": True, "false": False}[text.lower()],
    tuple[str, ...]: _strings,
    tuple[float, ...]: lambda text: tuple(float(share) for share in text.split(",")),
    tuple[ScalingSchedule, ...]: _schedules,
}
