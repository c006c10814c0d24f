"""The same image with another CMD: heartbeat and pre-traffic hook, with AWS and the service inside the container."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lambda_fn.settings import Settings
from tests.container.conftest import Container, docker

# AWS's own base image carries boto3; a stand-in for it may not.
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
}
# Waits until AWS is there.
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
    """Starts a companion, with AWS beside it in the container; `served` is the version that the service has."""

    def run(entry: str, **environment: str) -> Container:
        served = environment.pop("served", Settings().model_version)
        variables = [f"--env={name}={value}" for name, value in (ENVIRONMENT | environment).items()]
        container = start(*LOCKED_DOWN, *volumes(), *variables, command=f"lambda_fn.{entry}.handler")
        options = ("--detach", "--workdir=/var/task", f"--env=MODEL_VERSION={served}")
        docker("exec", *options, container.name, "python", "-m", "aws", str(PORT))
        statuses(container)
        return container

    return run


def statuses(container: Container) -> list[str]:
    """What CodeDeploy was told in it."""
    told: list[str] = json.loads(container.run("python", "-c", STATUSES))
    return told


def metrics(container: Container) -> dict[str, float]:
    """What the heartbeat measured."""
    (blob,) = (json.loads(line) for line in container.logs().splitlines() if '"_aws"' in line)
    return {each["Name"]: blob[each["Name"]][0] for each in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_the_hook_passes_the_version_that_is_in_the_image(companion: Callable[..., Container]) -> None:
    container = companion("pre_traffic")
    assert container.invoke(HOOK) is None
    assert statuses(container) == ["Succeeded"], container.logs()


def test_the_hook_refuses_another_version_than_it_is_told(companion: Callable[..., Container]) -> None:
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


def test_the_heartbeat_measures_a_service_that_is_not_there(companion: Callable[..., Container]) -> None:
    container = companion("heartbeat", API_URL="http://127.0.0.1:1/v1/")
    assert container.invoke({}) is None
    assert metrics(container) == {"HeartbeatRuns": 1, "HeartbeatFailed": 1}
    assert '"reason":"ConnectionRefusedError"' in container.logs()
