"""The environment in, typed settings out; the only reader of os.environ. Every setting of the service has a default."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lambda_fn.limits import IMAGES

# model/ lies beside lambda_fn/ in the repository and in the image alike.
MODEL_REPOSITORY = Path(__file__).resolve().parent.parent / "model"


class SettingsError(ValueError):
    """A setting has a value that can't be used; the message names the setting and what it takes."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment may choose.

    | environment        | meaning                                                    | default        |
    |--------------------|------------------------------------------------------------|----------------|
    | MODEL_REPOSITORY   | folder of <name>/<version>/model.onnx                      | model/         |
    | MODEL_NAME         | the model that answers /predict                            | digits         |
    | MODEL_VERSION      | the version that answers where a request names none        | 2              |
    | MODEL_URI          | s3://bucket/prefix of <name>/<version>/, not the image's   | none           |
    | MAX_IMAGES         | images in one request, 1 or more                           | 8192           |
    | IMAGE_LINKS        | true, where pictures may be fetched by link (image_link)   | false          |
    | INFERENCE_THREADS  | threads of one inference, 1 or more; as many as vCPUs      | 1              |
    | SERVICE_NAME       | `service` in log lines and metric dimensions               | postal-digits  |
    | CORS_ORIGINS       | origins whose pages may call, with commas between them     | none           |
    | LOG_LEVEL          | DEBUG, INFO, WARNING, ERROR or CRITICAL                    | INFO           |

    AWS_LAMBDA_FUNCTION_VERSION, or $LATEST, is not a deployment's to choose: Lambda sets it.
    """

    model_repository: Path = MODEL_REPOSITORY
    model_name: str = "digits"
    model_version: str = "2"
    model_uri: str = ""
    max_images: int = IMAGES
    image_links: bool = False
    inference_threads: int = 1
    service_name: str = "postal-digits"
    cors_origins: tuple[str, ...] = ()
    log_level: str = "INFO"
    aws_lambda_function_version: str = "$LATEST"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Reads the settings.

        Raises:
            SettingsError: a value can't be used.
        """
        default = cls()
        return cls(
            model_repository=Path(environment.get("MODEL_REPOSITORY", default.model_repository)),
            model_name=environment.get("MODEL_NAME", default.model_name),
            model_version=environment.get("MODEL_VERSION", default.model_version),
            model_uri=_uri(environment.get("MODEL_URI", default.model_uri)),
            max_images=_count(environment, "MAX_IMAGES", default.max_images),
            image_links=_flag(environment, "IMAGE_LINKS"),
            inference_threads=_count(environment, "INFERENCE_THREADS", default.inference_threads),
            service_name=environment.get("SERVICE_NAME", default.service_name),
            cors_origins=_origins(environment.get("CORS_ORIGINS", "")),
            log_level=_level(environment.get("LOG_LEVEL", default.log_level)),
            aws_lambda_function_version=environment.get(
                "AWS_LAMBDA_FUNCTION_VERSION", default.aws_lambda_function_version
            ),
        )

    @property
    def versions_directory(self) -> Path:
        """The folder that holds the model's versions."""
        return self.model_repository / self.model_name

    @property
    def model_directory(self) -> Path:
        """The folder of the default version."""
        return self.versions_directory / self.model_version


def told(name: str, environment: Mapping[str, str] = os.environ) -> str:
    """A variable that has no default: where the heartbeat and the pre-traffic hook, which have such, are to ask.

    Raises:
        SettingsError: it is missing or empty.
    """
    if not environment.get(name):
        raise SettingsError(f"{name} is not set; it has no default")
    return environment[name]


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
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    if text not in levels:
        raise SettingsError(f"LOG_LEVEL is {text!r}; it takes one of {', '.join(levels)}")
    return text
