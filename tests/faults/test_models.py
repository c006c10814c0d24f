"""A damaged or missing model never answers."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import DIGITS, VERSION
from tests.container.conftest import Container
from tests.faults.conftest import Ask, Fault

INSIDE = f"/var/task/model/digits/{VERSION}"
ALARM = "new-version-errors"


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("what", "change"),
    [("truncated", lambda content: content[: len(content) // 2]), ("with one bit flipped", _flipped)],
    ids=("truncated", "flipped"),
)
def test_a_damaged_model_refuses_to_start_until_it_is_repaired(
    what: str,
    change: Callable[[bytes], bytes],
    start: Callable[..., Container],
    fault: Callable[..., Fault],
    ask: Ask,
    tmp_path: Path,
) -> None:
    row = fault(f"the model {what}", ALARM)
    model = tmp_path / "model.onnx"
    right = (DIGITS / "model.onnx").read_bytes()
    model.write_bytes(change(right))
    container = start(f"--volume={model}:{INSIDE}/model.onnx:ro")
    for _ in range(2):
        row.seen(ask(container))
        assert row.client_sees == "502 `bad_gateway`"
    assert "SHA-256" in container.logs()
    model.write_bytes(right)
    row.survived(ask(container))


def test_a_missing_model_refuses_to_start_until_it_is_there(
    start: Callable[..., Container], fault: Callable[..., Fault], ask: Ask, tmp_path: Path
) -> None:
    row = fault("the model missing", ALARM)
    container = start(f"--volume={tmp_path}:{INSIDE}:ro")
    for _ in range(2):
        row.seen(ask(container))
        assert row.client_sees == "502 `bad_gateway`"
    shutil.copytree(DIGITS, tmp_path, dirs_exist_ok=True)
    row.survived(ask(container))
