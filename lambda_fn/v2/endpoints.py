"""Answers the paths of the Open Inference Protocol V2 that describe the server and its models.

Triton's `config`, `stats` and repository `index` are reduced to what this service knows: requests are counted in
CloudWatch, across all environments, and clients neither load nor unload models.
https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lambda_fn import __version__
from lambda_fn.errors import NotFound, NotReady
from lambda_fn.inference.contract import Contract, Tensor
from lambda_fn.inference.repository import Repository
from lambda_fn.task import Task

# The method of each path. {model} and {version} are one part of a path each.
ROUTES = {
    "/v2": "GET",
    "/v2/health/live": "GET",
    "/v2/health/ready": "GET",
    "/v2/repository/index": "POST",
    "/v2/models/stats": "GET",
    "/v2/models/{model}": "GET",
    "/v2/models/{model}/ready": "GET",
    "/v2/models/{model}/config": "GET",
    "/v2/models/{model}/stats": "GET",
    "/v2/models/{model}/infer": "POST",
    "/v2/models/{model}/versions/{version}": "GET",
    "/v2/models/{model}/versions/{version}/ready": "GET",
    "/v2/models/{model}/versions/{version}/config": "GET",
    "/v2/models/{model}/versions/{version}/stats": "GET",
    "/v2/models/{model}/versions/{version}/infer": "POST",
}
_PATTERNS = {route: re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route) + "/*") for route in ROUTES}


@dataclass(frozen=True, slots=True)
class Call:
    """A path, parsed: its route, and its model and version if the route has them."""

    route: str
    model: str = ""
    version: str | None = None

    @property
    def method(self) -> str:
        """The method that the route takes."""
        return ROUTES[self.route]

    @property
    def infers(self) -> bool:
        """Whether it is an inference request; `Endpoints` answers all others."""
        return self.route.endswith("/infer")


def find(path: str) -> Call:
    """Parses a path. Raises NotFound."""
    for route, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(path):
            return Call(route, **match.groupdict())
    raise NotFound("not_found", "no such path")


class Endpoints:
    """Describes the models of a repository."""

    def __init__(self, repository: Repository, tasks: Mapping[str, Task[Any]], max_inputs: int) -> None:
        self._repository = repository
        self._tasks = tasks
        self._max_inputs = max_inputs

    def check_exists(self, call: Call) -> None:
        """Raises NotFound: no such model or version; the message names those that exist."""
        if call.model:
            with suppress(NotReady):
                self._repository.contract(call.model, call.version)

    def describe(self, call: Call) -> Any:
        """The answer to a call that infers nothing, to be written as JSON. Raises RequestError: it is not ready."""
        match call.route.replace("/versions/{version}", ""):
            case "/v2":
                return {"name": "postal-digits", "version": __version__, "extensions": ["binary_tensor_data"]}
            case "/v2/health/live":
                return {"live": True}
            case "/v2/health/ready":
                return self._server_ready()
            case "/v2/repository/index":
                return self._index()
            case "/v2/models/stats":
                return {"model_stats": [each for name in self._repository.names for each in self._stats(name, None)]}
            case "/v2/models/{model}":
                return self._metadata(self._repository.contract(call.model, call.version))
            case "/v2/models/{model}/ready":
                self._repository.get(call.model, call.version)
                return {"name": call.model, "ready": True}
            case "/v2/models/{model}/config":
                return self._config(self._repository.contract(call.model, call.version))
            case _:
                return {"model_stats": self._stats(call.model, call.version)}

    def _server_ready(self) -> dict[str, Any]:
        for name in self._repository.names:
            for version in self._repository.versions(name):
                self._repository.get(name, version)
        return {"live": True, "ready": True}  # the protocol's own example has `live` here

    def _index(self) -> list[dict[str, str]]:
        return [
            {"name": name, "version": version} | self._state(name, version)
            for name in self._repository.names
            for version in self._repository.versions(name)
        ]

    def _state(self, name: str, version: str) -> dict[str, str]:
        try:
            self._repository.get(name, version)
        except NotReady as error:
            return {"state": "UNAVAILABLE", "reason": error.message}
        return {"state": "READY", "reason": ""}

    def _stats(self, name: str, version: str | None) -> list[dict[str, str]]:
        versions = self._repository.versions(name) if version is None else (version,)
        return [{"name": name, "version": each} for each in versions]

    def _metadata(self, contract: Contract) -> dict[str, Any]:
        route = self._tasks[contract.task].tensor_route
        # Metadata has one datatype and one shape for a tensor. Parameters list the others that are accepted.
        parameters = {
            "also_datatypes": ", ".join(route.datatypes[1:]),
            "also_shapes": ", ".join(str(list(shape)) for shape in route.shapes(contract)[1:]),
            f"max_{contract.unit}s": self._max_inputs,
        }
        return {
            "name": contract.name,
            "versions": list(self._repository.versions(contract.name)),
            "platform": "onnx_onnxv1",  # the protocol's name for ONNX Runtime
            "inputs": [_metadata(route.input(contract)) | {"parameters": parameters}],
            "outputs": [_metadata(output) for output in route.outputs(contract)[: route.by_default]],
        }

    def _config(self, contract: Contract) -> dict[str, Any]:
        route = self._tasks[contract.task].tensor_route
        return {
            "name": contract.name,
            "platform": "onnxruntime_onnx",
            "max_batch_size": self._max_inputs,
            "input": [_config(route.input(contract))],
            "output": [_config(output) for output in route.outputs(contract)[: route.by_default]],
        }


def _metadata(tensor: Tensor) -> dict[str, Any]:
    return {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}


def _config(tensor: Tensor) -> dict[str, Any]:
    """As Triton writes it: without the batch dimension, and a scalar as one reshaped dimension."""
    dims = list(tensor.shape[1:])
    form: dict[str, Any] = {"dims": dims} if dims else {"dims": [1], "reshape": {"shape": []}}
    datatype = {"BYTES": "STRING"}.get(tensor.datatype, tensor.datatype)
    return {"name": tensor.name, "data_type": f"TYPE_{datatype}"} | form
