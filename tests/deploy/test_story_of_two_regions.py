"""The story goes on: a stage gets a domain, then a second region, and one of the two stops."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scripts.operate import copy_keys
from tests.deploy.cloud import REGION, Cloud
from tests.deploy.route_53 import TTL_SECONDS, Checkers, Client
from tests.deploy.stage import Stage
from tests.deploy.test_story import SEVEN
from tests.deploy.transcript import Transcript

SECOND = "eu-central-1"
DOMAIN = "digits.example.com"
BATCH = f"https://{DOMAIN}/predict/batch"


@pytest.fixture(scope="module")
def zone(aws: Cloud) -> str:
    """The id of the hosted zone, which a user has before the first deployment."""
    created = aws.client("route53").create_hosted_zone(Name="example.com", CallerReference="story")
    return str(created["HostedZone"]["Id"]).removeprefix("/hostedzone/")


@pytest.fixture(scope="module")
def client(aws: Cloud, zone: str) -> Client:
    return Client(aws, zone, Checkers(aws), nearest=(REGION, SECOND))


@pytest.fixture
def first(aws: Cloud) -> Stage:
    return Stage(aws, "dev")


@pytest.fixture
def second(aws: Cloud) -> Stage:
    return Stage(aws, "dev", SECOND)


def values(zone: str = "") -> str:
    """The stage's values, with the domain if a zone is given."""
    return f"CONTEXT=-c concurrency=50 -c domain={DOMAIN if zone else ''} -c hosted_zone_id={zone}"


def test_a_domain_leads_to_the_root_of_the_api(
    aws: Cloud, client: Client, zone: str, first: Stage, transcript: Transcript
) -> None:
    aws.deploy("dev", values(zone))
    assert first.output("DomainUrl") == f"https://{DOMAIN}/"
    assert client.ask("POST", BATCH, json=SEVEN, headers=key(first)).json()["y"] == [7]
    assert client.ask("GET", f"https://{DOMAIN}/console").status_code == 200
    assert first.ask("POST", "predict/batch", json=SEVEN).json()["y"] == [7]
    transcript.step(f"dev again, with a domain in a hosted zone: it answers at {BATCH}, and under its own address")


def test_a_second_region_is_deployed_without_the_name(
    aws: Cloud, client: Client, second: Stage, transcript: Transcript
) -> None:
    aws.make("bootstrap", "STAGE=dev", f"AWS_REGION={SECOND}")
    aws.deploy("dev", f"AWS_REGION={SECOND}", values())
    assert second.ask("POST", "predict/batch", json=SEVEN).json()["y"] == [7]
    assert [record["Region"] for record in client.records(DOMAIN)] == [REGION]
    transcript.step(f"`make deploy STAGE=dev AWS_REGION={SECOND}`: the same stage beside it, still without the name")


def test_a_clients_key_is_made_valid_in_both(aws: Cloud, first: Stage, second: Stage, transcript: Transcript) -> None:
    with_key = {"key": False, "json": SEVEN, "headers": key(first)}
    assert second.ask("POST", "predict/batch", **with_key).status_code == 403
    copied = aws.make("copy-keys", "STAGE=dev", f"FROM={REGION}", f"TO={SECOND}")
    assert "First: copied" in copied
    assert first.key() not in copied
    assert second.ask("POST", "predict/batch", **with_key).json()["y"] == [7]
    transcript.step("`make copy-keys`: the second region took the client's key only after it")


def test_both_regions_have_a_record_of_the_name(aws: Cloud, client: Client, zone: str, transcript: Transcript) -> None:
    aws.deploy("dev", f"AWS_REGION={SECOND}", values(zone))
    records = client.records(DOMAIN)
    assert {record["SetIdentifier"] for record in records} == {REGION, SECOND}
    assert len({record["HealthCheckId"] for record in records}) == 2
    assert client.resolve(DOMAIN)["Region"] == REGION
    assert Client(aws, zone, client.checkers, nearest=(SECOND, REGION)).resolve(DOMAIN)["Region"] == SECOND
    transcript.step("The second region with the name: two latency records, each with its health check")


def test_clients_get_the_other_region_when_theirs_stops(
    client: Client, first: Stage, second: Stage, transcript: Transcript
) -> None:
    before = client.checkers.seconds
    with stopped(first):
        seen = client.ask("POST", BATCH, json=SEVEN, headers=key(first))
        while client.resolve(DOMAIN)["Region"] == REGION:
            assert client.ask("POST", BATCH, json=SEVEN, headers=key(first)).status_code == seen.status_code == 500
            client.checkers.check()
        seconds = client.checkers.seconds - before
        assert client.ask("POST", BATCH, json=SEVEN, headers=key(first)).json()["y"] == [7]
        with stopped(second):
            for _ in range(3):
                client.checkers.check()
            assert client.resolve(DOMAIN)["Region"] == REGION, (
                "if no region is healthy, Route 53 answers as if all were"
            )
    assert seen.json()["code"] == "bad_gateway"
    assert (seconds, seconds + TTL_SECONDS) == (90, 150), "what docs/operations.md says"
    transcript.step(
        f"The first region's function stopped: its clients got {seen.status_code} ({seen.json()['code']}) until three "
        f"health checks in a row had failed, after {seconds} s; then, with the same key, the second region's answers. "
        f"Answers of DNS are kept for {TTL_SECONDS} s more"
    )


def test_clients_come_back_when_their_region_does(client: Client, first: Stage, transcript: Transcript) -> None:
    for _ in range(3):
        client.checkers.check()
    assert client.resolve(DOMAIN)["Region"] == REGION
    assert client.ask("POST", BATCH, json=SEVEN, headers=key(first)).json()["y"] == [7]
    transcript.step("The function is back: after three good checks, so are its clients")


def test_the_second_region_leaves_nothing_but_the_copied_keys(
    aws: Cloud, client: Client, first: Stage, transcript: Transcript
) -> None:
    aws.make("destroy", "STAGE=dev", f"AWS_REGION={SECOND}", "DESTROY=--force")
    assert [record["Region"] for record in client.records(DOMAIN)] == [REGION]
    left = aws.client("apigateway", SECOND).get_api_keys()["items"]
    assert [each["tags"][copy_keys.FROM] for each in left] == [REGION]
    assert client.ask("POST", BATCH, json=SEVEN, headers=key(first)).json()["y"] == [7]
    transcript.step(
        "`make destroy` of the second region: its record is gone, the first one answers; the copied key stays"
    )


def key(stage: Stage) -> dict[str, str]:
    return {"x-api-key": stage.key()}


@contextmanager
def stopped(stage: Stage) -> Iterator[None]:
    """The stage without its alias, so that API Gateway finds no function."""
    client = stage.aws.client("lambda", stage.region)
    alias = client.get_alias(FunctionName=stage.function, Name="live")
    client.delete_alias(FunctionName=stage.function, Name="live")
    try:
        yield
    finally:
        client.create_alias(FunctionName=stage.function, Name="live", FunctionVersion=alias["FunctionVersion"])
