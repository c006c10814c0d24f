"""The web ACL."""

from scripts.operate import cost
from tests.infra_cdk.conftest import Synthesised


def test_it_protects_the_api_if_the_stage_has_one(stage: Synthesised) -> None:
    if not stage.config.waf:
        assert not stage.of("AWS::WAFv2::WebACL")
        return
    ((acl, _),) = stage.of("AWS::WAFv2::WebACL").items()
    ((api_stage, _),) = stage.of("AWS::ApiGateway::Stage").items()
    association = stage.only("AWS::WAFv2::WebACLAssociation")
    assert association["WebACLArn"] == {"Fn::GetAtt": [acl, "Arn"]}
    assert {"Ref": api_stage} in association["ResourceArn"]["Fn::Join"][1]


# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
COUNTED = {
    "AWSManagedRulesCommonRuleSet": {
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "SizeRestrictions_BODY",
        "SizeRestrictions_QUERYSTRING",
    },
    "AWSManagedRulesKnownBadInputsRuleSet": {"JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"},
}


def test_it_blocks_no_request_for_the_bytes_of_its_body_or_a_long_link(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        groups = {
            group["Name"]: group["RuleActionOverrides"]
            for rule in acl["Rules"]
            if (group := rule["Statement"].get("ManagedRuleGroupStatement"))
        }
        assert {name: {each["Name"] for each in overrides} for name, overrides in groups.items()} == COUNTED
        assert all(each["ActionToUse"] == {"Count": {}} for overrides in groups.values() for each in overrides)


def test_its_metrics_have_the_stacks_name(stage: Synthesised) -> None:
    """WAF refuses the name All, and two stages with one name would share their metrics."""
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        assert acl["VisibilityConfig"]["MetricName"] == f"PostalDigits-{stage.config.stage}"


def test_requests_with_a_key_are_labelled_before_any_rule_can_block_them(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        first = min(acl["Rules"], key=lambda rule: rule["Priority"])
        assert first["Action"] == {"Count": {}}, "a label of a rule that ends the evaluation reaches no other rule"
        assert first["RuleLabels"] == [{"Name": "client:keyed"}]
        condition = first["Statement"]["SizeConstraintStatement"]
        assert condition["FieldToMatch"] == {"SingleHeader": {"Name": "x-api-key"}}
        assert (condition["ComparisonOperator"], condition["Size"]) == ("GT", 0)


def test_a_blocked_request_with_a_key_is_a_ticket(stage: Synthesised) -> None:
    """The dimensions are those of WAF's label metrics, which begin with the web ACL's own namespace."""
    alarms = [each for each in stage.properties("AWS::CloudWatch::Alarm") if each.get("Namespace") == "AWS/WAFV2"]
    assert len(alarms) == len(stage.of("AWS::WAFv2::WebACL"))
    for alarm in alarms:
        ((acl, resource),) = stage.of("AWS::WAFv2::WebACL").items()
        properties = resource["Properties"]
        assert alarm["AlarmDescription"].startswith("TICKET")
        assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("BlockedRequests", "Sum", 1)
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        (label,) = (label["Name"] for rule in properties["Rules"] for label in rule.get("RuleLabels", []))
        namespace, _, name = label.rpartition(":")
        assert dimensions == {
            "LabelName": name,
            "LabelNamespace": {"Fn::Join": ["", [{"Fn::GetAtt": [acl, "LabelNamespace"]}, namespace]]},
            "Region": {"Ref": "AWS::Region"},
            "WebACL": properties["VisibilityConfig"]["MetricName"],
        }


def test_one_address_may_send_more_than_one_clients_key_allows(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        (rule,) = (rule for rule in acl["Rules"] if "RateBasedStatement" in rule["Statement"])
        limit = rule["Statement"]["RateBasedStatement"]
        assert rule["Action"] == {"Block": {}}
        assert limit["AggregateKeyType"] == "IP"
        assert limit["Limit"] > stage.config.keyed.rate * limit["EvaluationWindowSec"]


def test_its_log_omits_key_and_query_and_has_a_name_that_waf_accepts(stage: Synthesised) -> None:
    for logging in stage.properties("AWS::WAFv2::LoggingConfiguration"):
        assert {"SingleHeader": {"Name": "x-api-key"}} in logging["RedactedFields"]
        assert {"QueryString": {}} in logging["RedactedFields"]
        (destination,) = logging["LogDestinationConfigs"]
        *_, kind, group = destination["Fn::Join"][1]
        assert kind.endswith(":log-group:")
        name = stage.of("AWS::Logs::LogGroup")[group["Ref"]]["Properties"]["LogGroupName"]
        assert name["Fn::Join"][1][0].startswith("aws-waf-logs-")


def test_it_samples_no_requests(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        configs = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
        assert not any(config["SampledRequestsEnabled"] for config in configs)


def test_the_cost_estimate_counts_its_rules(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        assert len(acl["Rules"]) == cost.RULES_OF_THE_FIREWALL
