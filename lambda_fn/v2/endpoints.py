"""A path of the Open Inference Protocol V2 in, what lies there out; what is said of the server and of its models.

Triton's `config`, `stats` and repository `index` say what is true here: requests are counted in CloudWatch, where all
environments are seen, and clients neither load nor unload a model.
https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lambda_fn import __version__
from lambda_fn.errors import ModelRejected, NotFound, RequestError
from lambda_fn.inference.contract import Contract
from lambda_fn.inference.model import Models
from lambda_fn.v2.request import DATATYPES, DIGIT, forms

# Each path's method. {model} and {version} stand for one part of a path.
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
    """What a path names: its route, and the model and the version where they stand in it."""

    route: str
    model: str | None = None
    version: str | None = None

    @property
    def method(self) -> str:
        """The one that the route takes."""
        return ROUTES[self.route]

    @property
    def infers(self) -> bool:
        """Whether images are sent to it; all others are answered by `describe`."""
        return self.route.endswith("/infer")


def find(path: str) -> Call:
    """What a path names. Raises NotFound: nothing."""
    for route, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(path):
            return Call(route, **match.groupdict())
    raise NotFound("not_found", "no such path")


def check_model(call: Call, models: Models) -> None:
    """Raises NotFound: there is no such model or version; the message names those there are."""
    name = models.default.contract.name
    if call.model not in (None, name):
        raise NotFound("unknown_model", f"no such model; there is {name}")
    models.contract(call.version)


def describe(call: Call, models: Models, max_images: int) -> Any:
    """The answer of a path that infers nothing, to be written as JSON. Raises RequestError: it is not ready."""
    return _DESCRIPTIONS[call.route.replace("/versions/{version}", "")](models, call.version, max_images)


def _server(*_: object) -> dict[str, Any]:
    return {"name": "postal-digits", "version": __version__, "extensions": ["binary_tensor_data"]}


def _live(*_: object) -> dict[str, Any]:
    return {"live": True}


def _server_ready(models: Models, *_: object) -> dict[str, Any]:
    for version in models.contracts:
        _check_ready(models, version)
    return {"live": True, "ready": True}  # `live` is what the protocol's document prints here


def _ready(models: Models, version: str | None, _: int) -> dict[str, Any]:
    _check_ready(models, version)
    return {"name": models.default.contract.name, "ready": True}


def _check_ready(models: Models, version: str | None) -> None:
    """A version is loaded and verified when it is first asked for; the protocol wants a 4xx where that fails."""
    try:
        models.get(version)
    except ModelRejected:
        raise RequestError("not_ready", f"version {version} is not what its contract says") from None


def _metadata(models: Models, version: str | None, max_images: int) -> dict[str, Any]:
    contract = models.contract(version)
    # The protocol has one datatype and one shape for a tensor: the model's own; the parameters say what else is taken.
    parameters = {
        "also_datatypes": ", ".join(name for name in DATATYPES if name != contract.input_datatype),
        "also_shapes": ", ".join(str(list(form)) for form in forms(contract)[1:]),
        "max_images": max_images,
    }
    given, *made = _tensors(contract)
    return {
        "name": contract.name,
        "versions": list(models.contracts),
        "platform": "onnx_onnxv1",  # the protocol's name for ONNX Runtime
        "inputs": [given | {"parameters": parameters}],
        "outputs": made,
    }


def _tensors(contract: Contract) -> list[dict[str, Any]]:
    """The model's input, and what comes out where a request does not say what is to."""
    return [
        {"name": contract.input_name, "datatype": contract.input_datatype, "shape": list(contract.input_shape)},
        {"name": contract.output_name, "datatype": contract.output_datatype, "shape": list(contract.output_shape)},
        {"name": DIGIT, "datatype": "INT64", "shape": [-1]},
    ]


def _config(models: Models, version: str | None, max_images: int) -> dict[str, Any]:
    """Triton's form: shapes without the batch, and a scalar is a shape of 1 that is made none."""
    contract = models.contract(version)
    given, *made = (
        {"name": tensor["name"], "data_type": f"TYPE_{tensor['datatype']}"}
        | ({"dims": tensor["shape"][1:]} if tensor["shape"][1:] else {"dims": [1], "reshape": {"shape": []}})
        for tensor in _tensors(contract)
    )
    said = {"name": contract.name, "platform": "onnxruntime_onnx", "max_batch_size": max_images}
    return said | {"input": [given], "output": made}


def _statistics(models: Models, version: str | None, _: int) -> dict[str, Any]:
    name = models.default.contract.name
    versions = list(models.contracts) if version is None else [version]
    return {"model_stats": [{"name": name, "version": each} for each in versions]}


def _index(models: Models, *_: object) -> list[dict[str, str]]:
    name = models.default.contract.name
    return [{"name": name, "version": version} | _state(models, version) for version in models.contracts]


def _state(models: Models, version: str) -> dict[str, str]:
    try:
        _check_ready(models, version)
    except RequestError as error:
        return {"state": "UNAVAILABLE", "reason": error.message}
    return {"state": "READY", "reason": ""}


_DESCRIPTIONS: dict[str, Callable[[Models, str | None, int], Any]] = {
    "/v2": _server,
    "/v2/health/live": _live,
    "/v2/health/ready": _server_ready,
    "/v2/repository/index": _index,
    "/v2/models/stats": _statistics,
    "/v2/models/{model}": _metadata,
    "/v2/models/{model}/ready": _ready,
    "/v2/models/{model}/config": _config,
    "/v2/models/{model}/stats": _statistics,
}
