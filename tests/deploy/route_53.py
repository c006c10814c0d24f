"""Route 53's answers and health checks, by its documentation; the emulator only stores what a deployment created.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.deploy.cloud import Cloud

# Of an answer that leads to a regional domain name of API Gateway.
TTL_SECONDS = 60


@dataclass
class Checkers:
    """All checkers as one: a check changes its state after as many equal results in a row as its threshold says.

    Attributes:
        seconds: of the checks' intervals that have passed.
    """

    aws: Cloud
    seconds: int = 0
    _healthy: dict[str, bool] = field(default_factory=dict)
    _contrary: dict[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """Sends one request for each health check."""
        checks = self.aws.client("route53").list_health_checks()["HealthChecks"]
        for check in checks:
            config = check["HealthCheckConfig"]
            if self._succeeds(config) == self.is_healthy(check["Id"]):
                self._contrary[check["Id"]] = 0
                continue
            self._contrary[check["Id"]] = self._contrary.get(check["Id"], 0) + 1
            if self._contrary[check["Id"]] == config["FailureThreshold"]:
                self._healthy[check["Id"]] = not self.is_healthy(check["Id"])
                self._contrary[check["Id"]] = 0
        self.seconds += max(check["HealthCheckConfig"]["RequestInterval"] for check in checks)

    def is_healthy(self, check_id: str) -> bool:
        """A new check is healthy until its results say otherwise."""
        return self._healthy.get(check_id, True)

    def _succeeds(self, config: dict[str, Any]) -> bool:
        scheme = config["Type"].lower()
        url = self.aws.api_url(f"{scheme}://{config['FullyQualifiedDomainName']}{config['ResourcePath']}")
        # The real ones wait two seconds for the status; a container here may need longer to start.
        return 200 <= httpx.get(url, timeout=60).status_code < 400


@dataclass
class Client:
    """A client that asks DNS for each request; `nearest` are the regions by their latency to it."""

    aws: Cloud
    zone: str
    checkers: Checkers
    nearest: Sequence[str]

    def ask(self, method: str, url: str, **options: Any) -> httpx.Response:
        """The answer of the region to which the name leads."""
        address = httpx.URL(url)
        record = self.resolve(address.host)
        base = next(self._regional_apis(address.host, record["AliasTarget"]["DNSName"].rstrip(".")))
        return httpx.request(method, f"{base}{address.raw_path.decode().lstrip('/')}", timeout=60, **options)

    def resolve(self, name: str) -> dict[str, Any]:
        """The latency record of the nearest healthy region; of the nearest one, if none is healthy."""
        records = self.records(name)
        healthy = [record for record in records if self.checkers.is_healthy(record["HealthCheckId"])]
        return min(healthy or records, key=lambda record: self.nearest.index(record["Region"]))

    def records(self, name: str) -> list[dict[str, Any]]:
        """All latency records of the name."""
        listed = self.aws.client("route53").list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        return [each for each in listed if each["Name"] == f"{name}." and each["Type"] == "A"]

    def _regional_apis(self, domain: str, target: str) -> Iterator[str]:
        """Where the regional domain name `target` leads: the API that its region maps to the root of `domain`."""
        for region in self.nearest:
            gateway = self.aws.client("apigateway", region)
            for name in gateway.get_domain_names()["items"]:
                if (name["domainName"], name["regionalDomainName"]) == (domain, target):
                    (mapping,) = gateway.get_base_path_mappings(domainName=domain)["items"]
                    assert mapping["basePath"] == "(none)"
                    yield f"{self.aws.address}/_aws/execute-api/{mapping['restApiId']}/{mapping['stage']}/"
