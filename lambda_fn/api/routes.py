"""Routes requests to the tasks, to /v2 and to the pages, and turns errors into HTTP."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

import pybase64
from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from lambda_fn.bodies import request_body
from lambda_fn.deadline import Deadline
from lambda_fn.errors import (
    Forbidden,
    InvalidRequest,
    MethodNotAllowed,
    ModelRejected,
    NotFound,
    NotReady,
    OutOfTime,
    RequestError,
)
from lambda_fn.inference.contract import Contract
from lambda_fn.inference.repository import Repository
from lambda_fn.observers.metrics import to_json
from lambda_fn.observers.request_log import RequestLog
from lambda_fn.pipeline import predict
from lambda_fn.task import Extra, Route, Task, rounded

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Result = dict[str, Any] | Response[str | bytes]


class Routes:
    """Answers one event at a time, as an execution environment does."""

    def __init__(
        self,
        repository: Repository,
        tasks: Mapping[str, Task[Any]],
        *,
        max_inputs: int,
        cors_origins: Sequence[str] = (),
        image_links: bool = False,
    ) -> None:
        """Registers the routes.

        Args:
            cors_origins: origins whose pages may read the answers; their preflight requests are answered.
            image_links: whether a request may name a file by link.
        """
        self._repository = repository
        self._tasks = tasks
        self._max_inputs = max_inputs
        self._image_links = image_links
        cors = _cors(cors_origins) if cors_origins else None
        # The resolver answers preflight requests itself.
        self._methods = METHODS if cors is None else METHODS[:-1]
        self._app = APIGatewayRestResolver(serializer=to_json, cors=cors)
        self._default = repository.contract(repository.names[0])
        self._log = self._idle = RequestLog(self._default)

        self._add("GET", "/", self._hello)
        self._add("GET", "/health", self._health)
        self._add_predict_routes()
        self._add("GET", "/openapi.json", self._openapi)
        for page in ("docs", "console"):
            self._add("GET", f"/{page}", partial(self._page, page))
        # One pattern for all of the protocol's paths: a pattern each would take longer than the rest of the start.
        self._app.route("/v2(?:/.*)?", list(self._methods))(self._v2)
        self._app.exception_handler(NotFoundError)(self._not_found)
        self._app.exception_handler(RequestError)(self._refuse)
        self._app.exception_handler(OutOfTime)(self._out_of_time)
        self._app.exception_handler(Exception)(self._fail)

    def respond(self, event: Mapping[str, Any], context: Any) -> tuple[dict[str, Any], RequestLog]:
        """The response to an event of a REST API's proxy integration (payload format 1.0), and what happened."""
        method = event["httpMethod"]
        log = self._log = RequestLog(
            self._default,
            request_id=event["requestContext"]["requestId"],
            method=method if method in METHODS else "other",  # any other is a client's own text
        )
        response = self._app.resolve(event, context)
        log.status = response["statusCode"]
        # JSON is no page, whatever a client wrote into it.
        response["multiValueHeaders"]["X-Content-Type-Options"] = ["nosniff"]
        self._log = self._idle  # lets go of the request's inputs
        return response, log

    def _add_predict_routes(self) -> None:
        taken: dict[str, str] = {}
        for name in self._repository.names:
            contract = self._repository.contract(name)
            if contract.task not in self._tasks:
                raise ModelRejected(f"{name}: there is no task {contract.task}; there is {', '.join(self._tasks)}")
            task = self._tasks[contract.task]
            task.check(contract)
            for path, route in task.routes.items():
                if path in taken:
                    raise ModelRejected(f"{name}: {path} is already a route of {taken[path]}")
                taken[path] = name
                self._add("POST", path, partial(self._predict, contract, task, route))

    def _add(self, method: str, path: str, handle: Callable[[], Result]) -> None:
        """Routes `method` to `handle`, and other methods to a 405."""

        # Powertools needs functions with a name; a partial has none.
        def matched() -> Result:
            self._log.route = path
            return handle()

        def wrong_method() -> Result:
            self._log.route = path
            raise MethodNotAllowed(self._app.current_event.http_method, method)

        self._app.route(path, method)(matched)
        self._app.route(path, [other for other in self._methods if other != method])(wrong_method)

    def _hello(self) -> Result:
        return {"message": "Hello World"}

    def _health(self) -> Result:
        models = [
            {
                "name": name,
                "version": contract.version,
                "sha256": contract.sha256,
                "default": contract.version == self._repository.default_version(name),
            }
            for name in self._repository.names
            for contract in self._repository.contracts(name)
        ]
        return {"status": "ok", "models": models}

    def _predict(self, default: Contract, task: Task[Any], route: Route[Any]) -> Result:
        self._log.contract = default
        query = self._app.current_event.query_string_parameters
        link = query.get(route.link) if route.link else None
        if link is not None:
            self._check_link(route.link)
        extras = {extra: task.extras[extra] for extra in task.extras if _flag(query, extra)}
        model = self._repository.get(default.name, query.get("version"))
        self._log.contract = model.contract
        deadline = Deadline.of_invocation(self._app.lambda_context)
        inputs = self._decode(route, link, _most_inputs(self._max_inputs, extras), deadline)
        prediction = predict(task, model, inputs, deadline)
        self._log.prediction = prediction
        answers = prediction.answers
        response = {
            **answers.members,
            "confidence": rounded(answers.confidence),
            "warnings": answers.warnings,
            "model": {"name": model.contract.name, "version": model.contract.version},
        }
        for extra_name in extras:
            response[extra_name] = extras[extra_name].values(prediction.prepared, answers)
        return response

    def _decode(self, route: Route[Any], link: str | None, at_most: int, deadline: Deadline) -> Any:
        event = self._app.current_event.raw_event
        content = request_body.body(event) if link is None else _fetch(link, deadline)
        self._log.body_bytes = len(content)
        headers = (event.get("headers") or {}) if link is None else {}
        try:
            return route.decode(content, headers, at_most, deadline)
        finally:
            self._log.decoded = time.perf_counter()

    def _check_link(self, parameter: str) -> None:
        if not self._image_links:
            message = f"this stage fetches no {parameter}; send the image's bytes as the body"
            raise Forbidden("image_links_off", message)
        if self._app.current_event.raw_event.get("body"):
            raise InvalidRequest("link_and_body", f"the request has a body and an {parameter}; send one of the two")

    def _v2(self) -> Result:
        # Imported when first needed: most environments never are asked, and all would pay at their start.
        from lambda_fn.v2.endpoints import Endpoints, find

        event = self._app.current_event
        call = find(event.path)
        self._log.route = call.route
        if event.http_method != call.method:
            raise MethodNotAllowed(event.http_method, call.method)
        endpoints = Endpoints(self._repository, self._tasks, self._max_inputs)
        endpoints.check_exists(call)
        if call.infers:
            return self._infer(call.model, call.version)
        answer: Result = endpoints.describe(call)
        return answer

    def _infer(self, name: str, version: str | None) -> Result:
        from lambda_fn.v2 import request as v2_request
        from lambda_fn.v2 import response as v2_response

        self._log.contract = self._repository.contract(name)
        event = self._app.current_event.raw_event
        model = self._repository.get(name, version)
        contract = self._log.contract = model.contract
        task = self._tasks[contract.task]
        deadline = Deadline.of_invocation(self._app.lambda_context)
        length = request_body.header(event.get("headers"), v2_request.LENGTH.lower())
        content = request_body.body(event)
        self._log.body_bytes = len(content)
        try:
            request = v2_request.read(content, length, task.tensor_route, contract, self._max_inputs)
            inputs = task.tensor_route.decode(request.values, contract)
        finally:
            self._log.decoded = time.perf_counter()
        prediction = predict(task, model, inputs, deadline)
        self._log.prediction = prediction
        body, headers = v2_response.respond(event, request, task.tensor_route, prediction)
        text = body if isinstance(body, str) else pybase64.b64encode_as_string(body)
        response: Response[str | bytes] = Response(HTTPStatus.OK, headers.pop("Content-Type"), text, headers)
        # Powertools would encode bytes as JSON again.
        response.base64_encoded = isinstance(body, bytes)
        return response

    def _openapi(self) -> Result:
        from lambda_fn.web import openapi  # most environments never serve a page

        contracts = [self._repository.contract(name) for name in self._repository.names]
        models = tuple(
            openapi.DescribedModel(contract, self._tasks[contract.task], self._repository.versions(contract.name))
            for contract in contracts
        )
        document = openapi.document(models, max_inputs=self._max_inputs, image_links=self._image_links)
        return document.response(self._app.current_event.headers)

    def _page(self, name: str) -> Result:
        from lambda_fn.web import pages

        return pages.page(name).response(self._app.current_event.headers)

    def _not_found(self, _: NotFoundError) -> Response[str]:
        return self._refuse(NotFound("not_found", "no such path"))

    def _refuse(self, error: RequestError) -> Response[str]:
        self._log.rejection = error.code
        self._log.reason = error.reason if isinstance(error, NotReady) else None
        headers = {"Allow": error.allow} if isinstance(error, MethodNotAllowed) else {}
        return self._error(error.status, error.code, error.message, headers)

    def _out_of_time(self, error: OutOfTime) -> Response[str]:
        self._log.error = error
        message = f"the request can't be finished in time; send fewer {self._log.contract.unit}s in one call"
        return self._error(HTTPStatus.SERVICE_UNAVAILABLE, "deadline", message, {"Retry-After": "1"})

    def _fail(self, error: Exception) -> Response[str]:
        self._log.error = error
        return self._error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "the service failed; try again", {})

    def _error(self, status: HTTPStatus, code: str, message: str, headers: dict[str, str]) -> Response[str]:
        body = to_json({"error": message, "code": code, "request_id": self._log.request_id})
        return Response(status, "application/json", body, dict(headers))


def _cors(origins: Sequence[str]) -> CORSConfig:
    """What pages of the origins may send and read beyond Powertools' own list: binary tensors and gzip."""
    length = "Inference-Header-Content-Length"
    allowed = [length, "Content-Encoding"]
    return CORSConfig(origins[0], list(origins[1:]), allow_headers=allowed, expose_headers=[length], max_age=600)


def _most_inputs(at_most: int, extras: Mapping[str, Extra]) -> int:
    for name in extras:
        at_most = min(at_most, extras[name].at_most or at_most)
    return at_most


def _flag(query: Mapping[str, str], name: str) -> bool:
    value = query.get(name, "false")
    if value not in ("true", "false"):
        raise InvalidRequest("invalid_parameter", f"the query parameter {name} takes true or false")
    return value == "true"


def _fetch(link: str, deadline: Deadline) -> bytes:
    from lambda_fn.bodies import image_link  # sockets and TLS, which no other request needs

    deadline.check()
    return image_link.fetch(link, deadline.left())
