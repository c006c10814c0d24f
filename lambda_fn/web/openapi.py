"""Builds the OpenAPI document from openapi.yaml, the tasks' own documents and the values of this deployment."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lambda_fn import __version__, limits
from lambda_fn.inference.contract import Contract
from lambda_fn.task import Task
from lambda_fn.web.pages import FOLDER, Document

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_LIMITS = {name.lower(): value for name, value in vars(limits).items() if name.isupper()}


@dataclass(frozen=True, slots=True)
class DescribedModel:
    """A model of the service, with the contract of its default version."""

    contract: Contract = field(hash=False)
    task: Task[Any] = field(hash=False)
    versions: tuple[str, ...]


@cache
def document(models: tuple[DescribedModel, ...], *, max_inputs: int, image_links: bool) -> Document:
    """Describes a service with these models."""
    shared = _LIMITS | {"max_inputs": max_inputs, "image_links": image_links, "body_required": not image_links}
    content = _read(FOLDER / "openapi.yaml", shared | _of_service(models))
    for model in models:
        if model.task.openapi:
            content = _merge(content, _read(model.task.openapi, shared | _of_model(model)))
    responses = content["components"]["responses"]
    content["components"]["responses"] = {name: _response(**response) for name, response in responses.items()}
    return Document("application/json", json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def _of_service(models: tuple[DescribedModel, ...]) -> dict[str, Any]:
    routes = [(model.task.tensor_route, model.contract) for model in models]
    inputs = [route.input(contract) for route, contract in routes]
    outputs = [output for route, contract in routes for output in route.outputs(contract)]
    shapes = [shape for route, contract in routes for shape in route.shapes(contract)]
    return {
        "service_version": __version__,
        "models": [model.contract.name for model in models],
        "all_versions": _unique(version for model in models for version in model.versions),
        "input_names": _unique(each.name for each in inputs),
        "input_datatypes": _unique(datatype for route, _ in routes for datatype in route.datatypes),
        "input_shapes": " or ".join(_unique(str(list(shape)).replace("-1", "n") for shape in shapes)),
        "least_dimensions": min(map(len, shapes)),
        "most_dimensions": max(map(len, shapes)),
        "output_names": _unique(each.name for each in outputs),
        "output_datatypes": _unique(each.datatype for each in outputs),
    }


def _of_model(model: DescribedModel) -> dict[str, Any]:
    return {
        "versions": list(model.versions),
        "default_version": model.contract.version,
        "warnings": list(model.contract.warnings),
        "warning_meanings": _listed(model.contract.warnings),
    }


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _read(path: Path, values: Mapping[str, Any]) -> Any:
    import yaml  # only /openapi.json needs it

    return _fill(yaml.load(path.read_bytes(), yaml.CSafeLoader), values)


def _fill(node: Any, values: Mapping[str, Any]) -> Any:
    """Replaces each ${name} by its value, and drops what is under an `x-if` whose value is false."""
    if isinstance(node, dict):
        return {key: _fill(each, values) for key, each in node.items() if key != "x-if" and _applies(each, values)}
    if isinstance(node, list):
        return [_fill(each, values) for each in node if _applies(each, values)]
    if not isinstance(node, str):
        return node
    if whole := _PLACEHOLDER.fullmatch(node):
        return values[whole[1]]
    return _PLACEHOLDER.sub(lambda match: _in_words(values[match[1]]), node)


def _applies(node: Any, values: Mapping[str, Any]) -> bool:
    return not isinstance(node, dict) or "x-if" not in node or bool(values[node["x-if"]])


def _in_words(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,}".removesuffix(".0")


def _merge(one: Any, other: Any, key: str = "") -> Any:
    """Joins two documents: members, the entries of lists, and descriptions. Raises ValueError if they disagree."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = {name: _merge(one[name], other[name], name) for name in one.keys() & other.keys()}
        return one | other | both
    if isinstance(one, list) and isinstance(other, list):
        return one + [each for each in other if each not in one]
    if one == other:
        return one
    if key == "description":
        return f"{one}\n\n{other}"
    raise ValueError(f"two OpenAPI documents disagree about {key}: {one!r} and {other!r}")


def _response(description: str, **members: Any) -> dict[str, Any]:
    """An error response with its `x-codes` as a list in its description, as the schema's enum, and in an example."""
    codes: dict[str, str] = members.pop("x-codes")
    schema = {"allOf": [{"$ref": "#/components/schemas/Error"}], "properties": {"code": {"enum": list(codes)}}}
    code, meaning = next(iter(codes.items()))
    example = {"error": meaning, "code": code, "request_id": "11111111-2222-4333-8444-555555555555"}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"description": f"{description}\n\n{_listed(codes)}", "content": content} | members


def _listed(meanings: Mapping[str, str]) -> str:
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in meanings.items())
