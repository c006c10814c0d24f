"""Pages and tickets have topics of their own, and each tells when the other reaches nobody."""

from collections.abc import Callable
from typing import Any

import pytest

from infra_cdk import context
from infra_cdk.config import ConfigError
from tests.infra_cdk.conftest import Synthesised

Synth = Callable[..., Synthesised]
PAGER = "https://events.example.com/pager?key={{resolve:secretsmanager:pager}}"
OTHER = {"PAGE": "TICKET", "TICKET": "PAGE"}


def topics_of(stage: Synthesised) -> dict[str, str]:
    """The topics' logical ids by severity."""
    return {each["Properties"]["DisplayName"].split()[0]: name for name, each in stage.of("AWS::SNS::Topic").items()}


def subscribed(stage: Synthesised) -> set[tuple[str, str, str]]:
    """Severity, protocol and address of each subscription."""
    severities = {name: severity for severity, name in topics_of(stage).items()}
    return {
        (severities[each["TopicArn"]["Ref"]], each["Protocol"], each["Endpoint"])
        for each in stage.properties("AWS::SNS::Subscription")
    }


def undelivered(stage: Synthesised, severity: str) -> dict[str, Any]:
    """The alarm on the topic of this severity."""
    topic = {"Fn::GetAtt": [topics_of(stage)[severity], "TopicName"]}
    (alarm,) = (
        each
        for each in stage.properties("AWS::CloudWatch::Alarm")
        if topic
        in [
            dimension["Value"]
            for query in each.get("Metrics", [])
            for dimension in query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
        ]
    )
    return alarm


def test_the_mail_of_a_page_and_of_a_ticket_says_which_it_is(stage: Synthesised) -> None:
    """The topic's display name is the sender's."""
    names = {each["DisplayName"] for each in stage.properties("AWS::SNS::Topic")}
    assert names == {f"PAGE PostalDigits-{stage.config.stage}", f"TICKET PostalDigits-{stage.config.stage}"}


def test_both_topics_send_mail_and_pages_reach_the_pager_too(synth: Synth) -> None:
    mails = {("PAGE", "email", "ops@example.com"), ("TICKET", "email", "ops@example.com")}
    assert subscribed(synth({})) == set()
    assert subscribed(synth({"alarm_email": "ops@example.com"})) == mails
    paged = synth({"alarm_email": "ops@example.com", "pager_url": PAGER})
    assert subscribed(paged) == mails | {("PAGE", "https", PAGER)}


def test_a_pager_that_is_down_for_minutes_still_gets_the_page(synth: Synth) -> None:
    """SNS itself gives up after a minute, and allows an hour."""
    stage = synth({"alarm_email": "ops@example.com", "pager_url": PAGER})
    (pager,) = (each for each in stage.properties("AWS::SNS::Subscription") if each["Protocol"] == "https")
    policy = pager["DeliveryPolicy"]["healthyRetryPolicy"]
    shortest, longest = (policy["numRetries"] * policy[f"{which}DelayTarget"] for which in ("min", "max"))
    assert 10 * 60 <= shortest <= longest <= 3600


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"pager_url": "http://events.example.com"}, "pager_url is 'http://events.example.com'; it takes an address"),
        ({"pager_url": "https://events.example.com/a b"}, "pager_url is 'https://events.example.com/a b'; it takes"),
        (
            {"pager_url": "https://events.example.com"},
            'pager_url is "https://events.example.com"; it takes alarm_email',
        ),
    ],
)
def test_a_pager_is_called_by_https_and_needs_an_address_for_the_tickets(values: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        context.read(values)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("severity", OTHER)
def test_what_reaches_nobody_is_told_by_the_other_topic(severity: str, synth: Synth) -> None:
    stage = synth({"alarm_email": "ops@example.com"})
    alarm = undelivered(stage, severity)
    assert alarm["AlarmActions"] == [{"Ref": topics_of(stage)[OTHER[severity]]}]
    assert alarm["AlarmDescription"].startswith(OTHER[severity])


def test_a_stage_that_tells_nobody_has_no_alarm_on_that(synth: Synth) -> None:
    """Each would set off the other for ever."""
    assert not [each for each in synth({}).properties("AWS::CloudWatch::Alarm") if "undelivered" in each["AlarmName"]]


def test_only_cloudwatch_may_publish_and_only_over_tls(stage: Synthesised) -> None:
    policies = stage.properties("AWS::SNS::TopicPolicy")
    assert sorted(each["Topics"][0]["Ref"] for each in policies) == sorted(topics_of(stage).values())
    for policy in policies:
        (topic,) = policy["Topics"]
        statements = policy["PolicyDocument"]["Statement"]
        allowed = [each for each in statements if each["Effect"] == "Allow"]
        assert [(each["Principal"], each["Action"], each["Resource"], each["Condition"]) for each in allowed] == [
            (
                {"Service": "cloudwatch.amazonaws.com"},
                "sns:Publish",
                topic,
                {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
            )
        ]
        denied = [each for each in statements if each["Effect"] == "Deny"]
        assert [(each["Principal"], each["Condition"]) for each in denied] == [
            ("*", {"Bool": {"aws:SecureTransport": "false"}})
        ]


def test_cloudwatch_may_use_the_topics_key(stage: Synthesised) -> None:
    """Otherwise it drops alarms silently."""
    keys = {each["KmsMasterKeyId"]["Fn::GetAtt"][0] for each in stage.properties("AWS::SNS::Topic")}
    (key,) = keys
    properties = stage.of("AWS::KMS::Key")[key]["Properties"]
    assert properties["EnableKeyRotation"]
    uses = [each for each in properties["KeyPolicy"]["Statement"] if "Service" in each["Principal"]]
    assert [(each["Effect"], each["Principal"]["Service"], each["Action"]) for each in uses] == [
        ("Allow", "cloudwatch.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey*"])
    ]
    assert all("Condition" not in each for each in uses)
