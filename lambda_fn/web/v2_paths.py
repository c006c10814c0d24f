"""The OpenAPI description of /v2: the Open Inference Protocol, of the routes that open_inference.py has."""

from typing import Any

from lambda_fn.inference.contract import Contract
from lambda_fn.v2.endpoints import ROUTES
from lambda_fn.v2.request import DATATYPES, DIGIT, ID_CHARACTERS, LENGTH, WARNINGS, forms
from lambda_fn.web import examples
from lambda_fn.web.error_codes import references

_VERSION = "/versions/{version}"
# Summary, operation and schema of what each route gives, whether or not it names a version.
_GIVES = {
    "/v2": ("Names the server and its extensions", "server", "Server"),
    "/v2/health/live": ("Says that it runs", "live", "Live"),
    "/v2/health/ready": ("Says that all versions can answer", "serverReady", "ServerReady"),
    "/v2/repository/index": ("Lists the versions and their state", "index", "Index"),
    "/v2/models/stats": ("Names the models; requests are counted in CloudWatch", "statistics", "Statistics"),
    "/v2/models/{model}": ("Describes the model's tensors", "metadata", "Metadata"),
    "/v2/models/{model}/ready": ("Says that the model can answer", "ready", "Ready"),
    "/v2/models/{model}/config": ("Describes the model as Triton does", "config", "Config"),
    "/v2/models/{model}/stats": (
        "Names the model; requests are counted in CloudWatch",
        "modelStatistics",
        "Statistics",
    ),
    "/v2/models/{model}/infer": ("Reads tensors", "infer", "InferResponse"),
}
_INFER = f"""
One input, its images as numbers in `data` (flat or nested), or as raw bytes after the JSON: little-endian, row-major,
`parameters.binary_data_size` of them, and the header `{LENGTH}` with the length of the JSON. With a body of
raw bytes an answer comes in raw bytes where `binary_data_output`, or `binary_data` of an output, says so, and the
request has an Accept header. `outputs` chooses among `probabilities`, `{DIGIT}` and `{WARNINGS}`; without it the first
two come. Triton's clients speak this.
"""


def paths(contract: Contract) -> dict[str, Any]:
    """OpenAPI's paths."""
    return {route: {method.lower(): _operation(route, contract)} for route, method in ROUTES.items()}


def _operation(route: str, contract: Contract) -> dict[str, Any]:
    summary, name, schema = _GIVES[route.replace(_VERSION, "")]
    with_version = _VERSION in route
    named = [each for each in ("model", "version") if f"{{{each}}}" in route]
    operation: dict[str, Any] = {
        "operationId": f"{name}OfVersion" if with_version else name,
        "tags": ["v2"],
        "summary": f"{summary}, of a version" if with_version else summary,
        "security": [{"ApiKey": []}],
        "parameters": [{"$ref": f"#/components/parameters/{each}InPath"} for each in named],
        "responses": {"200": {"description": "As the protocol says.", "content": _json(schema)}},
    }
    errors = ["Forbidden", "MethodNotAllowed", *(["NotFound"] if named else [])]
    if name == "infer":
        errors += ["NotFound", "BadTensor", "TooLarge", "UnsupportedMedia"]
        _add_inference(operation, contract)
    elif name in ("ready", "serverReady"):
        errors.append("NotReady")
    operation["responses"] |= references(*errors)
    return operation


def _add_inference(operation: dict[str, Any], contract: Contract) -> None:
    binary = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    tensor = {"name": contract.input_name, "datatype": "UINT8", "shape": [1, 28, 28, 1], "data": examples.PIXELS}
    example = {"summary": "one image", "value": {"id": "a-1", "inputs": [tensor], "outputs": [{"name": DIGIT}]}}
    operation["description"] = _INFER.strip()
    operation["parameters"].append({"$ref": "#/components/parameters/inferenceHeaderContentLength"})
    request = _json("InferRequest")
    request["application/json"]["examples"] = {"image": example}
    operation["requestBody"] = {"required": True, "content": request | binary}
    operation["responses"]["200"]["content"] |= binary


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def parameters(contract: Contract, versions: tuple[str, ...]) -> dict[str, Any]:
    """OpenAPI's components/parameters."""
    in_path = {"model": [contract.name], "version": list(versions)}
    return {
        f"{name}InPath": {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": values}}
        for name, values in in_path.items()
    } | {
        "inferenceHeaderContentLength": {
            "name": LENGTH,
            "in": "header",
            "description": "Length of the JSON that the body begins with, where raw bytes follow it.",
            "schema": {"type": "integer", "minimum": 1},
        }
    }


def schemas(contract: Contract, versions: tuple[str, ...]) -> dict[str, Any]:
    """OpenAPI's components/schemas."""
    text, flag = {"type": "string"}, {"type": "boolean"}
    version = {"type": "string", "enum": list(versions)}
    sizes = {"type": "array", "items": {"type": "integer"}}
    described = _object("name", "datatype", "shape", name=text, datatype=text, shape=sizes, parameters=_PARAMETERS)
    state = _object("name", "version", "state", name=text, version=version, state={"enum": ["READY", "UNAVAILABLE"]})
    statistics = _object("name", "version", name=text, version=version)
    configured = _object("name", "data_type", "dims", name=text, data_type=text, dims=sizes)
    return {
        "Server": _object("name", "version", "extensions", name=text, version=text, extensions=_list(text)),
        "Live": _object("live", live=flag),
        "ServerReady": _object("live", "ready", live=flag, ready=flag),
        "Ready": _object("name", "ready", name=text, ready=flag),
        "Index": _list(state),
        "Statistics": _object("model_stats", model_stats=_list(statistics)),
        "Metadata": _object(
            *("name", "versions", "platform", "inputs", "outputs"),
            **{"name": text, "versions": _list(version), "platform": text},
            **{"inputs": _list(described), "outputs": _list(described)},
        ),
        "Config": _object(
            *("name", "platform", "max_batch_size", "input", "output"),
            **{"name": text, "platform": text, "max_batch_size": {"type": "integer"}},
            **{"input": _list(configured), "output": _list(configured)},
        ),
        "InferRequest": _infer_request(contract),
        "InferResponse": _object(
            *("model_name", "model_version", "outputs"),
            **{"id": text, "model_name": text, "model_version": version},
            outputs=_list(_object("name", "datatype", "shape", **_OUTPUT)),
        ),
    }


_PARAMETERS = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
_OUTPUT = {
    "name": {"type": "string"},
    "datatype": {"enum": ["FP32", "INT64", "BYTES"]},
    "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
    "data": {"type": "array", "description": "Flat; absent where raw bytes follow.", "items": {}},
    "parameters": _PARAMETERS,
}


def _infer_request(contract: Contract) -> dict[str, Any]:
    shapes = " or ".join(str(list(form)).replace("-1", "n") for form in forms(contract))
    size = {"type": "integer", "minimum": 1}
    tensor = _object(
        *("name", "datatype", "shape"),
        name={"const": contract.input_name},
        datatype={"enum": list(DATATYPES)},
        shape={"type": "array", "description": f"{shapes}.", "minItems": 2, "maxItems": 4, "items": size},
        data={"type": "array", "description": "Numbers, flat or nested as the shape.", "minItems": 1},
        parameters=_object(binary_data_size=size),
    )
    names = {"enum": [contract.output_name, DIGIT, WARNINGS]}
    output = _object("name", name=names, parameters=_object(binary_data={"type": "boolean"}))
    return _object(
        "inputs",
        id={"type": "string", "maxLength": ID_CHARACTERS, "description": "Comes back in the answer."},
        parameters=_object(binary_data_output={"type": "boolean"}),
        inputs={"type": "array", "minItems": 1, "maxItems": 1, "items": tensor},
        outputs={"type": "array", "maxItems": 3, "items": output},
    )


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    """An object with these members, of which some must be there; others may be too, as the protocol allows."""
    return {"type": "object", "properties": properties} | ({"required": list(required)} if required else {})


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}
