"""The environment in, settings out."""

import dataclasses
import re
from pathlib import Path

import pytest

from lambda_fn.settings import Settings, SettingsError, told

GIVEN = {
    "MODEL_REPOSITORY": "/opt/model",
    "MODEL_NAME": "letters",
    "MODEL_VERSION": "7",
    "MODEL_URI": "s3://bucket/models",
    "MAX_IMAGES": "10",
    "IMAGE_LINKS": "true",
    "INFERENCE_THREADS": "2",
    "SERVICE_NAME": "letters",
    "CORS_ORIGINS": "https://a.example,http://localhost:3000",
    "LOG_LEVEL": "DEBUG",
    "AWS_LAMBDA_FUNCTION_VERSION": "12",
}


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_every_setting_is_read() -> None:
    origins = ("https://a.example", "http://localhost:3000")
    expected = Settings(
        Path("/opt/model"), "letters", "7", "s3://bucket/models", 10, True, 2, "letters", origins, "DEBUG", "12"
    )
    assert Settings.from_environment(GIVEN) == expected
    assert Settings.from_environment(GIVEN).model_directory == Path("/opt/model/letters/7")


def test_every_setting_is_documented() -> None:
    names = {field.name.upper() for field in dataclasses.fields(Settings)}
    assert names == set(GIVEN)
    assert names <= set(re.findall(r"\w+", Settings.__doc__ or ""))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_IMAGES", "0"),
        ("MAX_IMAGES", "many"),
        ("MAX_IMAGES", "-1"),
        ("IMAGE_LINKS", "yes"),
        ("INFERENCE_THREADS", ""),
        ("MODEL_URI", "https://bucket/models"),
        ("MODEL_URI", "s3://bucket/models/"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"{name} is {value!r}; it takes")):
        Settings.from_environment({name: value})


def test_what_has_no_default_must_be_told() -> None:
    assert told("API_URL", {"API_URL": "https://api.example/v1/"}) == "https://api.example/v1/"
    for environment in ({}, {"API_URL": ""}):
        with pytest.raises(SettingsError, match="API_URL is not set; it has no default"):
            told("API_URL", environment)
