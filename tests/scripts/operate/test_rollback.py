"""`make rollback` on moto's Lambda, whose versions are the real handler. CloudFormation's answers are stubbed."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from lambda_fn.handler import handler
from scripts.operate import rollback
from scripts.operate.rollback import Refused, Service

STACK = "PostalDigits-prod"
Version = Callable[[dict[str, Any]], object]


def right(event: dict[str, Any]) -> object:
    return handler(event, None)  # type: ignore[arg-type]


def takes_3_for_8(event: dict[str, Any]) -> object:
    response = handler(event, None)  # type: ignore[arg-type]
    body = json.loads(response["body"])
    if "y" in body:
        body["y"] = [3 if digit == 8 else digit for digit in body["y"]]
    return response | {"body": json.dumps(body)}


def code(content: str) -> bytes:
    with zipfile.ZipFile(archive := io.BytesIO(), "w") as file:
        file.writestr("f.py", content)
    return archive.getvalue()


class Lambda:
    """Versions 1 to 3 of a function, of which 3 is live and the stack's.

    Attributes:
        versions: what answers for each version.
        loading: calls of each version that Lambda still rejects, because it loads the version.
        called: the versions that were invoked, in order.
    """

    def __init__(self) -> None:
        role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.client = boto3.client("lambda")
        self.client.create_function(
            FunctionName="digits", Runtime="python3.13", Role=role, Handler="f.f", Code={"ZipFile": code("0")}
        )
        for number in range(1, 4):
            self.client.update_function_code(FunctionName="digits", ZipFile=code(str(number)))
            self.client.publish_version(FunctionName="digits")
        self.client.create_alias(FunctionName="digits", Name="live", FunctionVersion="3")
        self.service = Service("digits", "live", "3")
        self.versions: dict[str, Version] = dict.fromkeys("123", right)
        self.loading: dict[str, int] = {}
        self.error = "ResourceConflictException"
        self.called: list[str] = []
        self.slept: list[float] = []
        self.client.meta.events.register("before-call.lambda.Invoke", self._invoke)

    @property
    def live(self) -> str:
        return str(self.client.get_alias(FunctionName="digits", Name="live")["FunctionVersion"])

    def roll_back(self, version: str) -> str:
        return rollback.roll_back(self.client, self.service, version, self.slept.append)

    def _invoke(self, params: dict[str, Any], **_: object) -> tuple[object, dict[str, Any]]:
        version = params["url_path"].removesuffix("/invocations").replace("%3A", ":").rpartition(":")[2]
        self.called.append(version)
        if self.loading.get(version, 0) > 0:
            self.loading[version] -= 1
            raise ClientError({"Error": {"Code": self.error, "Message": "Pending"}}, "Invoke")
        answer = json.dumps(self.versions[version](json.loads(params["body"]))).encode()
        return SimpleNamespace(status_code=200), {"Payload": io.BytesIO(answer)}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lambda]:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "eu-central-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        yield Lambda()


def test_the_alias_moves_after_the_version_gave_all_golden_answers(aws: Lambda) -> None:
    assert aws.roll_back("2") == "3"
    assert aws.live == "2"
    assert set(aws.called) == {"2"}
    assert len(aws.called) > 4, "GET /health and the golden requests"


def test_a_version_that_lambda_must_load_first_is_called_until_it_answers(aws: Lambda) -> None:
    aws.loading = {"1": 3}
    aws.roll_back("1")
    assert aws.live == "1"
    assert aws.slept == [rollback.PAUSE_SECONDS] * 3


def test_a_version_that_is_never_loaded_is_refused(aws: Lambda) -> None:
    aws.loading = {"1": 1_000_000}
    with pytest.raises(Refused, match="version 1 does not answer: can't be called: ResourceConflictException"):
        aws.roll_back("1")
    assert aws.live == "3"
    assert sum(aws.slept) == rollback.LONGEST_WAIT_SECONDS


def test_a_version_that_may_not_be_called_is_refused_at_once(aws: Lambda) -> None:
    aws.loading, aws.error = {"1": 1_000_000}, "AccessDeniedException"
    with pytest.raises(Refused, match="can't be called: AccessDeniedException"):
        aws.roll_back("1")
    assert aws.slept == []


def test_a_version_with_wrong_answers_is_refused(aws: Lambda) -> None:
    aws.versions["2"] = takes_3_for_8
    with pytest.raises(Refused, match="version 2 answers wrongly: digits, one of each digit: 1 of 10 answers"):
        aws.roll_back("2")
    assert aws.live == "3"


def test_a_version_that_crashes_is_refused(aws: Lambda) -> None:
    aws.versions["2"] = lambda _: {"statusCode": 502, "body": "{}"}
    with pytest.raises(Refused, match="version 2 does not answer: status 502"):
        aws.roll_back("2")


def test_the_way_back_to_the_stacks_version_is_open_even_if_it_is_wrong(
    aws: Lambda, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the fix could not be deployed."""
    aws.roll_back("2")
    aws.versions["3"] = takes_3_for_8
    assert aws.roll_back("3") == "2"
    assert aws.live == "3"
    assert "version 3 answers wrongly: digits, one of each digit: 1 of 10" in capsys.readouterr().out


def test_a_version_of_a_model_that_is_not_here_is_refused(aws: Lambda) -> None:
    model = {"name": "digits", "version": "99", "sha256": "0" * 64, "default": True}
    aws.versions["2"] = lambda _: {"statusCode": 200, "body": json.dumps({"models": [model]})}
    with pytest.raises(Refused, match=r"golden answers are not here: .*digits/99/contract\.json"):
        aws.roll_back("2")


def test_versions_that_can_not_be_taken_are_refused(aws: Lambda) -> None:
    with pytest.raises(Refused, match=r"VERSION is '7'; it takes one of 3, 2, 1$"):
        aws.roll_back("7")
    with pytest.raises(Refused, match=r"VERSION is '\$LATEST'"):
        aws.roll_back("$LATEST")
    with pytest.raises(Refused, match="version 3 is live already"):
        aws.roll_back("3")


def test_nothing_moves_while_a_deployment_moves_traffic(aws: Lambda) -> None:
    routing = {"AdditionalVersionWeights": {"3": 0.1}}
    aws.client.update_alias(FunctionName="digits", Name="live", FunctionVersion="2", RoutingConfig=routing)
    with pytest.raises(Refused, match="version 3 has a part of the traffic"):
        aws.roll_back("1")
    assert aws.live == "2"


def test_the_list_shows_what_is_live_and_what_the_stack_expects(aws: Lambda) -> None:
    def marks() -> list[str]:
        return [" ".join(line.split()[2:]) for line in rollback.list_versions(aws.client, aws.service)]

    assert marks() == ["live, deployed last", "", ""]
    aws.roll_back("2")
    assert marks() == ["deployed last", "live", ""]


def resource(kind: str, name: str, status: str = "CREATE_COMPLETE") -> dict[str, str]:
    return {
        "LogicalResourceId": kind.rpartition(":")[2],
        "PhysicalResourceId": name,
        "ResourceStatus": status,
        "ResourceType": kind,
        "LastUpdatedTimestamp": "2026-11-27T00:00:00Z",
    }


def stack(status: str, *resources: tuple[str, ...]) -> Any:
    client = boto3.client("cloudformation", region_name="eu-central-1")
    stubber = Stubber(client)
    summary = {"StackName": STACK, "StackStatus": status, "CreationTime": "2026-11-27T00:00:00Z"}
    stubber.add_response("describe_stacks", {"Stacks": [summary]}, {"StackName": STACK})
    # AWS gives at most 100 in an answer, and a stage has more.
    pages = [("AWS::CloudWatch::Alarm", f"alarm-{number}") for number in range(100)], resources
    first, second = ([resource(*each) for each in page] for page in pages)
    stubber.add_response("list_stack_resources", {"StackResourceSummaries": first, "NextToken": "2"})
    stubber.add_response("list_stack_resources", {"StackResourceSummaries": second})
    stubber.activate()
    return client


FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:digits"
RESOURCES = (
    ("AWS::Lambda::Function", "digits"),
    ("AWS::Lambda::Version", f"{FUNCTION}:8"),
    ("AWS::Lambda::Alias", f"{FUNCTION}:live"),
    ("AWS::Lambda::Version", f"{FUNCTION}:7", "DELETE_SKIPPED"),
)


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"])
def test_the_function_is_found_in_the_stack(status: str) -> None:
    assert rollback.find_service(stack(status, *RESOURCES), STACK) == Service("digits", "live", "8")


def test_a_stack_that_is_being_changed_is_refused() -> None:
    with pytest.raises(Refused, match=r"is being changed \(UPDATE_IN_PROGRESS\)"):
        rollback.find_service(stack("UPDATE_IN_PROGRESS", *RESOURCES), STACK)


def test_a_stack_without_the_function_is_refused() -> None:
    with pytest.raises(Refused, match="PostalDigits-prod has no AWS::Lambda::Alias"):
        rollback.find_service(stack("ROLLBACK_COMPLETE"), STACK)


@pytest.mark.usefixtures("aws")
def test_a_stage_that_is_not_deployed_is_one_line() -> None:
    with pytest.raises(SystemExit, match=r"^make rollback: .*PostalDigits-prod does not exist"):
        rollback.main([STACK])
