"""A version's contract.json in, what the service relies on out.

The build writes the contract beside the model; nothing about a model stands in the code.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ContractError(ValueError):
    """contract.json is missing, unreadable or incomplete; the message names the file and the member."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a model version promises.

    Attributes:
        sha256, golden_sha256: hex digests of the model file and of golden.npz.
        input_name, output_name: tensors of the graph, float32, n×28×28×1 in 0..1 and n×classes summing to 1.
        input_datatype, output_datatype, input_shape, output_shape: in the Open Inference Protocol's terms; n is -1.
        labels: what each output means, by position.
        low_confidence_below: a confidence under this asks for a person, 0..1.
        golden_tolerance: how far a probability may be from the golden one, absolute.
    """

    name: str
    version: str
    file: str
    sha256: str
    golden_sha256: str
    input_name: str
    output_name: str
    input_datatype: str
    output_datatype: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    labels: tuple[str, ...]
    low_confidence_below: float
    golden_tolerance: float

    @classmethod
    def read(cls, path: Path) -> "Contract":
        """Reads contract.json.

        Raises:
            ContractError: it is missing, not JSON, or lacks a member.
        """
        try:
            members: dict[str, Any] = json.loads(path.read_bytes())
            (given,), (made,) = members["inputs"], members["outputs"]
            contract = cls(
                name=str(members["name"]),
                version=str(members["version"]),
                file=str(members["file"]),
                sha256=str(members["sha256"]),
                golden_sha256=str(members["golden_sha256"]),
                input_name=str(given["name"]),
                output_name=str(made["name"]),
                input_datatype=str(given["datatype"]),
                output_datatype=str(made["datatype"]),
                input_shape=tuple(given["shape"]),
                output_shape=tuple(made["shape"]),
                labels=tuple(members["labels"]),
                low_confidence_below=float(members["low_confidence_below"]),
                golden_tolerance=float(members["golden_tolerance"]),
            )
            contract._check(path)
            return contract
        except ContractError:
            raise
        except OSError as error:
            raise ContractError(f"{path}: {error.strerror}") from error
        except KeyError as error:
            raise ContractError(f"{path}: has no member {error}") from error
        except (ValueError, TypeError, IndexError) as error:
            raise ContractError(f"{path}: {error}") from error

    def _check(self, path: Path) -> None:
        if path.parent.name != self.version:
            raise ContractError(f"{path}: is the contract of version {self.version}")
        for name, value in (("low_confidence_below", self.low_confidence_below), ("tolerance", self.golden_tolerance)):
            if not 0 <= value <= 1:  # so written, a NaN is refused too
                raise ContractError(f"{path}: {name} is {value}, not between 0 and 1")
