"""The web ACL."""

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


def test_it_does_not_block_large_batches(stage: Synthesised) -> None:
    for acl in stage.properties("AWS::WAFv2::WebACL"):
        rules = {rule["Name"]: rule["Statement"] for rule in acl["Rules"]}
        common = rules["AWSManagedRulesCommonRuleSet"]["ManagedRuleGroupStatement"]
        assert common["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
        assert "AWSManagedRulesKnownBadInputsRuleSet" in rules


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
