"""A rule that a resource does not follow comes in with the reason; the checker is told there, and never stack-wide."""

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import IConstruct


def nag(construct: IConstruct, rule: str, reason: str) -> None:
    """Acknowledges a rule of cdk-nag's AwsSolutions, such as `IAM5[Resource::*]`, for this construct."""
    # Without its pack's name before it an id is taken without a word, and matches nothing.
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))


def checkov(construct: IConstruct, rule: str, reason: str) -> None:
    """Acknowledges a check of checkov's, such as `CKV_AWS_115`, for this resource."""
    resource = construct.node.default_child or construct
    assert isinstance(resource, CfnResource)  # noqa: S101
    told = resource.get_metadata("checkov") or {"skip": []}
    resource.add_metadata("checkov", {"skip": [*told["skip"], {"id": rule, "comment": reason}]})
