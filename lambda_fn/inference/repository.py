"""The models of a service: default versions are loaded at the start, others when a request first asks for them."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from lambda_fn.errors import ModelRejected, NotFound, NotReady
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
        self._models: dict[tuple[str, str], Model | None] = {}
        for name, version in defaults.items():
            self._models[name, version] = self._load(name, version)
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
        return [contract for contract in self._contracts[name].values() if contract is not None]

    def contract(self, name: str, version: str | None = None) -> Contract:
        """A version's contract, or the default's. The model need not be loaded.

        Raises:
            NotFound: no such model or version; the message names those that exist.
            NotReady: the contract can't be read.
        """
        version = self._version(name, version)
        contract = self._contracts[name][version]
        if contract is None:
            raise NotReady(version)
        return contract

    def get(self, name: str, version: str | None = None) -> Model:
        """A version, or the default.

        Raises:
            NotFound: as `contract`.
            NotReady: the version is not what its contract says.
        """
        version = self._version(name, version)
        if (name, version) not in self._models:
            with suppress(ModelRejected):
                self._models[name, version] = None
                self._models[name, version] = self._load(name, version)
        model = self._models[name, version]
        if model is None:
            raise NotReady(version)
        return model

    def _version(self, name: str, version: str | None) -> str:
        if name not in self._defaults:
            raise NotFound("unknown_model", f"no such model; there is {', '.join(self._defaults)}")
        if version is None:
            return self._defaults[name]
        if version not in self._contracts[name]:
            raise NotFound("unknown_version", f"no such version; there is {', '.join(self._contracts[name])}")
        return version

    def _load(self, name: str, version: str) -> Model:
        folder = self._folder / name / version
        model = Model.load(folder, self._threads)
        if model.contract.name != name:
            raise ModelRejected(f"{folder}: is a version of {model.contract.name}, not of {name}")
        return model

    def _read_contracts(self, name: str) -> dict[str, Contract | None]:
        """By version; None for a contract that can't be read."""
        found: dict[str, Contract | None] = {}
        for path in sorted((self._folder / name).glob("*/contract.json")):
            found[path.parent.name] = None
            with suppress(ModelRejected):
                found[path.parent.name] = golden.read_contract(path.parent)
        return found
