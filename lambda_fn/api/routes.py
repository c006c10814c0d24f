"""Requests in, responses out: the routes, and errors as HTTP."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import pybase64
from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from lambda_fn.bodies import json_arrays
from lambda_fn.deadline import Deadline
from lambda_fn.digits import interpret, prepare
from lambda_fn.errors import Forbidden, InvalidRequest, MethodNotAllowed, NotFound, OutOfTime, RequestError
from lambda_fn.inference.model import Model, Models
from lambda_fn.observers.telemetry import Record
from lambda_fn.pipeline import Work

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_json = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def build(
    models: Models, max_images: int, cors_origins: Sequence[str] = (), image_links: bool = False
) -> APIGatewayRestResolver:
    """The resolver of all routes. Each request's Record is expected in its context, as `record`.

    Where origins are named, their pages may read the answers, and preflights are answered. With `image_links`, a
    picture may be named by a link.
    """
    cors = _cors(cors_origins) if cors_origins else None
    app = APIGatewayRestResolver(serializer=_json, cors=cors)

    def predict_batch() -> dict[str, Any]:
        return _predict(app, models, max_images, json_arrays.pictures)

    def predict_img() -> dict[str, Any]:
        event = app.current_event
        link = event.query_string_parameters.get("image_link")
        if link is not None:
            _check_link(event.raw_event, image_links)
            return _predict(app, models, max_images, lambda content, _, rest: json_arrays.file(content, rest), link)
        read = partial(json_arrays.files, content_type=event.headers.get("content-type") or "")
        return _predict(app, models, max_images, read)

    refused = METHODS if cors is None else METHODS[:-1]  # a preflight is the resolver's to answer
    _route(app, "GET", "/", lambda: {"message": "Hello World"}, refused)
    _route(app, "GET", "/health", lambda: _health(models), refused)
    _route(app, "POST", "/predict/batch", predict_batch, refused)
    _route(app, "POST", "/predict/img", predict_img, refused)
    _route(app, "GET", "/openapi.json", lambda: _openapi(app, models, max_images, image_links), refused)
    for name in ("docs", "console"):
        _route(app, "GET", f"/{name}", partial(_page, app, name), refused)
    # One pattern for all that the protocol has: a pattern for each would take longer than the rest of this function.
    app.route("/v2(?:/.*)?", list(refused))(lambda: _open_inference(app, models, max_images))
    app.exception_handler(NotFoundError)(lambda _: _refuse(app, NotFound("not_found", "no such path")))
    app.exception_handler(RequestError)(lambda error: _refuse(app, error))
    app.exception_handler(OutOfTime)(lambda error: _run_out(app, error))
    app.exception_handler(Exception)(lambda error: _fail(app, error))
    return app


def _cors(origins: Sequence[str]) -> CORSConfig:
    """What pages of the origins may send and read, beside what Powertools names: binary tensors and gzip."""
    length = "Inference-Header-Content-Length"
    allowed = [length, "Content-Encoding"]
    return CORSConfig(origins[0], list(origins[1:]), allow_headers=allowed, expose_headers=[length], max_age=600)


def _health(models: Models) -> dict[str, Any]:
    default = models.default.contract.version
    listed = [
        {"name": contract.name, "version": version, "sha256": contract.sha256, "default": version == default}
        for version, contract in models.contracts.items()
    ]
    return {"status": "ok", "models": listed}


def _openapi(app: APIGatewayRestResolver, models: Models, max_images: int, image_links: bool) -> Response[str | bytes]:
    from lambda_fn.web import openapi  # most environments never serve a page

    document = openapi.document(models.default.contract, tuple(models.contracts), max_images, image_links)
    return document.response(app.current_event.headers)


def _page(app: APIGatewayRestResolver, name: str) -> Response[str | bytes]:
    from lambda_fn.web import pages  # as above

    return pages.page(name).response(app.current_event.headers)


def _route(
    app: APIGatewayRestResolver,
    method: str,
    path: str,
    function: Callable[[], dict[str, Any] | Response[str | bytes]],
    refused: Sequence[str],
) -> None:
    """Registers `path` for `method`, and the answer 405 for the other ones of `refused`."""

    def answer() -> dict[str, Any] | Response[str | bytes]:
        app.context["record"].route = path
        return function()

    def wrong_method() -> dict[str, Any]:
        app.context["record"].route = path
        raise MethodNotAllowed(app.current_event.http_method, method)

    app.route(path, method)(answer)
    app.route(path, [other for other in refused if other != method])(wrong_method)


def _predict(
    app: APIGatewayRestResolver,
    models: Models,
    max_images: int,
    read: Callable[[bytes, int, Deadline], json_arrays.Pictures],
    link: str | None = None,
) -> dict[str, Any]:
    with_probabilities, with_seen = _flag(app, "probabilities"), _flag(app, "seen")
    model = models.get(app.current_event.query_string_parameters.get("version"))
    at_most = min(max_images, prepare.SEEN_AT_MOST) if with_seen else max_images
    work = Work(app.current_event.raw_event, app.lambda_context, app.context["record"], model)
    pictures = work.read(lambda content, deadline: read(content, at_most, deadline), link)
    result = work.infer(pictures)
    response: dict[str, Any] = result.answer.as_json() | {"model": _identity(model)}
    if with_probabilities:
        response["probabilities"] = interpret.rounded(result.scores)
    if with_seen:
        response["seen"] = prepare.seen(result.tensor)
    return response


def _open_inference(app: APIGatewayRestResolver, models: Models, max_images: int) -> Any:
    # Imported when it is first asked for: most environments never are, and all would pay at their start.
    from lambda_fn.v2 import endpoints
    from lambda_fn.v2 import request as v2_request
    from lambda_fn.v2 import response as v2_response

    event = app.current_event
    call = endpoints.find(event.path)
    app.context["record"].route = call.route
    if event.http_method != call.method:
        raise MethodNotAllowed(event.http_method, call.method)
    endpoints.check_model(call, models)
    if not call.infers:
        return endpoints.describe(call, models, max_images)
    model = models.get(call.version)
    length = json_arrays.header(event.raw_event, v2_request.LENGTH.lower())
    work = Work(event.raw_event, app.lambda_context, app.context["record"], model)
    request = work.read(lambda content, _: v2_request.read(content, length, model.contract, max_images))
    result = work.infer(request.pictures)
    body, headers = v2_response.respond(event.raw_event, request, model.contract, result.scores, result.answer)
    text = body if isinstance(body, str) else pybase64.b64encode_as_string(body)
    response = Response(HTTPStatus.OK, headers.pop("Content-Type"), text, headers)
    response.base64_encoded = isinstance(body, bytes)  # Powertools would write bytes of JSON's type as JSON once more
    return response


def _check_link(event: Mapping[str, Any], image_links: bool) -> None:
    if not image_links:
        raise Forbidden("image_links_off", "this stage fetches no image_link; send the picture's bytes as the body")
    if event.get("body"):
        raise InvalidRequest("link_and_body", "the request has a body and an image_link; send one of the two")


def _flag(app: APIGatewayRestResolver, name: str) -> bool:
    value = app.current_event.query_string_parameters.get(name, "false")
    if value not in ("true", "false"):
        raise InvalidRequest("invalid_parameter", f"the query parameter {name} takes true or false")
    return value == "true"


def _identity(model: Model) -> dict[str, Any]:
    return {"name": model.contract.name, "version": model.contract.version}


def _refuse(app: APIGatewayRestResolver, error: RequestError) -> Response[str]:
    record: Record = app.context["record"]
    record.rejection = error.code
    headers = {"Allow": error.allow} if isinstance(error, MethodNotAllowed) else {}
    return _error(error.status, error.code, error.message, record, headers)


def _run_out(app: APIGatewayRestResolver, error: OutOfTime) -> Response[str]:
    record: Record = app.context["record"]
    record.error = error
    message = "the request can't be finished in time; send fewer images in one call"
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, "deadline", message, record, {"Retry-After": "1"})


def _fail(app: APIGatewayRestResolver, error: Exception) -> Response[str]:
    record: Record = app.context["record"]
    record.error = error
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "the service failed; try again", record)


def _error(
    status: HTTPStatus, code: str, message: str, record: Record, headers: dict[str, str] | None = None
) -> Response[str]:
    body = _json({"error": message, "code": code, "request_id": record.request_id})
    return Response(status, "application/json", body, dict(headers or {}))
