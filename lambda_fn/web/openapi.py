"""What is deployed in, its OpenAPI 3.1 document out: every route, body, error and limit."""

import json
from functools import cache
from typing import Any

from lambda_fn import __version__, limits
from lambda_fn.inference.contract import Contract
from lambda_fn.web import error_codes, predict_paths, v2_paths
from lambda_fn.web.error_codes import references
from lambda_fn.web.pages import Document

_DESCRIPTION = """
Batches of pictures of handwritten digits go in, digits come out.

**Try it:** open `POST /predict/batch` below, press *Execute*. Where the stage has API keys, *Authorize* takes one. The
[console](console) draws and drops pictures.

**Limits.** A request may have 6 MB, base64 included (a body of bytes comes to the function in base64, so 4.5 MB of
them), and {max_images:,} images; a picture file {max_pixels:,} pixels, and all of a request {max_pixels_of_batch:,}. An
answer may have 6 MB. About 500 images of 28×28 fit as fractions, 2,400 as whole numbers, 6,000 as binary tensors.

A body may be compressed (`Content-Encoding: gzip`) and unzip to {unzipped:,} bytes. JSON may hold {values:,} values and
{nesting:,} levels, a JPEG {scans} scans. A picture behind `image_link` has to be there in {link_seconds:g} seconds.

**Errors** have one form everywhere: what is wrong, a stable code, and the request's id. Bad input is never a 5xx, and
one bad image fails its batch.
"""


@cache
def document(default: Contract, versions: tuple[str, ...], max_images: int, image_links: bool) -> Document:
    """The description of a service that answers with these versions of a model, `max_images` in a request at most."""
    text = json.dumps(_content(default, versions, max_images, image_links), ensure_ascii=False, separators=(",", ":"))
    return Document("application/json", text)


def _content(default: Contract, versions: tuple[str, ...], max_images: int, image_links: bool) -> dict[str, Any]:
    told = {
        "max_images": max_images,
        "max_pixels": limits.PIXELS,
        "max_pixels_of_batch": limits.PIXELS_OF_BATCH,
        "scans": limits.JPEG_SCANS,
        "nesting": limits.NESTING,
        "unzipped": limits.UNZIPPED_BYTES,
        "values": limits.VALUES,
        "link_seconds": limits.LINK_SECONDS,
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Postal Digits",
            "version": __version__,
            "summary": "Reads handwritten digits.",
            "description": _DESCRIPTION.format(**told).strip(),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "./", "description": "beside this document"}],
        "tags": [
            {"name": "predict", "description": "Pictures in, digits out."},
            {
                "name": "v2",
                "description": "The [Open Inference Protocol](https://github.com/kserve/open-inference-protocol), "
                "as Triton's clients speak it: tensors in, tensors out.",
            },
            {"name": "service", "description": "What answers, and whether it does. No key is needed."},
            {"name": "pages", "description": "For people. No key is needed."},
        ],
        "paths": _open_paths() | predict_paths.paths(image_links) | v2_paths.paths(default),
        "components": {
            "securitySchemes": {
                "ApiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "x-api-key",
                    "description": "Needed where the stage has keys, as every deployed one has.",
                }
            },
            "responses": error_codes.responses(),
            "parameters": predict_paths.parameters(versions, default.version) | v2_paths.parameters(default, versions),
            "schemas": _schemas(default.name, versions)
            | predict_paths.schemas(max_images)
            | v2_paths.schemas(default, versions),
        },
    }


def _open_paths() -> dict[str, Any]:
    hello = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Hello"}, "example": {"message": "Hello World"}}
    }
    health = {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
    json_schema = {"application/json": {"schema": {"type": "object"}}}
    html = {"text/html": {"schema": {"type": "string"}}}
    return {
        "/": _get("hello", "service", "Says hello", "A greeting.", hello),
        "/health": _get("health", "service", "Names the models that answer", "It answers.", health),
        "/openapi.json": _get("openapi", "pages", "This document", "OpenAPI 3.1.", json_schema, cached=True),
        "/docs": _get("docs", "pages", "Swagger UI on this document", "A page.", html, cached=True),
        "/console": _get("console", "pages", "A page to draw or drop digits", "A page.", html, cached=True),
    }


def _get(
    name: str, tag: str, summary: str, description: str, content: dict[str, Any], *, cached: bool = False
) -> dict[str, Any]:
    answers = {"200": {"description": description, "content": content}}
    if cached:
        etag = {"description": "Names this state of it.", "schema": {"type": "string"}}
        answers["200"]["headers"] = {"ETag": etag}
        answers["304"] = {"description": "If-None-Match names the state that is served."}
    return {
        "get": {
            "operationId": name,
            "tags": [tag],
            "summary": summary,
            "security": [],
            "responses": answers | references("MethodNotAllowed"),
        }
    }


def _schemas(name: str, versions: tuple[str, ...]) -> dict[str, Any]:
    model = {"name": {"type": "string", "examples": [name]}, "version": {"type": "string", "enum": list(versions)}}
    return {
        "Error": {
            "type": "object",
            "required": ["error", "code", "request_id"],
            "properties": {
                "error": {"type": "string", "description": "What is wrong, with the index of the image it is about."},
                "code": {"type": "string", "description": "Stable: clients may branch on it."},
                "request_id": {"type": "string", "description": "To be given where somebody is asked for help."},
            },
        },
        "Hello": {
            "type": "object",
            "required": ["message"],
            "properties": {"message": {"const": "Hello World"}},
        },
        "Model": {"type": "object", "required": ["name", "version"], "properties": model},
        "Health": {
            "type": "object",
            "required": ["status", "models"],
            "properties": {
                "status": {"const": "ok"},
                "models": {"type": "array", "minItems": 1, "items": _object("sha256", "default", **model | _LISTED)},
            },
        },
    }


_LISTED = {
    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "Of the model file."},
    "default": {"type": "boolean", "description": "Whether it answers where a request names no version."},
}


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["name", "version", *required], "properties": properties}
