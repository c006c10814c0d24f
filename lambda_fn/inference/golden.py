"""A version's folder in, its golden images and the answers that they must get out, for those who ask from outside."""

import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lambda_fn.errors import ModelRejected
from lambda_fn.inference.contract import Contract, ContractError


@dataclass(frozen=True, slots=True)
class Golden:
    """Golden images of a model version.

    Attributes:
        images: n×28×28, 0..255, light ink on dark.
        probabilities: n×classes, what the version answers, to within the contract's golden_tolerance.
    """

    contract: Contract
    images: NDArray[np.uint8]
    probabilities: NDArray[np.float32]

    @classmethod
    def read(cls, directory: Path) -> "Golden":
        """Reads and verifies golden.npz.

        Raises:
            ModelRejected: a file is missing, or not the one that the contract names.
        """
        try:
            contract = Contract.read(directory / "contract.json")
            content = (directory / "golden.npz").read_bytes()
        except ContractError as error:
            raise ModelRejected(str(error)) from error
        except OSError as error:
            raise ModelRejected(f"{directory / 'golden.npz'}: {error.strerror}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != contract.golden_sha256:
            raise ModelRejected(f"{directory / 'golden.npz'}: its SHA-256 is {found}, not that of the contract")
        with np.load(io.BytesIO(content), allow_pickle=False) as golden:
            return cls(contract, golden["images"], golden["probabilities"])

    @property
    def digits(self) -> list[int]:
        """The digit that each image must be answered with."""
        digits: list[int] = self.probabilities.argmax(axis=1).tolist()
        return digits

    def one_of_each(self) -> "Golden":
        """The first image of each digit, 0 to 9: the one that the model is surest of."""
        _, first = np.unique(self.probabilities.argmax(axis=1), return_index=True)
        return replace(self, images=self.images[first], probabilities=self.probabilities[first])
