"""An inference request of the Open Inference Protocol in, its pictures and the outputs that it asks for out.

Its tensor stands in the JSON as numbers, or after it as raw bytes, little-endian and row-major.
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

from lambda_fn.bodies import json_arrays, json_errors
from lambda_fn.errors import InvalidRequest
from lambda_fn.inference.contract import Contract

LENGTH = "Inference-Header-Content-Length"
DIGIT = "digit"
WARNINGS = "warnings"
DATATYPES: dict[str, np.dtype[Any]] = {"FP32": np.dtype("<f4"), "UINT8": np.dtype("u1")}
# It comes back in the answer, which must not outgrow what Lambda takes.
ID_CHARACTERS = 1024
# What Triton's clients can ask of an output and we can't give; other parameters are for other servers.
_REFUSED = ("classification", "shared_memory_region")


@dataclass(frozen=True, slots=True)
class Request:
    """What an inference request says.

    Attributes:
        id: to be returned, if it was given.
        pictures: n×28×28×1, float32 in 0..1 or uint8.
        outputs: names in the order of the answer, and whether each is to come as raw bytes.
    """

    id: str | None
    pictures: json_arrays.Picture
    outputs: dict[str, bool]


def forms(contract: Contract) -> tuple[tuple[int, ...], ...]:
    """The shapes that the input may have: with its channel, without, and each image as one row of pixels."""
    _, *image = contract.input_shape
    return (-1, *image), (-1, *image[:-1]), (-1, math.prod(image))


def read(content: bytes, header_length: str, contract: Contract, max_images: int) -> Request:
    """Reads a request's body; `header_length` is the header of that name, or "".

    Raises:
        InvalidRequest: it is not as the protocol says, or not as the model takes it.
        TooLarge: more than `max_images`.
    """
    text, raw = _split(content, header_length)
    try:
        document = simdjson.Parser().parse(text)
    except (ValueError, RuntimeError):
        if not header_length and b"binary_data_size" in text:
            raise InvalidRequest("invalid_header", f"binary_data_size is given, and no header {LENGTH}") from None
        json_errors.explain_unreadable(text)
    if not isinstance(document, simdjson.Object):
        raise InvalidRequest(
            "not_an_object", f'the body is {json_errors.kind(document)}; it must be {{"inputs": [...]}}'
        )
    said, outputs = _id(document), _outputs(document, contract)
    tensor = _input(document, contract.input_name)
    datatype = tensor.get("datatype")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise InvalidRequest("invalid_datatype", f"{contract.input_name} takes the datatypes {' and '.join(DATATYPES)}")
    shape = _shape(tensor, contract, max_images)
    size = _parameters(tensor).get("binary_data_size")
    if size is None:
        if raw:
            raise InvalidRequest("invalid_length", f"{len(raw)} bytes follow the JSON without a binary_data_size")
        values: NDArray[Any] = _from_json(tensor, shape, datatype)
    else:
        values = _from_bytes(tensor, shape, datatype, size, raw)
    pictures = values if values.dtype == np.uint8 else json_arrays.scale(values, 0)
    return Request(said, pictures.reshape(contract.input_shape), outputs)


def _split(content: bytes, header_length: str) -> tuple[bytes, memoryview]:
    if not header_length:
        return content, memoryview(b"")
    given = int(header_length) if re.fullmatch("[0-9]{1,9}", header_length) else -1
    if not 0 < given <= len(content):
        raise InvalidRequest("invalid_header", f"{LENGTH} must be the length of the JSON that the body begins with")
    return content[:given], memoryview(content)[given:]


def _input(document: simdjson.Object, name: str) -> simdjson.Object:
    inputs = document.get("inputs")
    if not isinstance(inputs, simdjson.Array) or len(inputs) != 1 or not isinstance(inputs[0], simdjson.Object):
        raise InvalidRequest("invalid_inputs", f"inputs must be a list of one tensor, {name}")
    if inputs[0].get("name") != name:
        raise InvalidRequest("unknown_input", f"the model has no such input; it takes {name}")
    return inputs[0]


def _shape(tensor: simdjson.Object, contract: Contract, max_images: int) -> tuple[int, ...]:
    given = tensor.get("shape")
    elements = list(given) if isinstance(given, simdjson.Array) and len(given) <= len(contract.input_shape) else []
    sizes = tuple(size for size in elements if type(size) is int)  # neither 28.0 nor true
    allowed = forms(contract)
    if len(sizes) != len(elements) or (-1, *sizes[1:]) not in allowed or sizes[0] < 0:
        texts = " or ".join(str(list(form)).replace("-1", "n") for form in allowed)
        raise InvalidRequest("invalid_shape", f"the shape of {contract.input_name} must be {texts}")
    if sizes[0] == 0:
        raise InvalidRequest("empty", f"{contract.input_name} is empty; it must hold at least one image")
    json_arrays.check_count(sizes[0], max_images)
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


def _from_json(tensor: simdjson.Object, shape: tuple[int, ...], datatype: str) -> NDArray[Any]:
    data = tensor.get("data")
    if not isinstance(data, simdjson.Array):
        raise InvalidRequest(
            "invalid_data", f"data is {json_errors.kind(data)}; it must be an array, or follow as binary"
        )
    nested = json_errors.leading_shape(data)
    if nested not in (shape, (math.prod(shape),)):
        found = "×".join(map(str, nested[: len(shape) + 1]))
        raise InvalidRequest("invalid_data", f"data has {found} elements; the shape says {'×'.join(map(str, shape))}")
    values = json_arrays.numbers(data, nested, cast(bytes, data.mini))  # its type stub says str
    if values is None:
        json_errors.explain_data(data, nested)
    values = values.reshape(shape)
    if datatype != "UINT8":
        return values
    wrong = (values < 0) | (values > 255) | (values != np.trunc(values))
    if wrong.any():
        index = int(wrong.reshape(len(values), -1).any(axis=1).argmax())
        raise InvalidRequest("out_of_range", f"image {index} holds a value that is no UINT8; it takes 0 to 255")
    return values.astype(np.uint8)


def _id(document: simdjson.Object) -> str | None:
    given = document.get("id")
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > ID_CHARACTERS:
        raise InvalidRequest("invalid_id", f"id must be a string of at most {ID_CHARACTERS:,} characters")
    return given


def _outputs(document: simdjson.Object, contract: Contract) -> dict[str, bool]:
    binary = _flag(_parameters(document), "binary_data_output", False)
    listed = document.get("outputs")
    if listed is not None and not isinstance(listed, simdjson.Array):
        raise InvalidRequest("invalid_outputs", "outputs must be a list")
    if not listed:
        return dict.fromkeys((contract.output_name, DIGIT), binary)
    known = (contract.output_name, DIGIT, WARNINGS)
    outputs: dict[str, bool] = {}
    for output in listed:
        name = output.get("name") if isinstance(output, simdjson.Object) else None
        if not isinstance(output, simdjson.Object) or name not in known:
            raise InvalidRequest("unknown_output", f"the model has no such output; there is {', '.join(known)}")
        if name in outputs:
            raise InvalidRequest("invalid_outputs", f"the output {name} is asked for twice")
        parameters = _parameters(output)
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
        raise InvalidRequest("invalid_parameter", f"parameters is {json_errors.kind(parameters)}; it must be an object")
    return cast(Mapping[str, Any], parameters)


def _flag(parameters: Mapping[str, Any], name: str, default: bool) -> bool:
    value = parameters.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise InvalidRequest("invalid_parameter", f"{name} takes true or false")
    return value
