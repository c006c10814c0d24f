"""The web ACL, where a stage has one."""

from tests.infra_cdk.conftest import Synthesised


def test_the_stage_that_asks_for_one_has_it_before_its_api(stage: Synthesised) -> None:
    if not stage.config.waf:
        assert not stage.of("AWS::WAFv2::WebACL")
        return
    ((acl, _),) = stage.of("AWS::WAFv2::WebACL").items()
    ((api_stage, _),) = stage.of("AWS::ApiGateway::Stage").items()
    association = stage.only("AWS::WAFv2::WebACLAssociation")
    assert association["WebACLArn"] == {"Fn::GetAtt": [acl, "Arn"]}
    assert {"Ref": api_stage} in association["ResourceArn"]["Fn::Join"][1]


def test_a_batch_is_not_blocked_for_its_size(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        rules = {rule["Name"]: rule["Statement"] for rule in acl["Rules"]}
        common = rules["AWSManagedRulesCommonRuleSet"]["ManagedRuleGroupStatement"]
        assert common["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
        assert "AWSManagedRulesKnownBadInputsRuleSet" in rules


def test_one_address_has_a_rate_above_one_clients_own(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        (rule,) = (rule for rule in acl["Rules"] if "RateBasedStatement" in rule["Statement"])
        limit = rule["Statement"]["RateBasedStatement"]
        assert rule["Action"] == {"Block": {}}
        assert limit["AggregateKeyType"] == "IP"
        assert limit["Limit"] > stage.config.keyed.rate * limit["EvaluationWindowSec"]


def test_its_log_has_neither_key_nor_query_and_goes_to_a_group_that_waf_takes(stage: Synthesised) -> None:
    for logging in stage.properties("AWS::WAFv2::LoggingConfiguration"):
        assert {"SingleHeader": {"Name": "x-api-key"}} in logging["RedactedFields"]
        assert {"QueryString": {}} in logging["RedactedFields"]
        (destination,) = logging["LogDestinationConfigs"]
        *_, kind, group = destination["Fn::Join"][1]
        assert kind.endswith(":log-group:")
        name = stage.of("AWS::Logs::LogGroup")[group["Ref"]]["Properties"]["LogGroupName"]
        assert name["Fn::Join"][1][0].startswith("aws-waf-logs-")


def test_no_request_is_sampled_with_its_headers(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        configs = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
        assert not any(config["SampledRequestsEnabled"] for config in configs)
