"""CodeDeploy's word that a new version is to get traffic comes in; whether it may, by its golden answers, goes out.

A function of its own, of the same image with another CMD. CodeDeploy waits an hour for a word from it, so every way
through it ends in one.
"""

import base64
import json
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger

from lambda_fn.settings import Settings, told

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

    from lambda_fn.inference.golden import Golden

Event = dict[str, Any]
Invoke = Callable[[Event], Any]
"""An event goes to the new version, what it returns comes back."""

# Longer than the function's own limit can be.
SECONDS = 29
# Of a fault that is told, in characters: all images that are wrong, but not all that a broken version may say.
LONGEST = 1000
# To go back to the version before is no deployment of something new, and must not be held up by its check.
ROLLBACKS = ("codeDeployRollback", "CloudFormationRollback")


class Wrong(Exception):
    """The version does not answer as it must; the message says in what."""


def handler(event: Mapping[str, str], _context: object) -> None:
    """Lambda's entry: checks the version that CHECKED_VERSION names (a qualified ARN) and tells CodeDeploy."""
    import boto3  # here, so that an image without it can be looked at
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=SECONDS, retries={"total_max_attempts": 2, "mode": "standard"})
    decide(event, boto3.client("codedeploy", config=config), boto3.client("lambda", config=config))


def decide(event: Mapping[str, str], codedeploy: "CodeDeployClient", client: "LambdaClient") -> None:
    """Says why in one log line, and tells CodeDeploy whether the version may have traffic."""
    logger = Logger(service="pre-traffic", location=None)
    fields = {"deployment": event["DeploymentId"], "creator": _creator(codedeploy, event["DeploymentId"])}
    try:
        found = [] if fields["creator"] in ROLLBACKS else _check(client)
    except Exception as error:
        logger.error("not checked", exc_info=error, extra=fields)
        passed = False
    else:
        passed = not found
        (logger.info if passed else logger.error)("checked", extra=fields | {"passed": passed, "faults": found})
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded" if passed else "Failed",
    )


def faults(invoke: Invoke, golden: "Golden") -> list[str]:
    """What is wrong with a version, a line each: its name and digest, and its answers to both forms of pixels."""
    whole = golden.images.tolist()
    checks: dict[str, Callable[[], None]] = {
        "GET /health": lambda: _check_health(invoke, golden),
        "pixels 0 to 255": lambda: _check_answers(invoke, golden, whole),
        "pixels 0 to 1": lambda: _check_answers(invoke, golden, (golden.images / 255).tolist()),
    }
    found = []
    for name, check in checks.items():
        try:
            check()
        except Wrong as wrong:
            found.append(f"{name}: {wrong}"[:LONGEST])
        except (KeyError, TypeError, ValueError) as error:
            found.append(f"{name}: the answer has another form: {type(error).__name__}: {error}"[:LONGEST])
    return found


def invoker(client: "LambdaClient", version: str) -> Invoke:
    """Calls a version by its qualified ARN; what can't be called is Wrong."""
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
    """Who began the deployment, as CodeDeploy calls them; one that can't be had is checked as any other."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"].get("creator", "unknown")
    except (BotoCoreError, ClientError):
        return "unknown"


def _check(client: "LambdaClient") -> list[str]:
    # An image whose numpy can't be imported is one to refuse, and not one to keep CodeDeploy waiting with.
    from lambda_fn.inference import store
    from lambda_fn.inference.golden import Golden

    settings = Settings.from_environment()
    folder = store.versions(settings.model_uri, settings.versions_directory, settings.model_version)
    return faults(invoker(client, told("CHECKED_VERSION")), Golden.read(folder / settings.model_version))


def _check_health(invoke: Invoke, golden: "Golden") -> None:
    models = _answer(invoke, _event("GET", "/health"))["models"]
    served = [model for model in models if model["default"]]
    contract = golden.contract
    expected = {"name": contract.name, "version": contract.version, "sha256": contract.sha256, "default": True}
    if served != [expected]:
        raise Wrong(f"serves {served}, must serve {expected}")


def _check_answers(invoke: Invoke, golden: "Golden", pixels: list[Any]) -> None:
    import numpy as np

    answer = _answer(invoke, _event("POST", "/predict/batch", {"x": pixels}, {"probabilities": "true"}))
    digits, expected = answer["y"], golden.digits
    if len(digits) != len(expected):
        raise Wrong(f"{len(digits)} digits for {len(expected)} images")
    wrong = [(index, digits[index], digit) for index, digit in enumerate(expected) if digits[index] != digit]
    if wrong:
        named = ", ".join(f"image {index} is {digit} and must be {right}" for index, digit, right in wrong)
        raise Wrong(f"{len(wrong)} of {len(expected)} digits are wrong: {named}")
    found = np.array(answer["probabilities"], np.float64)
    if found.shape != golden.probabilities.shape:
        raise Wrong(f"probabilities are {found.shape}, must be {golden.probabilities.shape}")
    difference, allowed = float(np.abs(found - golden.probabilities).max()), golden.contract.golden_tolerance
    if not difference <= allowed:  # so written, a NaN is refused too
        raise Wrong(f"probabilities differ by {difference:.3g}; {allowed:.3g} is allowed")


def _answer(invoke: Invoke, event: Event) -> Any:
    response = invoke(event)
    try:
        status, body = response["statusCode"], json.loads(response["body"])
    except (KeyError, TypeError, ValueError):
        raise Wrong("the answer is none that API Gateway takes") from None
    if status != HTTPStatus.OK:
        raise Wrong(f"status {status}: {body}")
    return body


def _event(method: str, path: str, body: object = None, query: Mapping[str, str] | None = None) -> Event:
    """As a REST API with binary media types `*/*` sends it: payload format 1.0, the body in base64."""
    below = path.removeprefix("/predict/") if path.startswith("/predict/") else None
    resource = "/predict/{proxy+}" if below else path
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": "postal-digits-pre-traffic",
    }
    request_id = f"pre-traffic-{uuid.uuid4()}"
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": query and {name: [value] for name, value in query.items()},
        "pathParameters": {"proxy": below} if below else None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": method,
            "path": path,
            "protocol": "HTTP/1.1",
            "requestId": request_id,
            "extendedRequestId": request_id,
            "identity": {"sourceIp": "127.0.0.1", "userAgent": headers["User-Agent"]},
        },
        "body": base64.b64encode(json.dumps(body).encode()).decode() if body else None,
        "isBase64Encoded": bool(body),
    }
