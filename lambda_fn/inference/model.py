"""A tensor in, scores out: models, each loaded once, verified before it answers, run in chunks that stay in cache."""

import hashlib
import io
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lambda_fn.deadline import NEVER, Deadline
from lambda_fn.errors import ModelRejected, NotFinite, NotFound
from lambda_fn.inference.contract import Contract, ContractError

# onnxruntime 1.29 and later reports usage and writes files by default; it reads this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

# Activations of the first convolution take 26×26×32 floats (87 kB) an image: so many images at once stay in cache.
CHUNK = 16


@dataclass(frozen=True, slots=True)
class Model:
    """A verified model. `run` may be called with any number of images; each image's scores depend on it alone."""

    contract: Contract
    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, directory: Path, threads: int = 1) -> "Model":
        """Loads and verifies the version that lies in `directory`.

        The bytes that are hashed are the bytes that are loaded: a flipped bit loads and runs without a word, so the
        digest comes first, and then the golden answers, which also warm the session up.

        Raises:
            ModelRejected: a file is missing or not the one the contract names, or the golden answers differ.
        """
        try:
            contract = Contract.read(directory / "contract.json")
        except ContractError as error:
            raise ModelRejected(str(error)) from error
        content = _verified(directory / contract.file, contract.sha256)
        golden = _verified(directory / "golden.npz", contract.golden_sha256)
        try:
            model = cls(contract, onnxruntime.InferenceSession(content, _options(threads), ["CPUExecutionProvider"]))
        except Exception as error:  # onnxruntime's errors share no base class
            raise ModelRejected(f"{directory / contract.file}: onnxruntime can't load it") from error
        model._check_golden(golden, directory)
        return model

    def run(self, tensor: NDArray[np.float32], deadline: Deadline = NEVER) -> NDArray[np.float32]:
        """Scores of a batch.

        Args:
            tensor: n×28×28×1, light ink on dark, 0..1.

        Returns:
            n×classes, each row summing to 1.

        Raises:
            NotFinite: a score is NaN or infinite.
            OutOfTime: the deadline is over.
        """
        scores = np.empty((len(tensor), len(self.contract.labels)), np.float32)
        for start in range(0, len(tensor), CHUNK):
            deadline.check()
            chunk = {self.contract.input_name: tensor[start : start + CHUNK]}
            scores[start : start + CHUNK] = self.session.run([self.contract.output_name], chunk)[0]
        if not math.isfinite(scores.sum()):  # one pass over the scores sees a NaN or infinity anywhere
            raise NotFinite("the model gave a score that is not finite")
        return scores

    def _check_golden(self, content: bytes, directory: Path) -> None:
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as golden:
                images, expected = golden["images"], golden["probabilities"]
            scores = self.run((images[..., np.newaxis] / np.float32(255)).astype(np.float32))
            difference = float(np.abs(scores - expected).max())
        except Exception as error:  # as above; names or shapes are not those of the contract
            raise ModelRejected(f"{directory}: the model can't be run as its contract says") from error
        allowed = self.contract.golden_tolerance
        if not difference <= allowed:  # so written, a NaN is refused too
            raise ModelRejected(f"{directory}: golden answers differ by {difference:.3g}; {allowed:.3g} is allowed")


class Models:
    """The versions of one model, <folder>/<version>/: the default is loaded at once, another when it is asked for."""

    def __init__(self, folder: Path, default: str, threads: int = 1) -> None:
        """Raises ModelRejected if the default version is not what its contract says."""
        self._folder = folder
        self._threads = threads
        self.default = Model.load(folder / default, threads)
        self.contracts = {path.parent.name: Contract.read(path) for path in sorted(folder.glob("*/contract.json"))}
        self._loaded = {default: self.default}

    def get(self, version: str | None = None) -> Model:
        """The default version, or another.

        Raises:
            NotFound: no such version; the message names those there are.
            ModelRejected: it is not what its contract says.
        """
        if version is None:
            return self.default
        if version not in self._loaded:
            self.contract(version)
            self._loaded[version] = Model.load(self._folder / version, self._threads)
        return self._loaded[version]

    def contract(self, version: str | None = None) -> Contract:
        """What the default version promises, or another, which need not be loaded for it. Raises NotFound as `get`."""
        if version is None:
            return self.default.contract
        if version not in self.contracts:
            raise NotFound("unknown_version", f"no such version; there is {', '.join(self.contracts)}")
        return self.contracts[version]


def _verified(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelRejected(f"{path}: {error.strerror}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelRejected(f"{path}: its SHA-256 is {found}, the contract says {sha256}")
    return content


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A waiting thread that spins takes the one processor from the thread that works.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
