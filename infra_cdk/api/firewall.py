"""Web ACL of the API: AWS's managed rules, a rate limit for each address, and a log of the blocked requests.

Rules that inspect a body only count: to them the bytes of an image may look like a script or a path.
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
"""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

# WAF accepts only log groups whose name begins with this.
LOG_NAME_PREFIX = "aws-waf-logs-"
# Of requests with an API key, in the web ACL's own namespace.
KEYED_NAMESPACE, KEYED_LABEL = "client", "keyed"
COMMON = (
    "CrossSiteScripting_BODY",
    "EC2MetaDataSSRF_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "SizeRestrictions_BODY",
    # It blocks more than 2,048 bytes: a link of that many characters (image_link) is longer once it is percent-encoded.
    "SizeRestrictions_QUERYSTRING",
)
KNOWN_BAD_INPUTS = ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY")


class Firewall(Construct):
    """Filters the requests to a stage of the API.

    Attributes:
        acl: the web ACL; each rule's metrics have the rule's name.
        keyed_label: the dimensions of the metrics of requests with an API key.
    """

    def __init__(
        self, scope: Construct, id: str, *, stage: apigateway.Stage, requests_per_ip: int, log_group: logs.LogGroup
    ) -> None:
        super().__init__(scope, id)
        # Two stages of an account must not share their metrics. The name "All" is WAF's own.
        metric_name = Stack.of(self).stack_name
        self.acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action={"allow": {}},
            visibility_config=_metrics(metric_name),
            rules=[
                _keyed(0),
                _managed(1, "AWSManagedRulesCommonRuleSet", counted=COMMON),
                _managed(2, "AWSManagedRulesKnownBadInputsRuleSet", counted=KNOWN_BAD_INPUTS),
                _rate(3, requests_per_ip),
            ],
        )
        # https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html#waf-metrics-label
        self.keyed_label = {
            "LabelName": KEYED_LABEL,
            "LabelNamespace": f"{self.acl.attr_label_namespace}{KEYED_NAMESPACE}",
            "Region": Stack.of(self).region,
            "WebACL": metric_name,
        }
        wafv2.CfnWebACLAssociation(self, "Stage", resource_arn=stage.stage_arn, web_acl_arn=self.acl.attr_arn)
        # WAF requires the ARN without the `:*` at the end of log_group_arn.
        destination = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=log_group.log_group_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        wafv2.CfnLoggingConfiguration(
            self,
            "Log",
            resource_arn=self.acl.attr_arn,
            log_destination_configs=[destination],
            redacted_fields=[{"singleHeader": {"Name": "x-api-key"}}, {"queryString": {}}],
            # The access log has the others.
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [{"ActionCondition": {"Action": "BLOCK"}}],
                    }
                ],
            },
        )


def _keyed(priority: int) -> wafv2.CfnWebACL.RuleProperty:
    """Labels requests with an API key, valid or not: API Gateway checks it later."""
    return wafv2.CfnWebACL.RuleProperty(
        name="Keyed",
        priority=priority,
        action={"count": {}},
        rule_labels=[{"name": f"{KEYED_NAMESPACE}:{KEYED_LABEL}"}],
        statement={
            "sizeConstraintStatement": {
                "fieldToMatch": {"singleHeader": {"Name": "x-api-key"}},
                "comparisonOperator": "GT",
                "size": 0,
                "textTransformations": [{"priority": 0, "type": "NONE"}],
            }
        },
        visibility_config=_metrics("Keyed"),
    )


def _managed(priority: int, name: str, *, counted: tuple[str, ...]) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action={"none": {}},
        statement={
            "managedRuleGroupStatement": {
                "vendorName": "AWS",
                "name": name,
                "ruleActionOverrides": [{"name": rule, "actionToUse": {"count": {}}} for rule in counted],
            }
        },
        visibility_config=_metrics(name),
    )


def _rate(priority: int, limit: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="RequestsPerAddress",
        priority=priority,
        action={"block": {}},
        statement={"rateBasedStatement": {"limit": limit, "aggregateKeyType": "IP", "evaluationWindowSec": 300}},
        visibility_config=_metrics("RequestsPerAddress"),
    )


def _metrics(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    # Sampled requests would show whole headers, the API key included, in WAF's console.
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        metric_name=name, cloud_watch_metrics_enabled=True, sampled_requests_enabled=False
    )
