"""Reads a model version's golden files: tensors that prove the model, and requests that prove the whole service."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lambda_fn.errors import ModelRejected
from lambda_fn.inference.contract import Contract, ContractError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TENSORS, REQUESTS = "golden.npz", "golden_requests.json"


@dataclass(frozen=True, slots=True)
class GoldenRequest:
    """A request to the public API, and what its answer must be.

    Attributes:
        path, query, body: what to POST; the body is a JSON object.
        answer: members that the JSON answer must have, each a list with one value an input.
        tolerance: absolute difference allowed between numbers with a fraction.
    """

    name: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    answer: dict[str, list[Any]]
    tolerance: float

    @property
    def count(self) -> int:
        """The number of inputs."""
        return len(next(iter(self.answer.values())))

    def mismatches(self, answer: Mapping[str, Any]) -> dict[int, str]:
        """What is wrong in an answer, by the index of the input.

        Raises:
            ValueError: a member is missing, or is not a list with one value an input.
        """
        wrong: dict[int, str] = {}
        for member, expected in self.answer.items():
            found = answer.get(member)
            if not isinstance(found, list) or len(found) != len(expected):
                raise ValueError(f"{member} is not a list of {len(expected)}")
            for index, (value, right) in enumerate(zip(found, expected, strict=True)):
                if not _equal(value, right, self.tolerance):
                    wrong.setdefault(index, f"{member} is {_short(value)}, must be {_short(right)}")
        return wrong


def read_contract(directory: Path) -> Contract:
    """Reads contract.json. Raises ModelRejected."""
    try:
        return Contract.read(directory / "contract.json")
    except ContractError as error:
        raise ModelRejected(str(error)) from error


def read_verified(path: Path, sha256: str) -> bytes:
    """A file's bytes. Raises ModelRejected if it is missing or has another digest."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelRejected(f"{path}: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelRejected(f"{path}: its SHA-256 is {found}, the contract says {sha256}")
    return content


def read_tensors(directory: Path, contract: Contract) -> "dict[str, NDArray[np.float32]]":
    """The golden inputs and outputs, by the graph's tensor names. Raises ModelRejected as `read_verified`."""
    import numpy as np

    content = read_verified(directory / TENSORS, contract.golden_sha256)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def read_requests(directory: Path) -> list[GoldenRequest]:
    """The golden requests; the first one is the heartbeat's. Raises ModelRejected as `read_verified`."""
    content = read_verified(directory / REQUESTS, read_contract(directory).golden_requests_sha256)
    return [GoldenRequest(**members) for members in json.loads(content)]


def _equal(found: object, expected: object, tolerance: float) -> bool:
    if isinstance(expected, float):
        return isinstance(found, int | float) and abs(found - expected) <= tolerance  # false for NaN
    if isinstance(expected, list):
        if not isinstance(found, list) or len(found) != len(expected):
            return False
        return all(_equal(a, b, tolerance) for a, b in zip(found, expected, strict=True))
    return type(found) is type(expected) and found == expected


def _short(value: object) -> str:
    return json.dumps(value)[:60]
