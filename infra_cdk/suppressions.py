"""Suppresses a finding of cdk-nag or checkov for one resource, with a reason; never for the whole stack."""

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import IConstruct


def suppress_nag(construct: IConstruct, rule: str, reason: str) -> None:
    """Suppresses a rule of cdk-nag's AwsSolutions, such as `IAM5[Resource::*]`."""
    # An id without the pack's name is accepted and matches nothing.
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))


def suppress_checkov(construct: IConstruct, rule: str, reason: str) -> None:
    """Suppresses a check of checkov, such as `CKV_AWS_115`."""
    resource = construct.node.default_child or construct
    assert isinstance(resource, CfnResource)  # noqa: S101
    skipped = (resource.get_metadata("checkov") or {"skip": []})["skip"]
    resource.add_metadata("checkov", {"skip": [*skipped, {"id": rule, "comment": reason}]})
