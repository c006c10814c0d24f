"""The versions of a model: found, loaded when first asked for, and kept; a broken one does not stop the others."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lambda_fn.errors import ModelRejected, NotFound, NotReady
from lambda_fn.inference.repository import Repository
from tests.conftest import VERSION, change_contract

DAMAGES: dict[str, Callable[[Path], object]] = {
    "no contract that can be read": lambda folder: (folder / "contract.json").write_text("{"),
    "a contract without its digest": lambda folder: change_contract(folder, sha256=None, version="4"),
    "a model that is cut short": lambda folder: (folder / "model.onnx").write_bytes(b"onnx"),
    "no model": lambda folder: (folder / "model.onnx").unlink(),
}


@pytest.fixture
def third(folder: Path) -> Path:
    """A good version 3 beside the default."""
    third = folder.with_name("3")
    shutil.copytree(folder, third)
    change_contract(third, version="3")
    return third


@pytest.fixture(params=DAMAGES.values(), ids=DAMAGES)
def broken(third: Path, request: pytest.FixtureRequest) -> Path:
    """A broken version 3 beside the default."""
    request.param(third)
    return third


def repository(folder: Path, version: str = VERSION) -> Repository:
    return Repository(folder.parents[1], {"digits": version})


def test_a_version_is_loaded_when_first_asked_for_and_kept(third: Path) -> None:
    found = repository(third)
    assert found.names == ("digits",)
    assert found.versions("digits") == (VERSION, "3")
    assert found.get("digits") is found.get("digits", VERSION)
    assert found.get("digits", "3") is found.get("digits", "3")
    assert found.get("digits", "3").contract.version == "3"


def test_an_unknown_model_or_version_names_those_that_exist(third: Path) -> None:
    found = repository(third)
    with pytest.raises(NotFound, match=f"no such version; there is {VERSION}, 3"):
        found.get("digits", "99")
    for version in (None, VERSION):
        with pytest.raises(NotFound, match="no such model; there is digits"):
            found.get("letters", version)


def test_a_version_is_never_a_path(folder: Path) -> None:
    with pytest.raises(NotFound):
        repository(folder).get("digits", f"../digits/{VERSION}")


def test_a_broken_version_leaves_the_default_answering(broken: Path) -> None:
    found = repository(broken)
    assert found.get("digits").contract.version == VERSION
    assert found.versions("digits") == (VERSION, "3")
    for _ in range(2):
        with pytest.raises(NotReady, match="version 3 is not what its contract says"):
            found.get("digits", "3")


@pytest.mark.parametrize(("member", "reason"), [("name", "is a version of letters"), ("task", "its task is letters")])
def test_a_version_of_another_kind_is_not_ready(third: Path, member: str, reason: str) -> None:
    change_contract(third, **{member: "letters"})
    found = repository(third)
    for ask in (found.get, found.contract):
        with pytest.raises(NotReady) as caught:
            ask("digits", "3")
        assert reason in caught.value.reason


def test_want_of_memory_does_not_make_a_version_not_ready_for_good(
    third: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = repository(third)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", raises_memory_error)
        with pytest.raises(MemoryError):
            found.get("digits", "3")
    assert found.get("digits", "3").contract.version == "3"


def raises_memory_error(_: Path) -> bytes:
    raise MemoryError


def test_a_folder_that_holds_another_model_stops_the_start(folder: Path) -> None:
    change_contract(folder, name="letters")
    with pytest.raises(ModelRejected, match="is a version of letters, not of digits"):
        repository(folder)


def test_a_broken_default_stops_the_start(broken: Path) -> None:
    with pytest.raises(ModelRejected, match=str(broken)):
        repository(broken, "3")


@pytest.fixture
def ask(broken: Path, handler_with: Callable[..., Any], event: Callable[..., Any]) -> Callable[..., tuple[int, Any]]:
    """Asks the real handler, started with the broken version in its repository."""
    handler = handler_with(MODEL_REPOSITORY=str(broken.parents[1]))

    def send(path: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
        response = handler(event(body, method=method, path=path), None)
        return response["statusCode"], json.loads(response["body"])

    return send


def test_clients_of_the_default_notice_nothing(ask: Callable[..., tuple[int, Any]], mnist: Any) -> None:
    status, answer = ask("/predict/batch", "POST", {"x": mnist[0][0].tolist()})
    assert (status, answer["y"], answer["model"]["version"]) == (200, [7], VERSION)
    assert ask("/v2/models/digits/ready") == (200, {"name": "digits", "ready": True})
    status, health = ask("/health")
    assert status == 200
    assert [model["version"] for model in health["models"] if model["default"]] == [VERSION]


def test_the_broken_version_is_not_ready(ask: Callable[..., tuple[int, Any]]) -> None:
    status, answer = ask("/v2/models/digits/versions/3/ready")
    assert (status, answer["code"]) == (400, "not_ready")
    assert answer["error"] == "version 3 is not what its contract says"
    _, index = ask("/v2/repository/index", "POST")
    assert {each["version"]: each["state"] for each in index} == {VERSION: "READY", "3": "UNAVAILABLE"}


def test_a_prediction_by_the_broken_version_is_not_ready(ask: Callable[..., tuple[int, Any]]) -> None:
    status, answer = ask("/v2/models/digits/versions/3/infer", "POST", {"inputs": []})
    assert (status, answer["code"]) == (400, "not_ready")


def test_the_answer_does_not_say_why(ask: Callable[..., tuple[int, Any]], broken: Path) -> None:
    _, answer = ask("/v2/models/digits/versions/3/ready")
    assert str(broken) not in json.dumps(answer)
