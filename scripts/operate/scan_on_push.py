"""`make scan-on-push`: makes ECR scan the images that the CDK pushes, once for an account and region.

The registry's rules do it, because the repositories' own setting is deprecated and `cdk bootstrap` does not set it:
https://github.com/aws/aws-cdk/pull/21342. Rules of others stay.
"""

import argparse
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra_cdk import naming, stage_file

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# The CDK's repositories, whatever the qualifier, account and region of their bootstrap stack.
FILTER = "cdk-*-container-assets-*"
SCANNED = ("SCAN_ON_PUSH", "CONTINUOUS_SCAN")


def turn_on(client: "ECRClient") -> bool:
    """Adds the rule, unless the registry's rules scan the images of all stages already. Whether it was added."""
    configuration = client.get_registry_scanning_configuration()["scanningConfiguration"]
    rules = configuration.get("rules", [])
    filters = [
        each["filter"] for rule in rules if rule["scanFrequency"] in SCANNED for each in rule["repositoryFilters"]
    ]
    if all(any(fnmatchcase(name, each) for each in filters) for name in _repositories()):
        return False
    client.put_registry_scanning_configuration(
        scanType=configuration.get("scanType", "BASIC"),
        rules=[
            *rules,
            {"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": [{"filter": FILTER, "filterType": "WILDCARD"}]},
        ],
    )
    return True


def _repositories() -> list[str]:
    """The stages' repositories, as the CDK names them in any account and region."""
    return [f"cdk-{naming.qualifier(stage)}-container-assets-123456789012-eu-central-1" for stage in stage_file.names()]


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with one line if AWS refuses."""
    argparse.ArgumentParser(prog="make scan-on-push", description=__doc__.split("\n")[0]).parse_args(arguments)
    try:
        added = turn_on(boto3.client("ecr"))
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"make scan-on-push: {error}")
    print(f"ECR scans what is pushed to {FILTER}" if added else "ECR scans these images already")


if __name__ == "__main__":
    main()
