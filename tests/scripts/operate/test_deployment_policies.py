"""Who may deploy one stage can do what its stack needs, and nothing to another stage."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from infra_cdk import naming, stage_file
from scripts.operate import deployment_policies
from scripts.operate.deployment_policies import Names
from scripts.simulate import stage_template

ACCOUNT = "123456789012"
DEV, PROD = (Names(stage, ACCOUNT) for stage in ("dev", "prod"))
EXECUTION, BOUNDARY = deployment_policies.execution(DEV), deployment_policies.boundary(DEV, [PROD])
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
# AWS lists permissions for other forms of a resource too, such as a firewall of a load balancer.
FOREIGN = {
    *("acm-pca", "amplify", "apprunner", "appsync", "bedrock-agentcore", "billing", "cognito-idp", "ec2"),
    *("elasticfilesystem", "elasticloadbalancing", "firehose", "payments", "route53-recovery-control-config", "rum"),
    *("s3files", "s3tables"),
}
UNUSED = {
    "AWS::IAM::Policy": {f"iam:{verb}{of}Policy" for verb in ("Delete", "Get", "Put") for of in ("Group", "User")},
    "AWS::IAM::Role": {"iam:DeleteRolePermissionsBoundary"},
    "AWS::WAFv2::LoggingConfiguration": {"iam:DescribeOrganization"},
}


def matches(value: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(value.lower(), pattern.lower()) for pattern in patterns)


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    for operator, keys in condition.items():
        for key, wanted in keys.items():
            same = context.get(key) in ([wanted] if isinstance(wanted, str) else wanted)
            if same == (operator == "StringNotEquals"):
                return False
    return True


def decides(policy: Mapping[str, Any], effect: str, action: str, resource: str, context: Mapping[str, str]) -> bool:
    return any(
        each["Effect"] == effect
        and (matches(action, each["Action"]) if "Action" in each else not matches(action, each["NotAction"]))
        and (matches(resource, each["Resource"]) if "Resource" in each else not matches(resource, each["NotResource"]))
        and holds(each.get("Condition", {}), context)
        for each in policy["Statement"]
    )


def allowed(action: str, resource: str, *policies: Mapping[str, Any], **tags: str) -> bool:
    """Whether all policies, as a policy and its boundary, allow the action."""
    context = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    return all(
        decides(each, "Allow", action, resource, context) and not decides(each, "Deny", action, resource, context)
        for each in policies
    )


def arn(text: str, stage: str) -> str:
    return f"arn:aws:{text}".format(account=ACCOUNT, stage=stage, qualifier=naming.qualifier(stage))


@cache
def kinds() -> dict[str, set[str]]:
    """The types of resources of all stages, with the permissions that AWS lists for them."""
    domain = {"domain": "digits.example.com", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}
    templates = [stage_template.synthesise("dev")]
    templates += [stage_template.synthesise("prod", model_bucket="true", monthly_budget="150", **domain)]
    found = {}
    for kind in {each["Type"] for template in templates for each in template["Resources"].values()}:
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["handlers"]
        permissions = {p for name, each in handlers.items() if name != "list" for p in each["permissions"]}
        found[kind] = {p for p in permissions if p.split(":")[0].lower() not in FOREIGN} - UNUSED.get(kind, set())
    return found


def test_cloudformation_may_do_what_each_resource_of_the_stack_needs() -> None:
    actions = [action for each in EXECUTION["Statement"] if each["Effect"] == "Allow" for action in each["Action"]]
    missing = {kind: {p for p in permissions if not matches(p, actions)} for kind, permissions in kinds().items()}
    assert {kind: each for kind, each in missing.items() if each} == {}


NAMED = [
    ("lambda:UpdateFunctionCode", "lambda:eu-central-1:{account}:function:PostalDigits-{stage}-Service-1"),
    ("logs:DeleteLogGroup", "logs:eu-central-1:{account}:log-group:PostalDigits-{stage}-ServiceLog-1:*"),
    ("sns:DeleteTopic", "sns:eu-central-1:{account}:PostalDigits-{stage}-MonitoringTopic-1"),
    ("cloudwatch:DeleteAlarms", "cloudwatch:eu-central-1:{account}:alarm:PostalDigits-{stage}-heartbeat-wrong"),
    ("cloudwatch:DeleteDashboards", "cloudwatch::{account}:dashboard/PostalDigits-{stage}-eu-central-1-service"),
    (
        "application-signals:DeleteServiceLevelObjective",
        "application-signals:eu-central-1:{account}:slo/PostalDigits-{stage}-availability",
    ),
    (
        "codedeploy:CreateDeployment",
        "codedeploy:eu-central-1:{account}:deploymentgroup:PostalDigits-{stage}-A/PostalDigits-{stage}-G",
    ),
    ("scheduler:DeleteSchedule", "scheduler:eu-central-1:{account}:schedule/default/PostalDigits-{stage}-Heartbeat-1"),
    ("s3:DeleteBucket", "s3:::postaldigits-{stage}-modelsversions-1"),
    ("iam:PutRolePolicy", "iam::{account}:role/PostalDigits-{stage}-ServiceRole-1"),
    (
        "secretsmanager:GetSecretValue",
        "secretsmanager:eu-central-1:{account}:secret:PostalDigits-{stage}-pager-AbCdEf",
    ),
    ("budgets:ModifyBudget", "budgets::{account}:budget/PostalDigits-{stage}-month"),
]


@pytest.mark.parametrize(("action", "resource"), NAMED)
def test_a_stage_may_change_what_has_its_name_and_not_what_has_anothers(action: str, resource: str) -> None:
    assert allowed(action, arn(resource, "dev"), EXECUTION, BOUNDARY)
    assert not allowed(action, arn(resource, "prod"), EXECUTION)
    assert not allowed(action, arn(resource, "prod"), EVERYTHING, BOUNDARY)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("kms:ScheduleKeyDeletion", "kms:eu-central-1:{account}:key/1"),
        ("apigateway:DELETE", "apigateway:eu-central-1::/restapis/abc"),
        ("apigateway:GET", "apigateway:eu-central-1::/apikeys/abc"),
        ("wafv2:DeleteWebACL", "wafv2:eu-central-1:{account}:regional/webacl/a/1"),
    ],
)
def test_a_stage_may_change_what_has_its_tag_and_not_what_has_anothers(action: str, resource: str) -> None:
    where = arn(resource, "dev")
    assert allowed(action, where, EXECUTION, BOUNDARY, project="postal-digits", stage="dev")
    assert not allowed(action, where, EXECUTION, project="postal-digits", stage="prod")
    assert not allowed(action, where, EVERYTHING, BOUNDARY, project="postal-digits", stage="prod")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("sts:AssumeRole", "iam::{account}:role/cdk-{qualifier}-deploy-role-{account}-eu-central-1"),
        ("iam:PassRole", "iam::{account}:role/cdk-{qualifier}-cfn-exec-role-{account}-eu-central-1"),
        ("cloudformation:CreateChangeSet", "cloudformation:eu-central-1:{account}:stack/PostalDigits-{stage}/1"),
        ("cloudformation:DeleteStack", "cloudformation:eu-central-1:{account}:stack/CDKToolkit-PostalDigits-{stage}/1"),
        ("s3:PutObject", "s3:::cdk-{qualifier}-assets-{account}-eu-central-1/template.json"),
        ("ecr:PutImage", "ecr:eu-central-1:{account}:repository/cdk-{qualifier}-container-assets-{account}-a"),
    ],
)
def test_no_role_of_a_stage_may_deploy_another_one(action: str, resource: str) -> None:
    assert not allowed(action, arn(resource, "prod"), EVERYTHING, BOUNDARY)


@pytest.mark.parametrize(
    "group", ["PostalDigits-prod-ApiAccessLog-1", "API-Gateway-Execution-Logs_abc/v1"], ids=["access", "execution"]
)
def test_the_role_for_logs_that_the_account_has_from_one_stage_writes_those_of_all(group: str) -> None:
    """API Gateway has one role for an account and region, that of the stage which was created last."""
    where = arn(f"logs:eu-central-1:{{account}}:log-group:{group}:log-stream:1", "prod")
    for action, expected in (
        ("CreateLogStream", True),
        ("PutLogEvents", True),
        ("GetLogEvents", False),
        ("DeleteLogStream", False),
    ):
        tags = {"project": "postal-digits", "stage": "prod"}
        assert allowed(f"logs:{action}", where, EVERYTHING, BOUNDARY, **tags) == expected


@pytest.mark.parametrize("path", ["/apikeys", "/usageplans/abc/keys"])
def test_no_role_may_list_the_keys_of_all_stages(path: str) -> None:
    assert not allowed("apigateway:GET", f"arn:aws:apigateway:eu-central-1::{path}", EVERYTHING, BOUNDARY)


def test_a_role_may_be_created_with_the_stages_boundary_only() -> None:
    role = arn("iam::{account}:role/PostalDigits-dev-ServiceRole-1", "dev")
    for boundary, expected in ((DEV.boundary, True), (PROD.boundary, False), (None, False)):
        context = {"iam:PermissionsBoundary": boundary} if boundary else {}
        for action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary"):
            assert decides(EXECUTION, "Allow", action, role, context) == expected
            assert decides(BOUNDARY, "Deny", action, role, context) != expected
    assert not allowed("iam:DeleteRolePermissionsBoundary", role, EVERYTHING, BOUNDARY)
    assert not allowed("iam:CreatePolicyVersion", DEV.boundary, EVERYTHING, BOUNDARY)


def test_the_cdks_own_roles_can_deploy_their_stage() -> None:
    stack = arn("cloudformation:eu-central-1:{account}:stack/PostalDigits-dev/1", "dev")
    role = arn("iam::{account}:role/cdk-{qualifier}-cfn-exec-role-{account}-eu-central-1", "dev")
    for action in ("CreateChangeSet", "ExecuteChangeSet", "DescribeStacks", "GetTemplate", "DeleteStack"):
        assert allowed(f"cloudformation:{action}", stack, EVERYTHING, BOUNDARY)
    assert allowed("iam:PassRole", role, EVERYTHING, BOUNDARY)
    assert not allowed("iam:AttachRolePolicy", role, EVERYTHING, BOUNDARY)


def test_each_policy_fits_into_a_managed_policy() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    for stage in stage_file.names():
        own, others = Names(stage, ACCOUNT), [Names(each, ACCOUNT) for each in ("one", "two", "three")]
        for policy in (deployment_policies.execution(own), deployment_policies.boundary(own, others)):
            assert len(json.dumps(policy, separators=(",", ":"))) <= 6144


def test_a_single_stage_has_policies_too() -> None:
    assert all(each.get("Resource") != [] for each in deployment_policies.boundary(DEV, [])["Statement"])
