"""Reads the settings from the environment; nothing else reads os.environ. Each has a default."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lambda_fn.limits import INPUTS

# model/ is beside lambda_fn/, in the repository and in the container image.
MODEL_REPOSITORY = Path(__file__).resolve().parent.parent / "model"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(ValueError):
    """A setting has an unusable value; the message names the setting and what it takes."""


def _default_models() -> dict[str, str]:
    return {"digits": "2"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment may choose.

    | environment        | meaning                                                      | default        |
    |--------------------|--------------------------------------------------------------|----------------|
    | MODELS             | models and their default versions, as in digits=2,letters=1  | digits=2       |
    | MODEL_REPOSITORY   | folder of <name>/<version>/model.onnx                        | model/         |
    | MODEL_URI          | s3://bucket/prefix of <name>/<version>/, in place of it      | none           |
    | MAX_IMAGES         | inputs in one request, 1 or more                             | 8192           |
    | IMAGE_LINKS        | true where a request may name an image by link (image_link)  | false          |
    | INFERENCE_THREADS  | threads of one inference, 1 or more; as many as vCPUs        | 1              |
    | SERVICE_NAME       | `service` in log lines and metric dimensions                 | postal-digits  |
    | CORS_ORIGINS       | origins whose pages may call, separated by commas            | none           |
    | LOG_LEVEL          | DEBUG, INFO, WARNING, ERROR or CRITICAL                      | INFO           |

    Lambda itself sets AWS_LAMBDA_FUNCTION_VERSION; elsewhere it is $LATEST.
    """

    models: Mapping[str, str] = field(default_factory=_default_models)
    model_repository: Path = MODEL_REPOSITORY
    model_uri: str = ""
    max_inputs: int = INPUTS
    image_links: bool = False
    inference_threads: int = 1
    service_name: str = "postal-digits"
    cors_origins: tuple[str, ...] = ()
    log_level: str = "INFO"
    function_version: str = "$LATEST"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads the settings. Raises SettingsError."""
        default = cls()
        return cls(
            models=_models(environment["MODELS"]) if "MODELS" in environment else default.models,
            model_repository=Path(environment.get("MODEL_REPOSITORY", default.model_repository)),
            model_uri=_uri(environment.get("MODEL_URI", default.model_uri)),
            max_inputs=_count(environment, "MAX_IMAGES", default.max_inputs),
            image_links=_flag(environment, "IMAGE_LINKS"),
            inference_threads=_count(environment, "INFERENCE_THREADS", default.inference_threads),
            service_name=environment.get("SERVICE_NAME", default.service_name),
            cors_origins=_origins(environment.get("CORS_ORIGINS", "")),
            log_level=_level(environment.get("LOG_LEVEL", default.log_level)),
            function_version=environment.get("AWS_LAMBDA_FUNCTION_VERSION", default.function_version),
        )


def required(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """A variable without a default, of the heartbeat or the pre-traffic hook. Raises SettingsError if it is not set."""
    if not environment.get(name):
        raise SettingsError(f"{name} is not set; it has no default")
    return environment[name]


def _models(text: str) -> dict[str, str]:
    pairs = [pair.split("=") for pair in text.split(",")]
    names = [pair[0] for pair in pairs]
    if not all(len(pair) == 2 and _is_pair(pair) for pair in pairs):
        raise SettingsError(f"MODELS is {text!r}; it takes names and versions such as digits=2,letters=1")
    if len(set(names)) < len(names):
        raise SettingsError(f"MODELS is {text!r}; it names a model twice")
    return {pair[0]: pair[1] for pair in pairs}


def _is_pair(pair: list[str]) -> bool:
    return bool(re.fullmatch("[a-z][a-z0-9_-]*", pair[0]) and re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]*", pair[1]))


def _count(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise SettingsError(f"{name} is {text!r}; it takes a whole number of 1 or more")
    return int(text)


def _flag(environment: Mapping[str, str], name: str) -> bool:
    text = environment.get(name, "false")
    if text not in ("true", "false"):
        raise SettingsError(f"{name} is {text!r}; it takes true or false")
    return text == "true"


def _uri(text: str) -> str:
    if text and not re.fullmatch(r"s3://[a-z0-9.-]+(/[^/]+)*", text):
        raise SettingsError(f"MODEL_URI is {text!r}; it takes s3://bucket or s3://bucket/prefix")
    return text


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(text.split(",")) if text else ()
    if not all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin) for origin in origins):
        raise SettingsError(f"CORS_ORIGINS is {text!r}; it takes origins such as https://post.example")
    return origins


def _level(text: str) -> str:
    if text not in _LEVELS:
        raise SettingsError(f"LOG_LEVEL is {text!r}; it takes one of {', '.join(_LEVELS)}")
    return text
