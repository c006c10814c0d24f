"""A stage's stack can stand in two regions of one account: nothing with a global name has the same name in both."""

from collections.abc import Callable
from typing import Any

from scripts.simulate.cloudwatch.queries import text
from tests.infra_cdk.conftest import Synthesised

# Names that are unique in an account or in the world, not in a region. Without a name CloudFormation makes a new one.
GLOBAL_NAMES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "AWS::Budgets::Budget": lambda properties: properties["Budget"].get("BudgetName"),
    "AWS::CloudWatch::Dashboard": lambda properties: properties.get("DashboardName"),
    "AWS::IAM::Group": lambda properties: properties.get("GroupName"),
    "AWS::IAM::ManagedPolicy": lambda properties: properties.get("ManagedPolicyName"),
    "AWS::IAM::Role": lambda properties: properties.get("RoleName"),
    "AWS::IAM::User": lambda properties: properties.get("UserName"),
    "AWS::Route53::HostedZone": lambda properties: properties["Name"],
    "AWS::Route53::RecordSet": lambda properties: f"{text(properties['Name'])} {text(properties.get('SetIdentifier'))}",
    "AWS::S3::Bucket": lambda properties: properties.get("BucketName"),
}


def global_names(stage: Synthesised, region: str) -> set[tuple[str, str]]:
    """Type and name of each resource that has a global name."""
    named = (
        (kind, name)
        for kind, name_of in GLOBAL_NAMES.items()
        for each in stage.properties(kind)
        if (name := name_of(each))
    )
    return {(kind, text(name).replace("${AWS::Region}", region)) for kind, name in named}


def test_no_global_name_is_the_same_in_two_regions(stage: Synthesised) -> None:
    here, there = (global_names(stage, region) for region in ("eu-central-1", "us-east-1"))
    assert here
    assert here & there == set()
