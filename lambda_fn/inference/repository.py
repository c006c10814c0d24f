"""The models of a service: default versions are loaded at the start, others when a request first asks for them."""

from collections.abc import Mapping
from pathlib import Path

from lambda_fn.errors import ModelRejected, NotFound
from lambda_fn.inference import golden
from lambda_fn.inference.contract import Contract
from lambda_fn.inference.model import Model


class Repository:
    """Model versions below a folder, <name>/<version>/.

    A version other than the default may be broken: then it is not ready, and the others answer.
    """

    def __init__(self, folder: Path, defaults: Mapping[str, str], threads: int = 1) -> None:
        """`defaults` names the models and their default versions. Raises ModelRejected if one can't be loaded."""
        self._folder = folder
        self._defaults = dict(defaults)
        self._threads = threads
        self._loaded = {(name, version): self._load(name, version) for name, version in defaults.items()}
        self._contracts = {name: self._read_contracts(name) for name in defaults}

    @property
    def names(self) -> tuple[str, ...]:
        """The models, by name."""
        return tuple(self._defaults)

    def default_version(self, name: str) -> str:
        """The version that answers where a request names none."""
        return self._defaults[name]

    def versions(self, name: str) -> tuple[str, ...]:
        """All versions of a model, broken ones included."""
        return tuple(self._contracts[name])

    def contracts(self, name: str) -> list[Contract]:
        """The contracts of a model's versions, without those that can't be read."""
        return [contract for contract in self._contracts[name].values() if isinstance(contract, Contract)]

    def contract(self, name: str, version: str | None = None) -> Contract:
        """A version's contract, or the default's. The model need not be loaded.

        Raises:
            NotFound: no such model or version; the message names those that exist.
            ModelRejected: the contract can't be read.
        """
        if name not in self._defaults:
            raise NotFound("unknown_model", f"no such model; there is {', '.join(self._defaults)}")
        contract = self._contracts[name].get(self._defaults[name] if version is None else version)
        if contract is None:
            raise NotFound("unknown_version", f"no such version; there is {', '.join(self._contracts[name])}")
        if isinstance(contract, ModelRejected):
            raise contract
        return contract

    def get(self, name: str, version: str | None = None) -> Model:
        """A version, or the default.

        Raises:
            NotFound: as `contract`.
            ModelRejected: it is not what its contract says.
        """
        key = (name, self._defaults[name] if version is None and name in self._defaults else version or "")
        if key not in self._loaded:
            self.contract(name, version)
            self._loaded[key] = self._load(*key)
        return self._loaded[key]

    def _load(self, name: str, version: str) -> Model:
        return Model.load(self._folder / name / version, self._threads)

    def _read_contracts(self, name: str) -> dict[str, Contract | ModelRejected]:
        found: dict[str, Contract | ModelRejected] = {}
        for path in sorted((self._folder / name).glob("*/contract.json")):
            try:
                found[path.parent.name] = golden.read_contract(path.parent)
            except ModelRejected as error:
                found[path.parent.name] = error
        return found
