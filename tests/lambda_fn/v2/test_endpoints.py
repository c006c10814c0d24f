"""Paths in, what lies there out."""

import re
import shutil
from pathlib import Path

import pytest

from lambda_fn import __version__
from lambda_fn.errors import NotFound, RequestError
from lambda_fn.inference.model import Models
from lambda_fn.settings import Settings
from lambda_fn.v2 import endpoints
from lambda_fn.v2.endpoints import ROUTES, Call
from tests.conftest import EVENTS

SETTINGS = Settings()


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(SETTINGS.versions_directory, SETTINGS.model_version)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_found_by_its_path(route: str) -> None:
    path = route.format(model="digits", version="1")
    found = endpoints.find(path)
    assert found == Call(route, "digits" if "{model}" in route else None, "1" if "{version}" in route else None)
    assert endpoints.find(path + "/") == found


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models",
        "/v2/models/",
        "/v2/models//ready",
        "/v2/models/digits/versions",
        "/v2/models/digits/versions/1/ready/more",
        "/v2/health",
        "/v2/models/digits/infer\n",
        "/v3",
    ],
)
def test_nothing_else_is_found(path: str) -> None:
    with pytest.raises(NotFound):
        endpoints.find(path)


def test_an_unknown_model_or_version_names_those_there_are(models: Models) -> None:
    with pytest.raises(NotFound, match="no such model; there is digits"):
        endpoints.check_model(Call("/v2/models/{model}", "letters"), models)
    with pytest.raises(NotFound, match="no such version; there is 1, 2"):
        endpoints.check_model(Call("/v2/models/{model}/versions/{version}", "digits", "3"), models)
    endpoints.check_model(Call("/v2/models/{model}/versions/{version}", "digits", "1"), models)


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.endswith("/infer")])
def test_every_route_that_infers_nothing_has_an_answer(models: Models, route: str) -> None:
    call = endpoints.find(route.format(model="digits", version="1"))
    assert endpoints.describe(call, models, 8192)


def test_the_metadata_is_the_contracts(models: Models) -> None:
    contract = models.default.contract
    metadata = endpoints.describe(Call("/v2/models/{model}", "digits"), models, 100)
    (given,), (made, digit) = metadata["inputs"], metadata["outputs"]
    assert (given["name"], given["datatype"], given["shape"]) == ("images", "FP32", [-1, 28, 28, 1])
    assert (given["name"], tuple(given["shape"])) == (contract.input_name, contract.input_shape)
    assert given["parameters"] == {
        "also_datatypes": "UINT8",
        "also_shapes": "[-1, 28, 28], [-1, 784]",
        "max_images": 100,
    }
    assert made == {"name": contract.output_name, "datatype": "FP32", "shape": [-1, 10]}
    assert digit == {"name": "digit", "datatype": "INT64", "shape": [-1]}


def test_a_damaged_version_is_not_ready_and_the_default_is(tmp_path: Path) -> None:
    shutil.copytree(SETTINGS.versions_directory, tmp_path / "digits", ignore=shutil.ignore_patterns("*.png", "*.ipynb"))
    (tmp_path / "digits" / "1" / "model.onnx").write_bytes(b"damaged")
    models = Models(tmp_path / "digits", "2")
    ready = endpoints.describe(Call("/v2/models/{model}/ready", "digits"), models, 1)
    assert ready == {"name": "digits", "ready": True}
    for call in (Call("/v2/health/ready"), Call("/v2/models/{model}/versions/{version}/ready", "digits", "1")):
        with pytest.raises(RequestError, match="version 1 is not what its contract says") as caught:
            endpoints.describe(call, models, 1)
        assert caught.value.code == "not_ready"
        assert 400 <= caught.value.status < 500
    index = endpoints.describe(Call("/v2/repository/index"), models, 1)
    assert {each["version"]: each["state"] for each in index} == {"1": "UNAVAILABLE", "2": "READY"}


def test_the_version_of_the_server_is_the_projects() -> None:
    project = (EVENTS.parents[1] / "pyproject.toml").read_text()
    assert re.search(r'^version = "(.*)"$', project, re.MULTILINE)[1] == __version__  # type: ignore[index]
