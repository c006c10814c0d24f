"""The models of a service: default versions are loaded at the start, others when a request first asks for them."""

from collections.abc import Mapping
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
        self._models: dict[tuple[str, str], Model | str] = {}
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
        return [contract for contract in self._contracts[name].values() if isinstance(contract, Contract)]

    def contract(self, name: str, version: str | None = None) -> Contract:
        """A version's contract, or the default's. The model need not be loaded.

        Raises:
            NotFound: no such model or version; the message names those that exist.
            NotReady: the contract can't be read.
        """
        version = self._version(name, version)
        contract = self._contracts[name][version]
        if isinstance(contract, str):
            raise NotReady(version, contract)
        return contract

    def get(self, name: str, version: str | None = None) -> Model:
        """A version, or the default.

        Raises:
            NotFound: as `contract`.
            NotReady: the version is not what its contract says.
        """
        loaded = self._models.get((name, self._defaults.get(name, "") if version is None else version))
        if isinstance(loaded, Model):  # every request comes here
            return loaded
        version = self._version(name, version)
        self.contract(name, version)
        if (name, version) not in self._models:
            try:
                self._models[name, version] = self._load(name, version)
            except ModelRejected as error:
                self._models[name, version] = str(error)  # the error itself would keep the model's bytes
        model = self._models[name, version]
        if isinstance(model, str):
            raise NotReady(version, model)
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
        self._read_contract(name, version)
        return Model.load(self._folder / name / version, self._threads)

    def _read_contract(self, name: str, version: str) -> Contract:
        folder = self._folder / name / version
        contract = golden.read_contract(folder)
        if contract.name != name:
            raise ModelRejected(f"{folder}: is a version of {contract.name}, not of {name}")
        return contract

    def _read_contracts(self, name: str) -> dict[str, Contract | str]:
        """By version; the reason instead of a contract that can't be used."""
        default = self._read_contract(name, self._defaults[name])
        found: dict[str, Contract | str] = {}
        for path in sorted((self._folder / name).glob("*/contract.json")):
            version = path.parent.name
            try:
                contract = found[version] = self._read_contract(name, version)
                if contract.task != default.task:
                    found[version] = f"{path.parent}: its task is {contract.task}, the default version's {default.task}"
            except ModelRejected as error:
                found[version] = str(error)
        return found
