"""The OpenAPI description of /predict: what it takes, what it gives."""

from typing import Any

from lambda_fn import limits
from lambda_fn.digits import interpret, prepare
from lambda_fn.web import examples
from lambda_fn.web.error_codes import references

WARNINGS = {
    prepare.COLOUR: "the picture has colours",
    prepare.INVERTED: "dark ink on light paper was turned to light on dark",
    prepare.RESIZED: "the digit was scaled to the size that the model knows",
    prepare.RECENTRED: "the digit was moved to the middle",
    prepare.LOW_CONTRAST: "ink and paper differ little",
    prepare.CLUTTERED: "ink was left out: a line, a neighbour, specks",
    prepare.UNCLEAR: "more than ink on paper; a person should look",
    prepare.BLANK: "nothing is on the paper",
    interpret.LOW_CONFIDENCE: "a person should look: the model is unsure, or one of the two before holds",
}
_EXAMPLE = {"y": [7], "confidence": [0.999997], "warnings": [["inverted", "resized"]]}


def paths(image_links: bool) -> dict[str, Any]:
    """OpenAPI's paths; with `image_links`, a picture may be named by a link."""
    files = {"type": "string", "format": "binary", "description": "The bytes of a file."}
    form = {
        "type": "object",
        "required": ["files"],
        "properties": {"files": {"type": "array", "minItems": 1, "items": files}},
    }
    img = {"image/png": {"schema": files}, "image/jpeg": {"schema": files}, "multipart/form-data": {"schema": form}}
    batch = {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Batch"},
            "examples": {
                "file": {"summary": "a PNG file in base64", "value": {"images": [examples.PNG]}},
                "array": {"summary": "an array of whole numbers", "value": {"x": examples.ARRAY}},
                "arrays": {
                    "summary": "two arrays of different size",
                    "value": {"x": [examples.ARRAY, [row[1:9] for row in examples.ARRAY[1:9]]]},
                },
            },
        }
    }
    described = {
        "/predict/batch": _post(
            "predictBatch",
            "Reads arrays, or files in base64",
            "`x` is an image or a list of them; `images` a list of PNG or JPEG files in base64. One of the two. The "
            "images of a batch may differ in shape, and no answer depends on the others.",
            batch,
        ),
        "/predict/img": _post(
            "predictImg",
            "Reads PNG and JPEG files",
            "The body is the bytes of one file, or a form of many. Names of fields and files don't matter: "
            "`curl -F files=@seven.png -F files=@two.jpg`. What a file is, its bytes say, not its Content-Type.",
            img,
        ),
    }
    if image_links:
        of_img = described["/predict/img"]["post"]
        of_img["parameters"].append({"$ref": "#/components/parameters/imageLink"})
        of_img["requestBody"]["required"] = False
        of_img["responses"] |= references("LinkFailed")
    return described


def _post(name: str, summary: str, description: str, content: dict[str, Any]) -> dict[str, Any]:
    answer = {"schema": {"$ref": "#/components/schemas/Answer"}, "example": _EXAMPLE | {"model": _MODEL}}
    errors = references("BadRequest", "Forbidden", "NotFound", "MethodNotAllowed", "TooLarge", "UnsupportedMedia")
    return {
        "post": {
            "operationId": name,
            "tags": ["predict"],
            "summary": summary,
            "description": description,
            "security": [{"ApiKey": []}],
            "parameters": [
                {"$ref": f"#/components/parameters/{name}"} for name in ("probabilities", "seen", "version")
            ],
            "requestBody": {"required": True, "content": content},
            "responses": {"200": {"description": "A digit for each image.", "content": {"application/json": answer}}}
            | errors,
        }
    }


_MODEL = {"name": "digits", "version": "2"}


def parameters(versions: tuple[str, ...], default: str) -> dict[str, Any]:
    """OpenAPI's components/parameters."""
    return {
        "probabilities": _flag("probabilities", "Whether all ten probabilities of each image are added."),
        "seen": _flag(
            "seen",
            "Whether what the network saw of each image, after all preparation, is added. A request may then have "
            f"{prepare.SEEN_AT_MOST:,} images, for the answer to fit.",
        ),
        "imageLink": {
            "name": "image_link",
            "in": "query",
            "description": "Where the picture lies, in place of a body: a public host, port 443, no redirects.",
            "schema": {"type": "string", "pattern": "^https://", "maxLength": limits.LINK_CHARACTERS},
        },
        "version": {
            "name": "version",
            "in": "query",
            "description": f"The model version that is to answer; {default} if there is none.",
            "schema": {"type": "string", "enum": list(versions)},
        },
    }


def _flag(name: str, description: str) -> dict[str, Any]:
    # An enum of strings: a client made for a boolean may send True.
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string", "enum": ["true", "false"]},
    }


def schemas(max_images: int) -> dict[str, Any]:
    """OpenAPI's components/schemas."""
    pixel = {"type": "number", "minimum": 0, "maximum": 255}
    colours = {
        "type": "array",
        "items": pixel,
        "anyOf": [{"minItems": count, "maxItems": count} for count in (1, 3, 4)],
    }
    listed = "\n".join(f"- `{code}`: {meaning}" for code, meaning in WARNINGS.items())
    share = {"type": "number", "minimum": 0, "maximum": 1}
    return {
        "Picture": {
            "description": "H×W or H×W×C, square. Pixels are 0 to 255, or 0 to 1: a maximum of 1 or less means 0 to 1. "
            "Of four channels the last is alpha.",
            "anyOf": [_rows(pixel), _rows(colours)],
        },
        "Batch": {
            "oneOf": [
                _one("x", {"anyOf": [_PICTURE, _list(_PICTURE, max_images)]}),
                _one("images", _list({"type": "string", "contentEncoding": "base64", "minLength": 1}, max_images)),
            ]
        },
        "Answer": {
            "type": "object",
            "description": "Lists with an entry for each image, in the order of the request.",
            "required": ["y", "confidence", "warnings", "model"],
            "properties": {
                "y": {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 9}},
                "confidence": {"type": "array", "items": share, "description": "The probability of that digit."},
                "warnings": {
                    "type": "array",
                    "description": f"What was found or done.\n\n{listed}",
                    "items": {"type": "array", "items": {"type": "string", "enum": list(WARNINGS)}},
                },
                "probabilities": {
                    "type": "array",
                    "description": "Of 0 to 9, with `?probabilities=true`.",
                    "items": {"type": "array", "minItems": 10, "maxItems": 10, "items": share},
                },
                "seen": {
                    "type": "array",
                    "description": "With `?seen=true`: 784 bytes in base64, the rows of 28×28 pixels, 0 the paper and "
                    "255 the ink.",
                    "items": {"type": "string", "contentEncoding": "base64", "minLength": 1048, "maxLength": 1048},
                },
                "model": {"$ref": "#/components/schemas/Model"},
            },
        },
    }


_PICTURE = {"$ref": "#/components/schemas/Picture"}


def _rows(pixel: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": {"type": "array", "minItems": 1, "items": pixel}}


def _list(items: dict[str, Any], at_most: int) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": at_most, "items": items}


def _one(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [name], "properties": {name: schema}, "additionalProperties": False}
