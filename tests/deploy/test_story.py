"""One story, told in order, from bootstrap to destroy.

Each test goes on where the one before it stopped, so `make test-deploy` stops at the first that fails.
"""

import gzip
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lambda_fn.observers import metrics
from scripts.operate import smoke
from tests.deploy import broken_repository, cloud, remains
from tests.deploy.cloud import Cloud, CommandFailed
from tests.deploy.conftest import USERS
from tests.deploy.stage import Stage, wait_for
from tests.deploy.transcript import Transcript

SEVEN = json.loads((Path(__file__).parents[1] / "events/seven.json").read_bytes())
EMAIL = "ALARM_EMAIL=ops@example.com"
# The schedule fires once a minute; a cold container needs some seconds.
HEARTBEAT_SECONDS = 90


@pytest.fixture
def dev(aws: Cloud) -> Stage:
    return Stage(aws, "dev")


@pytest.fixture
def prod(aws: Cloud) -> Stage:
    return Stage(aws, "prod")


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_bootstrap_prepares_the_account_for_a_stage(aws: Cloud, stage: str, transcript: Transcript) -> None:
    aws.make("bootstrap", f"STAGE={stage}")
    (stack,) = aws.client("cloudformation").describe_stacks(StackName=f"CDKToolkit-PostalDigits-{stage}")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    transcript.step(
        f"`make bootstrap STAGE={stage}`: the stage's policies, roles, bucket and image repository are there"
    )


def test_dev_is_deployed_with_an_older_model(aws: Cloud, dev: Stage, transcript: Transcript) -> None:
    aws.deploy("dev", "CONTEXT=-c model_version=1")
    count = transcript.resources(aws, "dev")
    assert _served_version(dev) == "1"
    transcript.step(f'`make deploy STAGE=dev CONTEXT="-c model_version=1"`: {count} resources; it answers')


def test_a_failed_first_deployment_of_prod_leaves_the_gateways_role_only(
    aws: Cloud, prod: Stage, transcript: Transcript
) -> None:
    before = remains.find(aws)
    aws.fail_once("AWS::CloudWatch::Dashboard")
    with pytest.raises(CommandFailed, match="this resource was told to fail once"):
        aws.deploy("prod", EMAIL)
    assert prod.status == "ROLLBACK_COMPLETE"
    left = {kind: sorted(set(names) - set(before.get(kind, []))) for kind, names in remains.find(aws).items()}
    (role,) = left.pop("roles")
    assert "CloudWatchRole" in role
    assert [names for kind, names in left.items() if kind != "images" and names] == []
    transcript.step(
        f"`make deploy STAGE=prod {EMAIL}`, with a dashboard that can't be created: all but a role is taken back"
    )


def test_prod_is_deployed_by_the_same_command(aws: Cloud, prod: Stage, transcript: Transcript) -> None:
    printed = aws.deploy("prod", EMAIL)
    assert "PostalDigits-prod never came up" in printed
    count = transcript.resources(aws, "prod")
    assert _served_version(prod) == "2"
    transcript.step(f"The same command again: its protection is off, then {count} resources; prod answers")


def test_a_client_of_prod_is_not_removed_unsaid(aws: Cloud, prod: Stage, transcript: Transcript) -> None:
    with pytest.raises(CommandFailed, match="REMOVE=first allows it"):
        aws.deploy("prod", EMAIL, "CONTEXT=-c clients=second")
    assert prod.ask("POST", "predict/batch", json=SEVEN).json()["y"] == [7]
    transcript.step('`make deploy STAGE=prod CONTEXT="-c clients=second"` is refused: it would delete a key')


def test_the_api_answers_with_a_key_and_refuses_without(dev: Stage, transcript: Transcript) -> None:
    assert dev.ask("POST", "predict/batch", json=SEVEN).json()["y"] == [7]
    _refused(dev.ask("POST", "predict/batch", json=SEVEN, key=False), 403, "forbidden")
    _refused(dev.ask("GET", "nowhere", key=False), 404, "not_found")
    _refused(dev.ask("GET", "predict/nowhere"), 404, "not_found")
    transcript.step("Requests to dev: 200 with the key, 403 without, 404 on an unknown path")


def test_large_bodies_are_refused_with_413(dev: Stage, transcript: Transcript) -> None:
    _refused(dev.ask("POST", "predict/batch", content=b" " * 7 * smoke.MEGABYTE), 413, "request_too_large")
    transcript.step("A body of 7 MB: 413")


def test_compressed_and_binary_requests_arrive_unchanged(dev: Stage, transcript: Transcript) -> None:
    body = gzip.compress(json.dumps(SEVEN).encode())
    assert dev.ask("POST", "predict/batch", content=body, headers={"content-encoding": "gzip"}).json()["y"] == [7]
    transcript.step(f"A gzip body: 200. Binary tensors: {dev.check(smoke.binary_tensors)}")


# dev has no address for its alarms, so one check does not apply.
@pytest.mark.parametrize(("name", "skipped"), [("dev", 1), ("prod", 0)])
def test_smoke_passes(aws: Cloud, name: str, skipped: int, transcript: Transcript) -> None:
    stage = Stage(aws, name)
    printed = aws.make("smoke", f"STAGE={name}", f"URL={stage.url}", f"API_KEY={stage.key()}")
    passed = sum(line.startswith("  ok") for line in printed.splitlines())
    assert passed == len(smoke.CHECKS) - skipped, printed
    transcript.step(f"`make smoke STAGE={name}`: {passed} checks passed, {skipped} skipped")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_schedule_runs_a_heartbeat_that_is_right(aws: Cloud, name: str, transcript: Transcript) -> None:
    values = {
        metric: wait_for(f"{metric} of {name}", lambda: _metric(aws, name, metric), HEARTBEAT_SECONDS)  # noqa: B023
        for metric in (metrics.HEARTBEAT_RUNS, metrics.HEARTBEAT_WRONG, metrics.HEARTBEAT_FAILED)
    }
    assert values[metrics.HEARTBEAT_RUNS]["Sum"] >= 1
    assert values[metrics.HEARTBEAT_WRONG]["Sum"] == 0
    assert values[metrics.HEARTBEAT_FAILED]["Sum"] == 0
    transcript.step(f"The heartbeat of {name} ran by its schedule: ten right answers, in CloudWatch's metrics")


def test_a_wrong_heartbeat_reaches_the_topic_of_the_alarms(aws: Cloud, prod: Stage, transcript: Transcript) -> None:
    alarm_name = prod.physical_id("heartbeatwrong")
    (alarm,) = aws.client("cloudwatch").describe_alarms(AlarmNames=[alarm_name])["MetricAlarms"]
    receive = _subscribe_queue(aws, alarm["AlarmActions"][0])
    metric = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Value": 1}
    aws.client("cloudwatch").put_metric_data(Namespace=alarm["Namespace"], MetricData=[metric])
    message = wait_for("message of the alarm", receive, 30)
    assert (message["AlarmName"], message["NewStateValue"]) == (alarm_name, "ALARM")
    assert "heartbeat-wrong" in message["AlarmDescription"]
    transcript.step("A wrong answer in the heartbeat's metric: the alarm fired, and its topic reached a queue")


def test_a_second_version_gets_the_traffic_after_its_check(aws: Cloud, dev: Stage, transcript: Transcript) -> None:
    first = dev.live_version()
    aws.deploy("dev")
    second = dev.live_version()
    assert int(second) > int(first)
    assert (_served_version(dev), _served_version(dev, first)) == ("2", "1")
    (deployment,) = _deployments(aws)
    assert deployment["status"] == "Succeeded"
    transcript.step(
        f"`make deploy STAGE=dev`: the hook approved version {second} of the function, the alias moved to it; "
        f"version {first} still answers, with the first model"
    )


def test_rollback_moves_the_alias_to_the_first_version_and_back(aws: Cloud, dev: Stage, transcript: Transcript) -> None:
    second = dev.live_version()
    first = min(dev.versions(), key=int)
    for version, model in ((first, "1"), (second, "2")):
        aws.make("rollback", "STAGE=dev", f"VERSION={version}")
        assert (dev.live_version(), _served_version(dev)) == (version, model)
    transcript.step(f"`make rollback STAGE=dev VERSION={first}`: the first version has the traffic; then back again")


def test_a_version_with_wrong_answers_gets_no_traffic(
    aws: Cloud, dev: Stage, swapped: Path, tmp_path: Path, transcript: Transcript
) -> None:
    root = broken_repository.copy(tmp_path)
    broken_repository.serve_model(root, swapped)
    before = dev.live_version()
    with pytest.raises(CommandFailed, match="the pre-traffic hook refused the new version"):
        aws.deploy("dev", root=root)
    assert dev.status == "UPDATE_ROLLBACK_COMPLETE"
    assert dev.live_version() == before
    assert _deployments(aws)[-1]["status"] == "Failed"
    assert dev.ask("POST", "predict/batch", json=SEVEN).json()["y"] == [7]
    transcript.step("A model that takes 3 for 8: the hook refused it, the stack rolled back, dev answers as before")


def test_containers_know_no_other_aws_than_the_emulator(aws: Cloud, transcript: Transcript) -> None:
    running = cloud.containers(aws.port)
    assert running
    for container in running:
        environment = aws.run("docker", "inspect", "--format", "{{json .Config.Env}}", container)
        assert f"AWS_ENDPOINT_URL=http://host.docker.internal:{aws.port}" in environment
        assert "amazonaws.com" not in environment
        assert not [value for value in USERS.values() if f"={value}" in environment]
    transcript.step(f"{len(running)} containers of functions: none knows the user's account, or an address of AWS")


def test_destroy_leaves_what_the_documentation_says(
    aws: Cloud, dev: Stage, prod: Stage, transcript: Transcript
) -> None:
    kept = {
        "keys": [prod.physical_id("LogsKey")],
        "log groups": sorted(prod.physical_ids("AWS::Logs::LogGroup")),
        "roles": sorted(stage.physical_id("CloudWatchRole") for stage in (dev, prod)),
    }
    aws.make("destroy", "STAGE=dev", "DESTROY=--force")
    with pytest.raises(CommandFailed, match="TerminationProtection is enabled"):
        aws.make("destroy", "STAGE=prod", EMAIL, "DESTROY=--force")
    transcript.step("`make destroy STAGE=prod` is refused: prod is protected")
    aws.deploy("prod", EMAIL, "CONTEXT=-c protected=false -c clients=second", "REMOVE=first")
    assert prod.key("Second")
    transcript.step('`make deploy STAGE=prod CONTEXT="-c protected=false -c clients=second" REMOVE=first`: prod may go')
    aws.make("destroy", "STAGE=prod", EMAIL, "DESTROY=--force")
    found = remains.find(aws)
    images = found.pop("images")
    assert found == kept
    transcript.remains = [
        f"prod's {len(kept['log groups'])} log groups, and their key",
        "the roles with which API Gateway writes logs, of dev and of prod",
        f"what `make bootstrap` made, with {len(images)} images",
    ]
    transcript.step("`make destroy` of both stages: what remains is below")


def _served_version(stage: Stage, function_version: str = "live") -> str:
    """The model's version that a version of the function, or the alias, answers with."""
    event = json.loads((Path(__file__).parents[1] / "events/health.json").read_bytes())
    invoked = stage.aws.client("lambda").invoke(
        FunctionName=stage.function, Qualifier=function_version, Payload=json.dumps(event)
    )
    answer = json.loads(invoked["Payload"].read())
    (served,) = [model for model in json.loads(answer["body"])["models"] if model["default"]]
    return str(served["version"])


def _refused(response: Any, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)


def _metric(aws: Cloud, stage: str, name: str) -> dict[str, Any] | None:
    now = datetime.now(UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace=metrics.NAMESPACE,
        MetricName=name,
        Dimensions=[{"Name": "service", "Value": f"postal-digits-{stage}"}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return points[0] if points else None


def _subscribe_queue(aws: Cloud, topic: str) -> Callable[[], dict[str, Any] | None]:
    """Subscribes a new queue to the topic. The result takes the next message, if there is one."""
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName=f"alarms-{time.monotonic_ns()}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def receive() -> dict[str, Any] | None:
        messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
        return json.loads(json.loads(messages[0]["Body"])["Message"]) if messages else None

    return receive


def _deployments(aws: Cloud) -> list[dict[str, Any]]:
    client = aws.client("codedeploy")
    ids = client.list_deployments()["deployments"]
    return [client.get_deployment(deploymentId=each)["deploymentInfo"] for each in ids]
