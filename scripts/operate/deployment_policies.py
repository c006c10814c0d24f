"""IAM policies of a stage's deployments; `make bootstrap` creates them.

They keep the stages apart where two share an account: whoever may deploy dev can neither change prod nor read its keys.

execution: what CloudFormation may do. Only the services of the stack, and where resources have names, only the stage's.
boundary: what no role of the stage may do, neither the CDK's nor one that the stack creates, whatever its own policies
allow. Without it, CloudFormation would change prod's stack for dev's deployment role, with the role that prod's stack
remembers; and dev's functions could be given the right to assume prod's roles.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from infra_cdk import naming

Policy = Mapping[str, Any]
PUSH_LOGS = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
SERVICES_WITH_ROLES = ("apigateway", "codedeploy", "lambda", "scheduler")
# Their resources have ids. All that can be tagged have the stage's tag, which both policies look at.
BY_ID = ("acm", "apigateway", "application-autoscaling", "route53", "wafv2")
# These have no resource, or are asked for all of them at once.
FOR_ALL = (
    "application-signals:List*",
    "cloudwatch:Describe*",
    "cloudwatch:GetMetricData",
    "cloudwatch:List*",
    "codedeploy:List*",
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update")),
    "logs:Describe*",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "sns:List*",
)
# API Gateway writes the logs of all stages with one role of the account, that of the stage which was created last.
WRITES_OF_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
LINKED_ROLES = (
    "application-signals.cloudwatch.amazonaws.com",
    "lambda.application-autoscaling.amazonaws.com",
    "ops.apigateway.amazonaws.com",
    "wafv2.amazonaws.com",
)
CHANGES_OF_STACKS = (
    "Cancel",
    "Continue",
    "Create",
    "Delete",
    "Execute",
    "Import",
    "Rollback",
    "Set",
    "Signal",
    "Update",
)


@dataclass(frozen=True, slots=True)
class Names:
    """ARNs of a stage's resources, as patterns, in every region."""

    stage: str
    account: str
    partition: str = "aws"

    def arn(self, service: str, resource: str, *, region: str = "*", account: str | None = None) -> str:
        return f"arn:{self.partition}:{service}:{region}:{self.account if account is None else account}:{resource}"

    @property
    def prefix(self) -> str:
        return f"PostalDigits-{self.stage}-*"

    @property
    def resources(self) -> list[str]:
        """What the stack creates and CloudFormation names, without roles."""
        return [
            self.arn("application-signals", f"slo/{self.prefix}"),
            self.arn("budgets", f"budget/{self.prefix}", region=""),
            self.arn("cloudwatch", f"alarm:{self.prefix}"),
            self.arn("cloudwatch", f"dashboard/{self.prefix}", region=""),
            self.arn("codedeploy", f"application:{self.prefix}"),
            self.arn("codedeploy", f"deploymentgroup:{self.prefix}"),
            self.arn("lambda", f"function:{self.prefix}"),
            self.arn("logs", f"log-group:{self.prefix}"),
            self.arn("s3", self.prefix.lower(), region="", account=""),
            self.arn("scheduler", f"schedule/default/{self.prefix}"),
            self.arn("sns", self.prefix),
        ]

    @property
    def secrets(self) -> str:
        """What the stage's values refer to, such as a pager's key; people create them."""
        return self.arn("secretsmanager", f"secret:{self.prefix}")

    @property
    def roles(self) -> str:
        return self.arn("iam", f"role/{self.prefix}", region="")

    @property
    def cdk_roles(self) -> str:
        return self.arn("iam", f"role/cdk-{naming.qualifier(self.stage)}-*", region="")

    @property
    def cdk_assets(self) -> list[str]:
        """The bootstrap's bucket and repository."""
        qualifier = naming.qualifier(self.stage)
        return [
            self.arn("ecr", f"repository/cdk-{qualifier}-*"),
            self.arn("s3", f"cdk-{qualifier}-*", region="", account=""),
        ]

    @property
    def stack(self) -> str:
        return self.arn("cloudformation", f"stack/PostalDigits-{self.stage}/*")

    @property
    def all(self) -> list[str]:
        """All that a role of another stage must not touch."""
        return [*self.resources, *self.cdk_assets, self.secrets, self.roles, self.cdk_roles, self.stack]

    @property
    def execution(self) -> str:
        return self.arn("iam", f"policy/{naming.execution_policy(self.stage)}", region="")

    @property
    def boundary(self) -> str:
        return self.arn("iam", f"policy/{naming.boundary(self.stage)}", region="")


def execution(own: Names) -> Policy:
    """The policy of the role with which CloudFormation creates the stage."""
    return _policy(
        _allow("Named", _all_of(own.resources), own.resources),
        _allow("ById", [f"{service}:*" for service in BY_ID], ["*"]),
        _allow("ForAll", FOR_ALL, ["*"]),
        # Groups that AWS names by the API; the policy of the stage's key lets no other group use it.
        _allow(
            "ApiLogs",
            ["logs:*"],
            [own.arn("logs", f"log-group:{name}*") for name in ("API-Gateway-Execution-Logs_", "aws-waf-logs-")],
        ),
        _allow("Secrets", ["secretsmanager:GetSecretValue"], [own.secrets]),
        _allow("Traffic", ["codedeploy:GetDeploymentConfig"], [own.arn("codedeploy", "deploymentconfig:*")]),
        _allow(
            "Image",
            [f"ecr:{action}" for action in ("BatchGetImage", "*DownloadUrlForLayer", "*RepositoryPolicy")],
            own.cdk_assets[:1],
        ),
        _allow(
            "NewKeys", ["kms:CreateKey", "kms:TagResource"], ["*"], StringEquals={"aws:RequestTag/stage": own.stage}
        ),
        _allow("Keys", ["kms:*"], ["*"], StringEquals={"aws:ResourceTag/stage": own.stage}),
        _allow(
            "NewRoles",
            ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
            [own.roles],
            StringEquals={"iam:PermissionsBoundary": own.boundary},
        ),
        _allow(
            "Roles",
            [
                *("iam:DeleteRole", "iam:DeleteRolePolicy", "iam:Get*", "iam:ListAttachedRolePolicies"),
                *("iam:ListRolePolicies", "iam:ListRoleTags", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole"),
                *("iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription"),
            ],
            [own.roles],
        ),
        _allow(
            "LogsOfTheGateway",
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            [own.roles],
            ArnEquals={"iam:PolicyARN": own.arn("iam", f"policy/{PUSH_LOGS}", region="", account="aws")},
        ),
        _allow(
            "RolesOfServices",
            ["iam:PassRole"],
            [own.roles],
            StringEquals={"iam:PassedToService": [f"{each}.amazonaws.com" for each in SERVICES_WITH_ROLES]},
        ),
        _allow(
            "LinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            [own.arn("iam", "role/aws-service-role/*", region="")],
            StringEquals={"iam:AWSServiceName": list(LINKED_ROLES)},
        ),
        _other_tags(own),
    )


def boundary(own: Names, others: Collection[Names]) -> Policy:
    """The permissions boundary of every role of the stage."""
    linked = own.arn("iam", "role/aws-service-role/*", region="")
    return _policy(
        _allow("WhatTheRolesPolicyAllows", ["*"], ["*"]),
        _deny("OtherStacks", [f"cloudformation:{verb}*" for verb in CHANGES_OF_STACKS], but=[own.stack]),
        _deny("OtherRoles", ["sts:AssumeRole*"], on=["*"]),
        _deny("OtherIdentities", ["iam:*"], but=[own.roles, own.cdk_roles, linked]),
        _deny("RolesOfTheCdk", [f"iam:{verb}*" for verb in ("Attach", "Delete", "Put", "Update")], on=[own.cdk_roles]),
        _deny(
            "RolesWithoutThisBoundary",
            ["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
            on=["*"],
            StringNotEquals={"iam:PermissionsBoundary": own.boundary},
        ),
        _deny("NoBoundary", ["iam:DeleteRolePermissionsBoundary"], on=["*"]),
        # Lists of keys can't be limited to the stage's, and they have the values.
        _deny(
            "ListsOfKeys",
            ["apigateway:GET"],
            on=[own.arn("apigateway", path, account="") for path in ("/apikeys", "/usageplans/*/keys")],
        ),
        *(
            [_deny("OtherNames", spared=WRITES_OF_LOGS, on=[arn for each in others for arn in each.all])]
            if others
            else []
        ),
        _other_tags(own),
    )


def _other_tags(own: Names) -> Policy:
    return _deny(
        "OtherTags",
        spared=WRITES_OF_LOGS,
        on=["*"],
        StringEquals={"aws:ResourceTag/project": naming.PROJECT},
        StringNotEquals={"aws:ResourceTag/stage": own.stage},
    )


def _all_of(arns: Collection[str]) -> list[str]:
    return sorted({f"{arn.split(':')[2]}:*" for arn in arns})


def _policy(*statements: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(sid: str, actions: Collection[str], resources: Collection[str], **conditions: object) -> Policy:
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return statement | ({"Condition": conditions} if conditions else {})


def _deny(
    sid: str,
    actions: Collection[str] = (),
    *,
    spared: Collection[str] = (),
    on: Collection[str] = (),
    but: Collection[str] = (),
    **conditions: object,
) -> Policy:
    """Denies the actions, or all that are not spared, on these resources or on all but those."""
    what = {"NotAction": list(spared)} if spared else {"Action": list(actions)}
    where = {"Resource": list(on)} if on else {"NotResource": list(but)}
    return {"Sid": sid, "Effect": "Deny"} | what | where | ({"Condition": conditions} if conditions else {})
