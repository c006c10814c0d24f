"""contract.json is read whole, or refused with the file and the reason."""

import json
from pathlib import Path

import pytest

from lambda_fn.inference.contract import Contract, ContractError
from tests.conftest import DIGITS, VERSIONS, change_contract


def refusal(folder: Path) -> str:
    with pytest.raises(ContractError) as caught:
        Contract.read(folder / "contract.json")
    text = str(caught.value)
    assert text.startswith(f"{folder / 'contract.json'}: ")
    return text.partition(": ")[2]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contract_is_what_the_build_wrote(version: str) -> None:
    path = DIGITS.parent / version / "contract.json"
    written, contract = json.loads(path.read_bytes()), Contract.read(path)
    assert (contract.name, contract.version, contract.task, contract.unit) == (
        "digits",
        version,
        "digit_images",
        "image",
    )
    assert contract.labels == tuple("0123456789")
    assert contract.class_metrics == tuple(f"Digit{label}" for label in contract.labels)
    assert contract.inputs[0].shape == (-1, 28, 28, 1)
    assert contract.warnings == {code: about["meaning"] for code, about in written["warnings"].items()}


def test_a_missing_contract_is_refused(folder: Path) -> None:
    (folder / "contract.json").unlink()
    assert refusal(folder) == "No such file or directory"


@pytest.mark.parametrize("member", ["sha256", "task", "class_metrics", "golden_requests_sha256"])
def test_a_missing_member_is_named(folder: Path, member: str) -> None:
    contract = json.loads((folder / "contract.json").read_bytes())
    del contract[member]
    (folder / "contract.json").write_text(json.dumps(contract))
    assert refusal(folder) == f"has no member '{member}'"


@pytest.mark.parametrize("text", ["", "[]", "7", '{"inputs": []}', "\x00"])
def test_an_unreadable_contract_is_refused(folder: Path, text: str) -> None:
    (folder / "contract.json").write_text(text)
    assert refusal(folder)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"version": "77"}, "is the contract of version 77"),
        ({"low_confidence_below": float("nan")}, "low_confidence_below is nan, not between 0 and 1"),
        ({"golden_tolerance": 2}, "tolerance is 2.0, not between 0 and 1"),
        ({"labels": ["0", "1"]}, "2 labels and 10 class_metrics"),
        ({"inputs": []}, "has no inputs or no outputs"),
        ({"inputs": [{"name": "images", "datatype": "FP32"}]}, "has no member 'shape'"),
        ({"warnings": {"blank": 7}}, ""),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(folder: Path, members: dict[str, object], reason: str) -> None:
    change_contract(folder, **members)
    assert refusal(folder).startswith(reason)
