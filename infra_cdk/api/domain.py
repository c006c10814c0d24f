"""Custom domain of the API: certificate, name, and this region's DNS record with its health check.

Each region's stack adds a record of the same name. Route 53 answers with the nearest region that is healthy:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-latency.html
"""

from aws_cdk import Duration, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from infra_cdk.config import HEALTH_PATH

HTTPS_PORT = 443
# A region that fails is taken out after INTERVAL × FAILURES, and clients follow when their answer of a minute expires.
INTERVAL = Duration.seconds(30)
FAILURES = 3


class Domain(Construct):
    """The API under a name of yours, at its root.

    Attributes:
        url: with a slash at its end; the same in every region.
        health_check: of this region.
    """

    def __init__(
        self, scope: Construct, id: str, *, rest_api: apigateway.RestApi, domain: str, hosted_zone_id: str
    ) -> None:
        super().__init__(scope, id)
        self.url = f"https://{domain}/"
        zone = route53.HostedZone.from_hosted_zone_id(self, "Zone", hosted_zone_id)
        name = apigateway.DomainName(
            self,
            "Name",
            domain_name=domain,
            certificate=acm.Certificate(
                self, "Certificate", domain_name=domain, validation=acm.CertificateValidation.from_dns(zone)
            ),
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        mapping = name.add_base_path_mapping(rest_api, stage=rest_api.deployment_stage)
        stack = Stack.of(self)
        self.health_check = route53.HealthCheck(
            self,
            "Health",
            type=route53.HealthCheckType.HTTPS,
            # The region's own address: the domain would lead a checker to the region that is nearest to it.
            fqdn=f"{rest_api.rest_api_id}.execute-api.{stack.region}.{stack.url_suffix}",
            port=HTTPS_PORT,
            resource_path=f"/{rest_api.deployment_stage.stage_name}{HEALTH_PATH}",
            request_interval=INTERVAL,
            failure_threshold=FAILURES,
        )
        record = route53.ARecord(
            self,
            "Record",
            zone=zone,
            record_name=f"{domain}.",
            target=route53.RecordTarget.from_alias(targets.ApiGatewayDomain(name)),
            region=stack.region,
            set_identifier=stack.region,
            health_check=self.health_check,
        )
        # No request may come before the name leads to the API.
        record.node.add_dependency(mapping)
