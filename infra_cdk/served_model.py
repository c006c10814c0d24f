"""Reads what the stack must know of the served model from its contract."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from infra_cdk.config import ConfigError


class ModelWarning(BaseModel, frozen=True):
    """When a warning of the model is an alarm.

    Attributes:
        alarm_above: share of the inputs above which an alarm fires; None if the warning has no such alarm.
        alarm_meaning: the end of the sentence "More than 2% of the images ...".
    """

    alarm_above: float | None = Field(gt=0, le=1)
    alarm_meaning: str | None

    @model_validator(mode="after")
    def _check_alarm(self) -> Self:
        if (self.alarm_above is None) != (self.alarm_meaning is None):
            raise ValueError("alarm_above and alarm_meaning belong together")
        return self


class ServedModel(BaseModel, frozen=True):
    """Members of contract.json.

    Attributes:
        unit: one input's name, such as "image".
        class_metrics: name of each class's metric, in the order of `labels`.
    """

    name: str
    version: str
    unit: str = Field(pattern="^[a-z]+$")
    labels: tuple[str, ...] = Field(min_length=2)
    class_metrics: tuple[str, ...]
    training_class_shares: tuple[float, ...]
    warnings: dict[str, ModelWarning]

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        if not len(self.labels) == len(self.class_metrics) == len(self.training_class_shares):
            raise ValueError("labels, class_metrics and training_class_shares differ in length")
        return self

    @classmethod
    def read(cls, source: Path, name: str, version: str) -> Self:
        """Reads model/<name>/<version>/contract.json in the folder `source`.

        Raises:
            ConfigError: there is no such file, or a member is missing or wrong.
        """
        path = Path("model", name, version, "contract.json")
        if not (source / "model" / name).is_dir():
            raise ConfigError(f"model_name is {name!r}; it takes the name of a folder of model/")
        if not (source / path).is_file():
            raise ConfigError(f"model_version is {version!r}; it takes one of model/{name}")
        try:
            return cls.model_validate_json((source / path).read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"{path}: {'.'.join(map(str, first['loc'])) or 'contract'}: {first['msg']}") from None

    @property
    def units(self) -> str:
        """The plural of the unit, also the log field of their number."""
        return f"{self.unit}s"

    @property
    def units_metric(self) -> str:
        """Metric of their number."""
        return self.units.capitalize()

    @property
    def alarm_shares(self) -> dict[str, float]:
        """`alarm_above` of the warnings that have it, by code."""
        return {code: each.alarm_above for code, each in self.warnings.items() if each.alarm_above is not None}

    def expectations(
        self, *, reference_shares: tuple[float, ...], low_confidence_share: float, usual_warnings: tuple[str, ...]
    ) -> "Expectations":
        """What a stage expects; without reference shares, the training set's.

        Raises:
            ConfigError: the contract has other classes or warnings.
        """
        if reference_shares and len(reference_shares) != len(self.labels):
            takes = f"{len(self.labels)} shares above 0 whose sum is 1, with commas"
            raise ConfigError(f"reference_shares is {reference_shares!r}; it takes {takes}")
        if not set(usual_warnings) <= self.alarm_shares.keys():
            takes = f"some of {', '.join(self.alarm_shares)}, with commas between them"
            raise ConfigError(f"usual_warnings is {usual_warnings!r}; it takes {takes}")
        watched = {code: share for code, share in self.alarm_shares.items() if code not in usual_warnings}
        return Expectations(reference_shares or self.training_class_shares, low_confidence_share, watched)


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a stage expects of the answers; an alarm fires beyond it.

    Attributes:
        class_shares: of the answers, in the order of the model's labels.
        low_confidence_share: of the answers, at most.
        warning_shares: of the inputs, at most, by warning.
    """

    class_shares: tuple[float, ...]
    low_confidence_share: float
    warning_shares: dict[str, float]
