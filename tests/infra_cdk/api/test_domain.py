"""The custom domain: a record for each region, and nothing without one."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from infra_cdk import context
from infra_cdk.api.throttle import HEALTH_CHECKS, KEYLESS_SECONDS
from infra_cdk.config import ConfigError
from tests.infra_cdk.conftest import DOMAIN, STAGES, Synthesised, stage_named

Synth = Callable[..., Synthesised]

KINDS = {
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::DomainName",
    "AWS::CertificateManager::Certificate",
    "AWS::Route53::HealthCheck",
    "AWS::Route53::RecordSet",
}


@pytest.fixture(scope="module")
def on_domain() -> Synthesised:
    return stage_named("prod-bucket")


def test_the_certificate_is_of_this_region_and_proven_in_the_zone(on_domain: Synthesised) -> None:
    certificate = on_domain.only("AWS::CertificateManager::Certificate")
    assert certificate["DomainName"] == DOMAIN["domain"]
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": DOMAIN["domain"], "HostedZoneId": DOMAIN["hosted_zone_id"]}
    ]
    ((logical, _),) = on_domain.of("AWS::CertificateManager::Certificate").items()
    name = on_domain.only("AWS::ApiGateway::DomainName")
    assert name["RegionalCertificateArn"] == {"Ref": logical}
    assert name["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert name["SecurityPolicy"] == "TLS_1_2"


def test_the_api_is_at_the_domains_root_and_at_its_own_address(on_domain: Synthesised) -> None:
    mapping = on_domain.only("AWS::ApiGateway::BasePathMapping")
    assert "BasePath" not in mapping
    assert {"Ref": mapping["Stage"]["Ref"]} == {"Ref": next(iter(on_domain.of("AWS::ApiGateway::Stage")))}
    assert not on_domain.only("AWS::ApiGateway::RestApi").get("DisableExecuteApiEndpoint")
    assert on_domain.template["Outputs"]["DomainUrl"]["Value"] == f"https://{DOMAIN['domain']}/"
    assert "execute-api" in str(on_domain.template["Outputs"]["ApiUrl"]["Value"])


def test_each_region_has_a_latency_record_that_its_health_check_takes_out(on_domain: Synthesised) -> None:
    ((name, _),) = on_domain.of("AWS::ApiGateway::DomainName").items()
    ((check, _),) = on_domain.of("AWS::Route53::HealthCheck").items()
    ((_, resource),) = on_domain.of("AWS::Route53::RecordSet").items()
    record = resource["Properties"]
    assert (record["Name"], record["Type"]) == (f"{DOMAIN['domain']}.", "A")
    assert record["HostedZoneId"] == DOMAIN["hosted_zone_id"]
    assert record["Region"] == record["SetIdentifier"] == {"Ref": "AWS::Region"}
    assert record["HealthCheckId"] == {"Ref": check}
    assert record["AliasTarget"]["DNSName"] == {"Fn::GetAtt": [name, "RegionalDomainName"]}
    assert record["AliasTarget"]["HostedZoneId"] == {"Fn::GetAtt": [name, "RegionalHostedZoneId"]}
    assert set(on_domain.of("AWS::ApiGateway::BasePathMapping")) <= set(resource["DependsOn"]), "a name without an API"


def test_the_health_check_asks_this_regions_api_by_its_own_address(on_domain: Synthesised) -> None:
    """By the domain's name it would ask whichever region is nearest to the checker."""
    config = on_domain.only("AWS::Route53::HealthCheck")["HealthCheckConfig"]
    ((api, _),) = on_domain.of("AWS::ApiGateway::RestApi").items()
    assert config["FullyQualifiedDomainName"]["Fn::Join"][1][:2] == [{"Ref": api}, ".execute-api."]
    assert {"Ref": "AWS::Region"} in config["FullyQualifiedDomainName"]["Fn::Join"][1]
    ((api_stage, _),) = on_domain.of("AWS::ApiGateway::Stage").items()
    assert config["ResourcePath"] == {"Fn::Join": ["", ["/", {"Ref": api_stage}, "/health"]]}
    assert (config["Type"], config["Port"]) == ("HTTPS", 443)
    assert (config["RequestInterval"], config["FailureThreshold"]) == (30, 3)


def health_throttle(stage: Synthesised) -> dict[str, Any]:
    settings = stage.only("AWS::ApiGateway::Stage")["MethodSettings"]
    (found,) = (each for each in settings if each["ResourcePath"] == "/~1health")
    return dict(found)


@pytest.mark.parametrize("concurrency", [20, 50, 400, 1000])
def test_health_checks_are_not_throttled_and_leave_lambda_unthrottled(synth: Synth, concurrency: int) -> None:
    stage = synth(DOMAIN | {"concurrency": str(concurrency)})
    config, health = stage.config, health_throttle(stage)
    assert health["ThrottlingRateLimit"] >= HEALTH_CHECKS.rate > 16 / 30, "about 16 checkers, each every 30 seconds"
    assert health["ThrottlingBurstLimit"] >= HEALTH_CHECKS.burst
    keyless = sum(each.concurrent_requests(KEYLESS_SECONDS) for each in config.keyless.values())
    assert keyless + config.keyed.concurrent_requests(config.request_seconds) <= concurrency


def test_health_checks_are_no_traffic_of_clients(on_domain: Synthesised) -> None:
    assert health_throttle(on_domain)["MetricsEnabled"]
    alarm = next(
        each for each in on_domain.properties("AWS::CloudWatch::Alarm") if each["AlarmName"].endswith("no-traffic")
    )
    (metric,) = (each["MetricStat"]["Metric"] for each in alarm["Metrics"] if each["Id"] == "checks")
    dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
    assert (dimensions["Method"], dimensions["Resource"]) == ("GET", "/health")
    (expression,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
    assert "- FILL(checks, 0)" in expression


def test_without_a_domain_nothing_of_it_is_in_the_template(synth: Synth, on_domain: Synthesised) -> None:
    """What the domain adds, taken away again, leaves the stage's own template."""
    values = STAGES["prod-bucket"]
    without = synth({name: value for name, value in values.items() if name not in DOMAIN}).template
    assert not KINDS & {each["Type"] for each in without["Resources"].values()}
    rest = copy.deepcopy(on_domain.template)
    rest["Resources"] = {name: each for name, each in rest["Resources"].items() if each["Type"] not in KINDS}
    del rest["Outputs"]["DomainUrl"], rest["Outputs"]["DomainHealthCheckId"]
    for template in (without, rest):
        resources = template["Resources"].values()
        (stage,) = (each for each in resources if each["Type"] == "AWS::ApiGateway::Stage")
        (health,) = (each for each in stage["Properties"]["MethodSettings"] if each["ResourcePath"] == "/~1health")
        assert health.pop("MetricsEnabled", None) == (True if template is rest else None)
        (alarm,) = (
            each["Properties"] for each in resources if "no-traffic" in str(each.get("Properties", {}).get("AlarmName"))
        )
        alarm["Metrics"] = [each for each in alarm["Metrics"] if each["Id"] != "checks"]
        for each in alarm["Metrics"]:
            if "Expression" in each:
                each["Expression"] = each["Expression"].replace(" - FILL(checks, 0)", "")
    assert rest == without


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"domain": "digits.example.com"}, 'domain is "digits.example.com"; it takes hosted_zone_id beside it'),
        (
            {"hosted_zone_id": "Z0123456789ABCDEFGHIJ"},
            'hosted_zone_id is "Z0123456789ABCDEFGHIJ"; it takes domain beside it',
        ),
        (DOMAIN | {"domain": "https://digits.example.com"}, "domain is 'https://digits.example.com'; it takes a name"),
        (DOMAIN | {"domain": "digits"}, "domain is 'digits'; it takes a name such as digits.example.com"),
        (DOMAIN | {"hosted_zone_id": "example.com"}, "hosted_zone_id is 'example.com'; it takes the id of a Route 53"),
        (
            DOMAIN | {"concurrency": "10"},
            "concurrency is 10; it takes more, to serve 1 clients and the health checks of the domain",
        ),
    ],
)
def test_a_domain_that_cannot_be_deployed_is_refused_in_one_line(values: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        context.read(values)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)
