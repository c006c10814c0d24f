"""Reads the values of a stage from its file in stages/."""

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError

from infra_cdk.config import ConfigError, StageConfig, refusal

FOLDER = Path(__file__).parent / "stages"


def names(folder: Path = FOLDER) -> tuple[str, ...]:
    """The stages: one for each file."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def label(stage: str) -> str:
    """The file's path in the repository, for messages."""
    return f"infra_cdk/stages/{stage}.toml"


def read(stage: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The values in the file, each checked by itself, not yet with each other.

    Raises:
        ConfigError: there is no such stage, the file is no TOML, or a key or value is refused.
    """
    if stage not in names(folder):
        raise ConfigError(f"stage is {stage!r}; it takes one of {', '.join(names(folder))}")
    if not re.fullmatch("[a-z][a-z0-9]{0,7}", stage):
        raise ConfigError(f"{label(stage)}: a stage is named with a-z and 0-9, and eight characters at most")
    try:
        values = tomllib.loads((folder / f"{stage}.toml").read_text("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{label(stage)}: {error}") from None
    allowed = StageConfig.model_fields.keys() - {"stage"}
    for unknown in (name for name in values if name not in allowed):
        raise ConfigError(f"{label(stage)}: {unknown} is no value of a stage; there are {', '.join(sorted(allowed))}")
    return {name: _checked(stage, name, value) for name, value in values.items()}


def _checked(stage: str, name: str, value: object) -> Any:
    field = StageConfig.model_fields[name]
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])
    try:
        # As JSON: pydantic's strict mode takes an array for a tuple there, and still no text for a number.
        return adapter.validate_json(json.dumps(value, default=str), strict=True)
    except ValidationError:
        raise ConfigError(f"{label(stage)}: {refusal(name, value)}") from None
