"""CodeDeploy hook: approves a version if its golden answers match.

A function of its own, from the same container image with another CMD. CodeDeploy waits an hour for its decision, so
every path through it ends in one.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_lambda_powertools.logging import Logger

from lambda_fn import version_check
from lambda_fn.settings import Settings, required

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

# The function's own timeout is at most this.
SECONDS = 29
# Going back to an old version must not be held up by this check.
ROLLBACKS = ("codeDeployRollback", "CloudFormationRollback")


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
    return version_check.problems(version_check.invoker(client, required("CHECKED_VERSION")), expected)
