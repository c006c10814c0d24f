"""Settings are read from the environment; a bad value is refused by its name."""

import re
from pathlib import Path

import pytest

from lambda_fn.settings import Settings, SettingsError, required

EVERY_SETTING = {
    "MODELS": "letters=7,digits=2",
    "MODEL_REPOSITORY": "/opt/model",
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
    assert Settings.from_environment(EVERY_SETTING) == Settings(
        models={"letters": "7", "digits": "2"},
        model_repository=Path("/opt/model"),
        model_uri="s3://bucket/models",
        max_inputs=10,
        image_links=True,
        inference_threads=2,
        service_name="letters",
        cors_origins=("https://a.example", "http://localhost:3000"),
        log_level="DEBUG",
        function_version="12",
    )


def test_the_first_model_stays_the_first() -> None:
    assert list(Settings.from_environment(EVERY_SETTING).models) == ["letters", "digits"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODELS", ""),
        ("MODELS", "digits"),
        ("MODELS", "digits="),
        ("MODELS", "digits=2,"),
        ("MODELS", "=2"),
        ("MODELS", "../digits=2"),
        ("MODELS", "digits=../../etc"),
        ("MODELS", "digits=1=2"),
        ("MAX_IMAGES", "0"),
        ("MAX_IMAGES", "many"),
        ("MAX_IMAGES", "-1"),
        ("IMAGE_LINKS", "yes"),
        ("IMAGE_LINKS", "True"),
        ("IMAGE_LINKS", ""),
        ("INFERENCE_THREADS", ""),
        ("MODEL_URI", "https://bucket/models"),
        ("MODEL_URI", "s3://bucket/models/"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"{name} is {value!r}; it takes")):
        Settings.from_environment({name: value})


def test_a_model_can_not_have_two_default_versions() -> None:
    with pytest.raises(SettingsError, match="it names a model twice"):
        Settings.from_environment({"MODELS": "digits=1,digits=2"})


@pytest.mark.parametrize("environment", [{}, {"API_URL": ""}])
def test_a_required_variable_must_be_set(environment: dict[str, str]) -> None:
    assert required("API_URL", {"API_URL": "https://api.example/v1/"}) == "https://api.example/v1/"
    with pytest.raises(SettingsError, match="API_URL is not set; it has no default"):
        required("API_URL", environment)
