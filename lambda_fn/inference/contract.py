"""Reads contract.json: everything the service knows about a model version. The build writes it beside the model."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class ContractError(ValueError):
    """contract.json is missing, unreadable or incomplete; the message names the file and the member."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in the Open Inference Protocol's terms; -1 is a free dimension."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """What a model version promises.

    Attributes:
        task: how its inputs are prepared and its outputs interpreted (tasks.py).
        unit: what one input is called, such as "image"; log fields and metrics are named after it.
        sha256, golden_sha256, golden_requests_sha256: hex digests of the model file, golden.npz, golden_requests.json.
        inputs, outputs: the tensors of the graph.
        labels: the meaning of each class, by position; class_metrics: the metric that counts its answers.
        warnings: what each warning code means.
        low_confidence_below: below this confidence a person should look, 0..1.
        golden_tolerance: absolute difference allowed between an output and the golden one.
    """

    name: str
    version: str
    task: str
    unit: str
    file: str
    sha256: str
    golden_sha256: str
    golden_requests_sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    labels: tuple[str, ...]
    class_metrics: tuple[str, ...]
    warnings: dict[str, str]
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
            contract = cls(
                name=str(members["name"]),
                version=str(members["version"]),
                task=str(members["task"]),
                unit=str(members["unit"]),
                file=str(members["file"]),
                sha256=str(members["sha256"]),
                golden_sha256=str(members["golden_sha256"]),
                golden_requests_sha256=str(members["golden_requests_sha256"]),
                inputs=_tensors(members["inputs"]),
                outputs=_tensors(members["outputs"]),
                labels=tuple(members["labels"]),
                class_metrics=tuple(members["class_metrics"]),
                warnings={code: str(about["meaning"]) for code, about in members["warnings"].items()},
                low_confidence_below=float(members["low_confidence_below"]),
                golden_tolerance=float(members["golden_tolerance"]),
            )
        except OSError as error:
            raise ContractError(f"{path}: {error.strerror}") from error
        except KeyError as error:
            raise ContractError(f"{path}: has no member {error}") from error
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            raise ContractError(f"{path}: {error}") from error
        contract._check(path)
        return contract

    def _check(self, path: Path) -> None:
        if path.parent.name != self.version:
            raise ContractError(f"{path}: is the contract of version {self.version}")
        if len(self.class_metrics) != len(self.labels):
            raise ContractError(f"{path}: {len(self.labels)} labels and {len(self.class_metrics)} class_metrics")
        if not self.inputs or not self.outputs:
            raise ContractError(f"{path}: has no inputs or no outputs")
        for name, value in (("low_confidence_below", self.low_confidence_below), ("tolerance", self.golden_tolerance)):
            if not 0 <= value <= 1:  # refuses NaN too
                raise ContractError(f"{path}: {name} is {value}, not between 0 and 1")


def _tensors(members: list[dict[str, Any]]) -> tuple[Tensor, ...]:
    return tuple(Tensor(str(each["name"]), str(each["datatype"]), tuple(each["shape"])) for each in members)
