"""The same image with another CMD: the heartbeat and the hook, with a stand-in for AWS inside the container."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import VERSION
from tests.container.conftest import Container, docker

# AWS's own base image contains boto3; a stand-in for it may not.
BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
AWS = Path(__file__).parents[1] / "lambda_fn" / "aws.py"
PORT = 9000
ENVIRONMENT = {
    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{PORT}",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "PYTHONPATH": "/opt/aws:/var/runtime",
    "CHECKED_VERSION": "arn:aws:lambda:eu-central-1:123456789012:function:digits:7",
    "API_URL": f"http://127.0.0.1:{PORT}/v1/",
    "API_KEY_ID": "key-1",
    "FUNCTION_NAME": "digits",
    "ALIAS_NAME": "live",
}
# Waits until the stand-in answers.
STATUSES = f"""
import json, time, urllib.error, urllib.request
for _ in range(300):
    try:
        print(urllib.request.urlopen("http://127.0.0.1:{PORT}/statuses").read().decode())
        break
    except urllib.error.URLError:
        time.sleep(0.1)
"""
LOCKED_DOWN = ("--read-only", "--network=none", "--user=4321:4321", "--cpus=1", "--memory=512m")
HOOK = {"DeploymentId": "d-ABCDEF123", "LifecycleEventHookExecutionId": "execution-1"}


def volumes() -> list[str]:
    mounted = [f"--volume={AWS}:/opt/aws/aws.py:ro"]
    for name in BOTO3:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        path = Path(spec.origin)
        path = path.parent if path.name == "__init__.py" else path
        mounted.append(f"--volume={path}:/opt/aws/{path.name}:ro")
    return mounted


@pytest.fixture
def companion(start: Callable[..., Container]) -> Callable[..., Container]:
    """Starts the heartbeat or the hook, with the stand-in for AWS. `served` is the service's default version."""

    def run(entry: str, **environment: str) -> Container:
        served = environment.pop("served", VERSION)
        variables = [f"--env={name}={value}" for name, value in (ENVIRONMENT | environment).items()]
        container = start(*LOCKED_DOWN, *volumes(), *variables, command=f"lambda_fn.{entry}.handler")
        options = ("--detach", "--workdir=/var/task", f"--env=MODELS=digits={served}")
        docker("exec", *options, container.name, "python", "-m", "aws", str(PORT))
        statuses(container)
        return container

    return run


def statuses(container: Container) -> list[str]:
    """The statuses sent to CodeDeploy."""
    found: list[str] = json.loads(container.run("python", "-c", STATUSES))
    return found


def metrics(container: Container) -> dict[str, float]:
    """What the heartbeat measured."""
    (found,) = (json.loads(line) for line in container.logs().splitlines() if '"_aws"' in line)
    return {each["Name"]: found[each["Name"]][0] for each in found["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_the_hook_approves_the_version_in_the_image(companion: Callable[..., Container]) -> None:
    container = companion("pre_traffic")
    assert container.invoke(HOOK) is None
    assert statuses(container) == ["Succeeded"], container.logs()


def test_the_hook_refuses_another_version(companion: Callable[..., Container]) -> None:
    container = companion("pre_traffic", served="1")
    assert container.invoke(HOOK) is None
    assert statuses(container) == ["Failed"], container.logs()
    assert "GET /health: serves [{'name': 'digits', 'version': '1'" in container.logs()


def test_the_heartbeat_measures_right_answers(companion: Callable[..., Container]) -> None:
    container = companion("heartbeat")
    assert container.invoke({}) is None
    found = metrics(container)
    assert found.pop("HeartbeatTime") > 0
    assert found == {"HeartbeatRuns": 1, "HeartbeatFailed": 0, "HeartbeatWrong": 0}, container.logs()
    assert "the-heartbeats-key" not in container.logs()


def test_the_heartbeat_measures_an_unreachable_service(companion: Callable[..., Container]) -> None:
    container = companion("heartbeat", API_URL="http://127.0.0.1:1/v1/")
    assert container.invoke({}) is None
    assert metrics(container) == {"HeartbeatRuns": 1, "HeartbeatFailed": 1}
    assert '"reason":"ConnectionRefusedError"' in container.logs()
