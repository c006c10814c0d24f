"""Runs a model version. It is verified when it is loaded, and runs in chunks that stay in the processor's cache."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.errors import ModelRejected, NotFinite
from lambda_fn.inference import golden
from lambda_fn.inference.contract import Contract

# onnxruntime 1.29 and later reports usage and writes files by default. It reads this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

# Rows in one run of the session. The first convolution of the digits' network makes 87 kB a row.
CHUNK = 16
DTYPES = {"FP32": np.float32, "INT64": np.int64}


@dataclass(frozen=True, slots=True)
class Model:
    """A verified model. A row's outputs depend on that row alone, however many rows are run at once."""

    contract: Contract
    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, directory: Path, threads: int = 1) -> "Model":
        """Loads and verifies the version in `directory`.

        A flipped bit loads and runs silently. So the digest is checked, of the very bytes that are then loaded, and
        the golden outputs, which also warm up the session.

        Raises:
            ModelRejected: a file is missing or has another digest, or a golden output differs.
        """
        contract = golden.read_contract(directory)
        model = cls.unverified(directory, contract, threads)
        model._check_golden(golden.read_tensors(directory, contract), directory)
        return model

    @classmethod
    def unverified(cls, directory: Path, contract: Contract, threads: int = 1) -> "Model":
        """Loads a version without its golden outputs, which the build makes with it. Raises ModelRejected."""
        content = golden.read_verified(directory / contract.file, contract.sha256)
        try:
            session = onnxruntime.InferenceSession(content, _options(threads), ["CPUExecutionProvider"])
        except MemoryError:
            raise
        except Exception as error:  # onnxruntime's errors share no base class
            raise ModelRejected(f"{directory / contract.file}: onnxruntime can't load it") from error
        return cls(contract, session)

    def run(self, tensors: Mapping[str, NDArray[Any]], deadline: Deadline = NEVER) -> dict[str, NDArray[Any]]:
        """The outputs of n rows.

        Args:
            tensors: all inputs of the contract by name, n rows each.

        Returns:
            All outputs of the contract by name, n rows each.

        Raises:
            NotFinite: an output is NaN or infinite.
            OutOfTime: the deadline is over.
        """
        rows = len(next(iter(tensors.values())))
        outputs: dict[str, NDArray[Any]] = {
            output.name: np.empty((rows, *output.shape[1:]), DTYPES[output.datatype])
            for output in self.contract.outputs
        }
        names = list(outputs)
        for start in range(0, rows, CHUNK):
            deadline.check()
            part = slice(start, start + CHUNK)
            chunk = {name: tensor[part] for name, tensor in tensors.items()}
            for name, values in zip(names, self.session.run(names, chunk), strict=True):
                outputs[name][part] = values
        for values in outputs.values():
            if not math.isfinite(values.sum()):  # one pass finds NaN and infinity anywhere
                raise NotFinite("the model gave a value that is not finite")
        return outputs

    def _check_golden(self, tensors: Mapping[str, NDArray[Any]], directory: Path) -> None:
        try:
            found = self.run({tensor.name: tensors[tensor.name] for tensor in self.contract.inputs})
            difference = float(np.max([np.abs(found[name] - tensors[name]).max() for name in found]))
        except MemoryError:
            raise
        except Exception as error:  # as above; or names or shapes differ from the contract
            raise ModelRejected(f"{directory}: the model can't be run as its contract says") from error
        allowed = self.contract.golden_tolerance
        if not difference <= allowed:  # refuses NaN too
            raise ModelRejected(f"{directory}: golden outputs differ by {difference:.3g}; {allowed:.3g} is allowed")


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A thread that spins while it waits takes the one processor from the thread that works.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
