"""Every error that a client may meet: its status, its stable code and what it means; as OpenAPI's responses."""

from typing import Any

# Of any body.
_BODY = {
    "no_body": "the request has no body",
    "invalid_encoding": "the body is neither valid base64 nor valid UTF-8",
    "invalid_gzip": "Content-Encoding is gzip, and the body is none",
    "not_json": "the body is not JSON, or a number in it is NaN or infinite outside of an image",
    "not_an_object": "the body is JSON and not an object",
    "empty": "no image, or an image without pixels",
    "ragged": "rows of an image or tensor differ in length, or a row is no array",
    "not_a_number": "a pixel is a string, a boolean, null, NaN or infinite",
    "out_of_range": "a pixel is below 0 or above 255",
    "invalid_parameter": "a parameter has a value that it does not take",
    "bad_request": "the gateway can't read the request",
}
_PICTURES = {
    "missing_x": 'neither "x" nor "images"',
    "unknown_field": "a member or form field that is not known, or both x and images",
    "not_an_array": "x or images is not a list",
    "not_an_image": "an element is neither an array nor, in images, a string",
    "wrong_rank": "an array that is neither H×W nor H×W×C with C of 1, 3 or 4",
    "not_square": "an array of other height than width",
    "invalid_base64": "an element of images is not base64",
    "unreadable_image": "a damaged PNG or JPEG",
    "invalid_multipart": "the form can't be read",
    "invalid_link": "image_link is no link to a public host by https",
    "link_and_body": "a body and an image_link",
}
_TENSORS = {
    "invalid_inputs": "inputs is no list of one tensor",
    "unknown_input": "a tensor of another name than the model's",
    "invalid_shape": "a shape that the model does not take",
    "invalid_datatype": "a datatype that the model does not take",
    "invalid_data": "data is missing, is no array, or has not as many elements as the shape says",
    "invalid_header": "the header says another length than the JSON has",
    "invalid_length": "the raw bytes are not as many as the shape and binary_data_size say",
    "invalid_id": "id is no string, or too long",
    "invalid_outputs": "outputs is no list, or names one twice",
    "unknown_output": "an output that the model has not",
}
_NOT_READY = {"not_ready": "the version is not what its contract says, so it does not answer"}
FORBIDDEN = {
    "forbidden": "no API key, or one that is not known",
    "image_links_off": "this stage fetches no image_link",
    "filtered": "refused by the firewall, where the stage has one",
}
NOT_FOUND = {
    "not_found": "no such path",
    "unknown_model": "no such model; the message names the one there is",
    "unknown_version": "no such version of the model; the message names those there are",
}
METHOD_NOT_ALLOWED = {"method_not_allowed": "the path takes another method, which Allow names"}
TOO_LARGE = {
    "request_too_large": "more than 6 MB, base64 included",
    "unzips_too_large": "a compressed body unzips to too much",
    "too_many_scans": "a progressive JPEG of more scans than are read",
    "link_too_large": "the picture behind the link has more than 6 MB",
    "too_many_images": "more images than a call may have",
    "too_many_pixels": "an image, or all together, have more pixels than are read",
}
UNSUPPORTED = {
    "unsupported_format": "a file that is neither PNG nor JPEG",
    "unsupported_encoding": "a Content-Encoding that is not known",
}
TOO_MANY = {
    "too_many_requests": "more requests than can be served at the moment",
    "quota_exceeded": "the key's requests of the day are used up",
}
FAILED = {"internal": "the service failed; the same request may succeed later"}
BAD_GATEWAY = {"bad_gateway": "the function failed, or its answer would exceed 6 MB"}
LINK_FAILED = {"link_failed": "the picture behind the link can't be had"}
OUT_OF_TIME = {"deadline": "the call can't be finished in time; send fewer images in one"}
TIMEOUT = {
    "timeout": "no answer in time",
    "bad_gateway": "the gateway could not reach the function",
}

# By the names under which paths refer to them.
ERRORS: dict[str, tuple[int, str, dict[str, str]]] = {
    "BadRequest": (400, "The request can't be read as images", _BODY | _PICTURES),
    "BadTensor": (400, "The request can't be read as tensors", _BODY | _TENSORS),
    "NotReady": (400, "It can't answer", _NOT_READY),
    "Forbidden": (403, "The request is not let in", FORBIDDEN),
    "NotFound": (404, "No such path, model or version", NOT_FOUND),
    "MethodNotAllowed": (405, "The path takes another method", METHOD_NOT_ALLOWED),
    "TooLarge": (413, "More than one call may carry", TOO_LARGE),
    "UnsupportedMedia": (415, "A format that is not read", UNSUPPORTED),
    "LinkFailed": (424, "The link gives no picture", LINK_FAILED),
    "TooManyRequests": (429, "More than is let through", TOO_MANY),
    "Failed": (500, "The service failed", FAILED),
    "BadGateway": (502, "The service failed", BAD_GATEWAY),
    "OutOfTime": (503, "The call can't be finished in time", OUT_OF_TIME),
    "Timeout": (504, "The service did not answer in time", TIMEOUT),
}
_HEADERS = {
    "MethodNotAllowed": {"Allow": {"description": "The methods that the path takes.", "schema": {"type": "string"}}},
    "OutOfTime": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}},
    "TooManyRequests": {
        "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer"}}
    },
}


def responses() -> dict[str, Any]:
    """OpenAPI's components/responses."""
    return {name: _response(name, *of) for name, of in ERRORS.items()}


def references(*names: str) -> dict[str, Any]:
    """An operation's responses of these names, and of those that any request may meet, by status."""
    every = {"TooManyRequests", "Failed", "BadGateway", "OutOfTime", "Timeout", *names}
    return {str(ERRORS[name][0]): {"$ref": f"#/components/responses/{name}"} for name in ERRORS if name in every}


def _response(name: str, status: int, summary: str, codes: dict[str, str]) -> dict[str, Any]:
    listed = "\n".join(f"- `{code}`: {meaning}" for code, meaning in codes.items())
    code, meaning = next(iter(codes.items()))
    example = {"error": meaning, "code": code, "request_id": "11111111-2222-4333-8444-555555555555"}
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Error"}],
        "properties": {"code": {"enum": list(codes)}},
    }
    return {
        "description": f"{summary} ({status}).\n\n{listed}",
        "headers": _HEADERS.get(name, {}),
        "content": {"application/json": {"schema": schema, "example": example}},
    }
