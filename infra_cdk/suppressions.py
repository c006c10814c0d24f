"""Suppresses a finding of cdk-nag or checkov for one resource, with a reason; never for the whole stack."""

from aws_cdk import Acknowledgment, CfnResource, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct


def suppress_nag(construct: IConstruct, reason: str, *rules: str) -> None:
    """Suppresses rules of cdk-nag's AwsSolutions, such as `IAM5[Resource::*]`."""
    for rule in rules:
        # An id without the pack's name is accepted and matches nothing.
        Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))


def suppress_versions(role: iam.IRole, function: lambda_.IFunction, reason: str) -> None:
    """Suppresses the finding that the role may act on any version and alias of the function."""
    resource = function.node.default_child
    assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101
    name = Stack.of(function).get_logical_id(resource)
    suppress_nag(role, reason, f"IAM5[Resource::<{name}.Arn>:*]")


def suppress_checkov(construct: IConstruct, **reasons: str) -> None:
    """Suppresses checks of checkov: `CKV_AWS_115="why"`."""
    resource = construct.node.default_child or construct
    assert isinstance(resource, CfnResource)  # noqa: S101
    resource.add_metadata("checkov", {"skip": [{"id": rule, "comment": reason} for rule, reason in reasons.items()]})
