"""Calls one version of the function past the public API, and compares its answers with the golden ones.

The pre-traffic hook, the heartbeat and `make rollback` use it.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from lambda_fn.inference.contract import Contract
    from lambda_fn.inference.golden import GoldenRequest

    Expected = list[tuple[Contract, list[GoldenRequest]]]

Event = dict[str, Any]
Invoke = Callable[[Event], Any]
"""Sends an event to a version and returns its response."""

# Characters of one problem: a broken version may answer anything.
LONGEST = 1000


class Wrong(Exception):
    """The version does not answer as it must; the message says how it differs."""


class NotInvoked(Wrong):
    """Lambda did not run the version, or got no answer from it in time.

    Attributes:
        code: of the error, such as TooManyRequestsException or ReadTimeoutError.
    """

    def __init__(self, message: str, code: str) -> None:
        super().__init__(f"{message}: {code}")
        self.code = code


def problems(invoke: Invoke, expected: "Expected") -> list[str]:
    """What is wrong with a version, one line each: the models that it serves, and its answers to golden requests."""
    checks: dict[str, Callable[[], object]] = {
        "GET /health": lambda: _check_health(invoke, [contract for contract, _ in expected])
    }
    for contract, requests in expected:
        for request in requests:
            checks[f"{contract.name}, {request.name}"] = partial(_check_request, invoke, request)
    found = []
    for name, check in checks.items():
        try:
            check()
        except Wrong as wrong:
            found.append(f"{name}: {wrong}"[:LONGEST])
    return found


def invoker(client: "LambdaClient", version: str) -> Invoke:
    """Invokes a version by its qualified ARN. The result raises Wrong if that fails."""
    from botocore.exceptions import BotoCoreError, ClientError

    def invoke(event: Event) -> Any:
        try:
            response = client.invoke(FunctionName=version, Payload=json.dumps(event))
            payload = json.loads(response["Payload"].read())
        except ValueError:
            raise Wrong("the response is no JSON") from None
        except ClientError as error:
            raise NotInvoked("can't be called", error.response["Error"].get("Code", "unknown")) from error
        except BotoCoreError as error:
            raise NotInvoked("gives no answer", type(error).__name__) from error
        if "FunctionError" in response:
            fields = payload if isinstance(payload, dict) else {}
            raise Wrong(f"fails: {fields.get('errorType')}: {fields.get('errorMessage')}")
        return payload

    return invoke


def served_models(invoke: Invoke) -> list[dict[str, Any]]:
    """The default models in a version's GET /health. Raises Wrong."""
    try:
        return [model for model in _answer(invoke, "GET", "/health")["models"] if model["default"]]
    except (KeyError, TypeError) as error:
        raise _other_form(error) from None


def mismatches(invoke: Invoke, request: "GoldenRequest") -> dict[int, str]:
    """What is wrong in a version's answer to a golden request, by the index of the input. Raises Wrong."""
    answer = _answer(invoke, "POST", request.path, request.body, request.query)
    try:
        return request.mismatches(answer)
    except (TypeError, ValueError, AttributeError) as error:
        raise _other_form(error) from None


def _check_health(invoke: Invoke, contracts: "list[Contract]") -> None:
    served = served_models(invoke)
    expected = [
        {"name": contract.name, "version": contract.version, "sha256": contract.sha256, "default": True}
        for contract in contracts
    ]
    if served != expected:
        raise Wrong(f"serves {served}, must serve {expected}")


def _check_request(invoke: Invoke, request: "GoldenRequest") -> None:
    if wrong := mismatches(invoke, request):
        named = "; ".join(f"input {index}: {what}" for index, what in wrong.items())
        raise Wrong(f"{len(wrong)} of {request.count} answers are wrong: {named}")


def _answer(invoke: Invoke, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> Any:
    response = invoke(_event(method, path, body, query or {}))
    try:
        status, content = response["statusCode"], json.loads(response["body"])
    except (KeyError, TypeError, ValueError):
        raise Wrong("the response is not one that API Gateway accepts") from None
    if status != HTTPStatus.OK:
        raise Wrong(f"status {status}: {content}")
    return content


def _other_form(error: Exception) -> Wrong:
    return Wrong(f"the answer has another form: {type(error).__name__}: {error}")


def _event(method: str, path: str, body: object, query: Mapping[str, str]) -> Event:
    # Imported here: where it can't be imported, the hook must refuse the version, not fail to start.
    from lambda_fn.api.proxy_event import proxy_event

    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "postal-digits-version-check",
    }
    scope = {
        "method": method,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "query_string": urlencode(query).encode(),
        "http_version": "1.1",
    }
    content = json.dumps(body).encode() if body else b""
    return proxy_event(scope, path, content, f"version-check-{uuid.uuid4()}")
