"""The paths that describe the server and its models."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lambda_fn import __version__
from lambda_fn.errors import NotFound, NotReady
from lambda_fn.inference.repository import Repository
from lambda_fn.tasks import TASKS
from lambda_fn.v2 import endpoints
from lambda_fn.v2.endpoints import ROUTES, Call, Endpoints
from tests.conftest import CONTRACT, DIGITS, VERSION, VERSIONS
from tests.server import ROOT

NAMED = "/v2/models/{model}"
VERSIONED = "/v2/models/{model}/versions/{version}"


@pytest.fixture(scope="module")
def described() -> Endpoints:
    return Endpoints(Repository(DIGITS.parents[1], {"digits": VERSION}), TASKS, 100)


@pytest.mark.parametrize("route", ROUTES)
def test_every_route_is_found_by_its_path(route: str) -> None:
    path = route.format(model="digits", version="1")
    found = endpoints.find(path)
    assert found == Call(route, "digits" if "{model}" in route else "", "1" if "{version}" in route else None)
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
def test_no_other_path_is_found(path: str) -> None:
    with pytest.raises(NotFound):
        endpoints.find(path)


def test_an_unknown_model_or_version_names_those_that_exist(described: Endpoints) -> None:
    with pytest.raises(NotFound, match="no such model; there is digits"):
        described.check_exists(Call(NAMED, "letters"))
    with pytest.raises(NotFound, match=f"no such version; there is {', '.join(VERSIONS)}"):
        described.check_exists(Call(VERSIONED, "digits", "99"))
    described.check_exists(Call(VERSIONED, "digits", "1"))


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.endswith("/infer")])
def test_every_other_route_has_an_answer(described: Endpoints, route: str) -> None:
    assert described.describe(endpoints.find(route.format(model="digits", version="1")))


def test_the_metadata_is_the_contracts(described: Endpoints) -> None:
    metadata = described.describe(Call(NAMED, "digits"))
    assert metadata == {
        "name": "digits",
        "versions": VERSIONS,
        "platform": "onnx_onnxv1",
        "inputs": [
            {
                "name": CONTRACT.inputs[0].name,
                "datatype": "FP32",
                "shape": [-1, 28, 28, 1],
                "parameters": {
                    "also_datatypes": "UINT8",
                    "also_shapes": "[-1, 28, 28], [-1, 784]",
                    "max_images": 100,
                },
            }
        ],
        "outputs": [
            {"name": CONTRACT.outputs[0].name, "datatype": "FP32", "shape": [-1, 10]},
            {"name": "digit", "datatype": "INT64", "shape": [-1]},
        ],
    }


DAMAGES: dict[str, Callable[[Path], object]] = {
    "its model": lambda folder: (folder / "model.onnx").write_bytes(b"damaged"),
    "its contract": lambda folder: (folder / "contract.json").write_bytes(b"damaged"),
}


@pytest.fixture(params=DAMAGES)
def damaged(folder: Path, request: pytest.FixtureRequest) -> Endpoints:
    """Version 3 is the default's copy with a damaged file."""
    third = folder.with_name("3")
    shutil.copytree(folder, third)
    contract = (third / "contract.json").read_text().replace(f'"version": "{VERSION}"', '"version": "3"')
    (third / "contract.json").write_text(contract)
    DAMAGES[request.param](third)
    return Endpoints(Repository(folder.parents[1], {"digits": VERSION}), TASKS, 1)


def not_ready(described: Endpoints, call: Call) -> None:
    described.check_exists(call)
    with pytest.raises(NotReady, match="version 3 is not what its contract says") as caught:
        described.describe(call)
    assert (caught.value.status, caught.value.code) == (400, "not_ready")


def test_a_damaged_version_is_not_ready_and_the_default_is(damaged: Endpoints) -> None:
    not_ready(damaged, Call(f"{VERSIONED}/ready", "digits", "3"))
    not_ready(damaged, Call("/v2/health/ready"))
    assert damaged.describe(Call(f"{NAMED}/ready", "digits")) == {"name": "digits", "ready": True}


def test_the_index_says_which_version_is_unavailable(damaged: Endpoints) -> None:
    good, bad = damaged.describe(Call("/v2/repository/index"))
    assert good == {"name": "digits", "version": VERSION, "state": "READY", "reason": ""}
    reason = "version 3 is not what its contract says"
    assert bad == {"name": "digits", "version": "3", "state": "UNAVAILABLE", "reason": reason}


@pytest.mark.parametrize("damaged", ["its contract"], indirect=True)
@pytest.mark.parametrize("path", [VERSIONED, f"{VERSIONED}/config"])
def test_a_version_with_a_damaged_contract_has_no_metadata(damaged: Endpoints, path: str) -> None:
    not_ready(damaged, Call(path, "digits", "3"))


def test_a_damaged_version_is_still_listed(damaged: Endpoints) -> None:
    assert damaged.describe(Call(NAMED, "digits"))["versions"] == [VERSION, "3"]


def test_the_servers_version_is_the_projects(described: Endpoints) -> None:
    project = (ROOT / "pyproject.toml").read_text()
    (version,) = re.findall(r'^version = "(.*)"$', project, re.MULTILINE)
    assert described.describe(Call("/v2"))["version"] == version == __version__


def test_the_config_and_the_metadata_name_the_most_images_of_the_setting(described: Endpoints) -> None:
    assert described.describe(Call(f"{NAMED}/config", "digits"))["max_batch_size"] == 100
    (tensor,) = described.describe(Call(NAMED, "digits"))["inputs"]
    assert tensor["parameters"]["max_images"] == 100
