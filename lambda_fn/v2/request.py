"""Reads an inference request of the Open Inference Protocol: its input tensor, and the outputs that it asks for.

The tensor's values are numbers in the JSON, or raw bytes after it, little-endian and row-major.
https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import simdjson
from numpy.typing import NDArray

from lambda_fn.bodies import json_arrays, json_errors, json_shape
from lambda_fn.errors import InvalidRequest, TooLarge
from lambda_fn.inference.contract import Contract
from lambda_fn.task import TensorRoute

LENGTH = "Inference-Header-Content-Length"
DATATYPES: dict[str, np.dtype[Any]] = {"FP32": np.dtype("<f4"), "UINT8": np.dtype("u1")}
# The answer repeats the id, and must stay below Lambda's limit.
ID_CHARACTERS = 1024
# Parameters of an output that Triton's clients may send and that are not served here. Others are for other servers.
_REFUSED = ("classification", "shared_memory_region")


@dataclass(frozen=True, slots=True)
class Request:
    """An inference request.

    Attributes:
        id: to be repeated in the answer, if there is one.
        values: of the input tensor, in the shape that the client sent: float64 or float32 for FP32, uint8 for UINT8.
        outputs: the requested names in order, and whether each is to be raw bytes.
    """

    id: str | None
    values: NDArray[Any]
    outputs: dict[str, bool]


# Those that are read. Others are ignored, in any number.
_KEYS = frozenset(
    [
        *("id", "inputs", "outputs", "parameters", "name", "shape", "datatype", "data"),
        *("binary_data", "binary_data_output", "binary_data_size", *_REFUSED),
    ]
)


def read(content: bytes, header_length: str, route: TensorRoute[Any], contract: Contract, max_inputs: int) -> Request:
    """Reads a request's body. `header_length` is the value of the header LENGTH, or "".

    Raises:
        InvalidRequest: it is not as the protocol says, or not as the model takes it.
        TooLarge: more than `max_inputs`.
    """
    text, raw = _split(content, header_length)
    document = _parse(text, header_length)
    request_id, outputs = _id(document), _outputs(document, route, contract)
    name = route.input(contract).name
    tensor = _input(document, name)
    datatype = tensor.get("datatype")
    if not isinstance(datatype, str) or datatype not in route.datatypes:
        raise InvalidRequest("invalid_datatype", f"{name} takes the datatypes {' and '.join(route.datatypes)}")
    shape = _shape(tensor, name, route.shapes(contract), contract.unit, max_inputs)
    size = _parameters(tensor).get("binary_data_size")
    if size is None:
        if raw:
            raise InvalidRequest("invalid_length", f"{len(raw)} bytes follow the JSON without a binary_data_size")
        return Request(request_id, _from_json(tensor, shape, datatype, contract.unit), outputs)
    return Request(request_id, _from_bytes(tensor, shape, datatype, size, raw), outputs)


def _split(content: bytes, header_length: str) -> tuple[bytes, memoryview]:
    if not header_length:
        return content, memoryview(b"")
    given = int(header_length) if re.fullmatch("[0-9]{1,9}", header_length) else -1
    if not 0 < given <= len(content):
        raise InvalidRequest("invalid_header", f"{LENGTH} must be the length of the JSON that the body begins with")
    return content[:given], memoryview(content)[given:]


def _parse(text: bytes, header_length: str) -> simdjson.Object:
    try:
        return _unrepeated(json_arrays.parse(text, '{"inputs": [...]}'))
    except InvalidRequest as error:
        # Raw bytes follow, and nothing says where the JSON ends.
        if error.code == "not_json" and not header_length and b"binary_data_size" in text:
            raise InvalidRequest("invalid_header", f"binary_data_size is given, and no header {LENGTH}") from None
        raise


def _unrepeated(owner: simdjson.Object) -> simdjson.Object:
    """The object itself, if it has no key of _KEYS twice."""
    seen: set[str] = set()
    for key in owner:
        if key in seen:
            raise InvalidRequest("repeated_key", f"{key} is given twice in one object")
        if key in _KEYS:
            seen.add(key)
    return owner


def _input(document: simdjson.Object, name: str) -> simdjson.Object:
    inputs = document.get("inputs")
    if not isinstance(inputs, simdjson.Array) or len(inputs) != 1 or not isinstance(inputs[0], simdjson.Object):
        raise InvalidRequest("invalid_inputs", f"inputs must be a list of one tensor, {name}")
    if inputs[0].get("name") != name:
        raise InvalidRequest("unknown_input", f"the model has no such input; it takes {name}")
    return _unrepeated(inputs[0])


def _shape(
    tensor: simdjson.Object, name: str, allowed: tuple[tuple[int, ...], ...], unit: str, max_inputs: int
) -> tuple[int, ...]:
    given = tensor.get("shape")
    longest = max(map(len, allowed))
    elements = list(given) if isinstance(given, simdjson.Array) and len(given) <= longest else []
    sizes = tuple(size for size in elements if type(size) is int)  # neither 28.0 nor true
    if len(sizes) != len(elements) or (-1, *sizes[1:]) not in allowed or sizes[0] < 0:
        texts = " or ".join(str(list(shape)).replace("-1", "n") for shape in allowed)
        raise InvalidRequest("invalid_shape", f"the shape of {name} must be {texts}")
    if sizes[0] == 0:
        raise InvalidRequest("empty", f"{name} is empty; it must hold at least one {unit}")
    if sizes[0] > max_inputs:
        raise TooLarge.too_many(unit, sizes[0], max_inputs)
    return sizes


def _from_bytes(
    tensor: simdjson.Object, shape: tuple[int, ...], datatype: str, size: object, raw: memoryview
) -> NDArray[Any]:
    expected = math.prod(shape) * DATATYPES[datatype].itemsize
    if tensor.get("data") is not None:
        raise InvalidRequest("invalid_data", "the tensor has both data and binary_data_size")
    if type(size) is not int or size != expected or len(raw) != expected:
        raise InvalidRequest(
            "invalid_length",
            f"{datatype} of shape {list(shape)} takes {expected} bytes: binary_data_size must say so, and as many must "
            f"follow the JSON; {len(raw)} do",
        )
    values: NDArray[Any] = np.frombuffer(raw, DATATYPES[datatype])
    return values.reshape(shape)


def _from_json(tensor: simdjson.Object, shape: tuple[int, ...], datatype: str, unit: str) -> NDArray[Any]:
    data = tensor.get("data")
    if not isinstance(data, simdjson.Array):
        raise InvalidRequest(
            "invalid_data", f"data is {json_shape.kind(data)}; it must be an array, or follow as binary"
        )
    nested = json_shape.leading_shape(data)
    if nested not in (shape, (math.prod(shape),)):
        found = "×".join(map(str, nested[: len(shape) + 1]))
        raise InvalidRequest("invalid_data", f"data has {found} elements; the shape says {'×'.join(map(str, shape))}")
    values = json_arrays.numbers(data, nested, cast(bytes, data.mini))  # its type stub says str
    if values is None:
        json_errors.explain_data(data, nested)
    values = values.reshape(shape)
    if datatype != "UINT8":
        return values
    with np.errstate(invalid="ignore"):
        pixels = values.astype(np.uint8)
    wrong = pixels != values
    if wrong.any():
        index = int(wrong.reshape(len(values), -1).any(axis=1).argmax())
        raise InvalidRequest("out_of_range", f"{unit} {index} holds a value that is not UINT8; it takes 0 to 255")
    return pixels


def _id(document: simdjson.Object) -> str | None:
    given = document.get("id")
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > ID_CHARACTERS:
        raise InvalidRequest("invalid_id", f"id must be a string of at most {ID_CHARACTERS:,} characters")
    return given


def _outputs(document: simdjson.Object, route: TensorRoute[Any], contract: Contract) -> dict[str, bool]:
    binary = _flag(_parameters(document), "binary_data_output", False)
    listed = document.get("outputs")
    if listed is not None and not isinstance(listed, simdjson.Array):
        raise InvalidRequest("invalid_outputs", "outputs must be a list")
    known = [output.name for output in route.outputs(contract)]
    if not listed:
        return dict.fromkeys(known[: route.by_default], binary)
    outputs: dict[str, bool] = {}
    for output in listed:
        name = output.get("name") if isinstance(output, simdjson.Object) else None
        if not isinstance(output, simdjson.Object) or name not in known:
            raise InvalidRequest("unknown_output", f"the model has no such output; there is {', '.join(known)}")
        if name in outputs:
            raise InvalidRequest("invalid_outputs", f"the output {name} is asked for twice")
        parameters = _parameters(_unrepeated(output))
        for refused in _REFUSED:
            if parameters.get(refused) is not None:
                raise InvalidRequest("invalid_parameter", f"the output parameter {refused} is not served here")
        outputs[name] = _flag(parameters, "binary_data", binary)
    return outputs


def _parameters(owner: simdjson.Object) -> Mapping[str, Any]:
    parameters = owner.get("parameters")
    if parameters is None:
        return {}
    if not isinstance(parameters, simdjson.Object):
        raise InvalidRequest("invalid_parameter", f"parameters is {json_shape.kind(parameters)}; it must be an object")
    return cast(Mapping[str, Any], _unrepeated(parameters))


def _flag(parameters: Mapping[str, Any], name: str, default: bool) -> bool:
    value = parameters.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidRequest("invalid_parameter", f"{name} takes true or false")
    return value
