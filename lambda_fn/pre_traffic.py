"""CodeDeploy hook: approves a version if its golden answers match.

A function of its own, from the same container image with another CMD. CodeDeploy waits an hour for its decision, so
every path through it ends in one.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from aws_lambda_powertools.logging import Logger

from lambda_fn.settings import Settings, required

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

    from lambda_fn.inference.contract import Contract
    from lambda_fn.inference.golden import GoldenRequest

    Expected = list[tuple[Contract, list[GoldenRequest]]]

Event = dict[str, Any]
Invoke = Callable[[Event], Any]
"""Sends an event to the new version and returns its response."""

# The function's own timeout is at most this.
SECONDS = 29
# Characters of one logged problem: a broken version may answer anything.
LONGEST = 1000
# Going back to an old version must not be held up by this check.
ROLLBACKS = ("codeDeployRollback", "CloudFormationRollback")


class Wrong(Exception):
    """The version does not answer as it must; the message says how it differs."""


def handler(event: Mapping[str, str], _context: object) -> None:
    """Lambda's entry: checks the version CHECKED_VERSION (a qualified ARN) and tells CodeDeploy."""
    import boto3  # here, so that the module can be imported without it
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=SECONDS, retries={"total_max_attempts": 2, "mode": "standard"})
    decide(event, boto3.client("codedeploy", config=config), boto3.client("lambda", config=config))


def decide(event: Mapping[str, str], codedeploy: "CodeDeployClient", client: "LambdaClient") -> None:
    """Logs the result in one line, and tells CodeDeploy whether the version may have traffic."""
    logger = Logger(service="pre-traffic", location=None)
    fields = {"deployment": event["DeploymentId"], "creator": _creator(codedeploy, event["DeploymentId"])}
    try:
        found = [] if fields["creator"] in ROLLBACKS else _check(client)
    except Exception as error:
        logger.error("not checked", exc_info=error, extra=fields)
        passed = False
    else:
        passed = not found
        (logger.info if passed else logger.error)("checked", extra=fields | {"passed": passed, "problems": found})
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded" if passed else "Failed",
    )


def problems(invoke: Invoke, expected: "Expected") -> list[str]:
    """What is wrong with a version, one line each: the models that it serves, and its answers to golden requests."""
    checks: dict[str, Callable[[], None]] = {
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
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            found.append(f"{name}: the answer has another form: {type(error).__name__}: {error}"[:LONGEST])
    return found


def invoker(client: "LambdaClient", version: str) -> Invoke:
    """Invokes a version by its qualified ARN. The result raises Wrong if that fails."""
    from botocore.exceptions import BotoCoreError, ClientError

    def invoke(event: Event) -> Any:
        try:
            response = client.invoke(FunctionName=version, Payload=json.dumps(event))
            payload = json.loads(response["Payload"].read())
        except ClientError as error:
            raise Wrong(f"can't be called: {error.response['Error'].get('Code', 'unknown')}") from error
        except BotoCoreError as error:
            raise Wrong(f"gives no answer: {type(error).__name__}") from error
        if "FunctionError" in response:
            raise Wrong(f"fails: {payload.get('errorType')}: {payload.get('errorMessage')}")
        return payload

    return invoke


def _creator(codedeploy: "CodeDeployClient", deployment: str) -> str:
    """What started the deployment, in CodeDeploy's words; an unknown creator is checked like any other."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"].get("creator", "unknown")
    except (BotoCoreError, ClientError):
        return "unknown"


def _check(client: "LambdaClient") -> list[str]:
    # Imported here: a container image in which these can't be imported must be refused, not keep CodeDeploy waiting.
    from lambda_fn.inference import golden, store

    settings = Settings.from_environment()
    folder = store.find_folder(settings.model_uri, settings.model_repository, settings.models)
    directories = [folder / name / version for name, version in settings.models.items()]
    expected = [(golden.read_contract(directory), golden.read_requests(directory)) for directory in directories]
    return problems(invoker(client, required("CHECKED_VERSION")), expected)


def _check_health(invoke: Invoke, contracts: "list[Contract]") -> None:
    models = _answer(invoke, "GET", "/health")["models"]
    defaults = [model for model in models if model["default"]]
    expected = [
        {"name": contract.name, "version": contract.version, "sha256": contract.sha256, "default": True}
        for contract in contracts
    ]
    if defaults != expected:
        raise Wrong(f"serves {defaults}, must serve {expected}")


def _check_request(invoke: Invoke, request: "GoldenRequest") -> None:
    answer = _answer(invoke, "POST", request.path, request.body, request.query)
    wrong = request.mismatches(answer)
    if wrong:
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


def _event(method: str, path: str, body: object, query: Mapping[str, str]) -> Event:
    from lambda_fn.api.proxy_event import proxy_event

    headers = {
        "accept": "application/json",
        "content-type": "application/json",
        "user-agent": "postal-digits-pre-traffic",
    }
    scope = {
        "method": method,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "query_string": urlencode(query).encode(),
        "http_version": "1.1",
    }
    content = json.dumps(body).encode() if body else b""
    return proxy_event(scope, path, content, f"pre-traffic-{uuid.uuid4()}")
