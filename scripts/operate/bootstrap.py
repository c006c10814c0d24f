"""`make bootstrap STAGE=prod`: prepares an account and region for the deployments of one stage.

It creates or renews the stage's two policies (deployment_policies.py), then runs `cdk bootstrap` with a qualifier and a
toolkit stack of the stage's own, so that each stage has its own roles, bucket and repository.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra_cdk import naming, stage_file
from infra_cdk.config import ConfigError
from scripts.operate import deployment_policies
from scripts.operate.deployment_policies import Names, Policy

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

CDK = Path("node_modules/.bin/cdk")
# A managed policy has at most so many versions.
VERSIONS = 5


def put_policy(iam: "IAMClient", arn: str, document: Policy, stage: str) -> str:
    """Creates the managed policy, or makes the document its default version; says which."""
    name = arn.rpartition("/")[2]
    text = json.dumps(document, separators=(",", ":"))
    try:
        tags = [{"Key": "project", "Value": naming.PROJECT}, {"Key": "stage", "Value": stage}]
        iam.create_policy(PolicyName=name, PolicyDocument=text, Tags=tags)  # type: ignore[arg-type]
        return f"{name}: created"
    except iam.exceptions.EntityAlreadyExistsException:
        pass
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    (default,) = (each["VersionId"] for each in versions if each["IsDefaultVersion"])
    if iam.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]["Document"] == document:
        return f"{name}: unchanged"
    if len(versions) == VERSIONS:
        oldest = min((each for each in versions if not each["IsDefaultVersion"]), key=lambda each: each["CreateDate"])
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=text, SetAsDefault=True)
    return f"{name}: renewed"


def command(own: Names, region: str) -> list[str]:
    """The `cdk bootstrap` of a stage."""
    return [
        *(str(CDK), "bootstrap", f"aws://{own.account}/{region}"),
        *("--qualifier", naming.qualifier(own.stage)),
        *("--toolkit-stack-name", f"CDKToolkit-PostalDigits-{own.stage}"),
        *("--cloudformation-execution-policies", own.execution),
        *("--custom-permissions-boundary", naming.boundary(own.stage)),
        "--apply-permissions-boundary-to-all-roles",
        *("--tags", f"project={naming.PROJECT}", "--tags", f"stage={own.stage}"),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with one line if AWS refuses, or as `cdk bootstrap` does."""
    parser = argparse.ArgumentParser(prog="make bootstrap", description=__doc__.split("\n")[0])
    parser.add_argument("stage")
    options = parser.parse_args(arguments)
    try:
        stage_file.read(options.stage)
        session = boto3.Session()
        if session.region_name is None:
            sys.exit("make bootstrap: set AWS_REGION, such as AWS_REGION=eu-central-1")
        identity = session.client("sts").get_caller_identity()
        account, partition = identity["Account"], identity["Arn"].split(":")[1]
        own, *others = (
            Names(stage, account, partition)
            for stage in sorted(stage_file.names(), key=lambda name: name != options.stage)
        )
        iam = session.client("iam")
        for arn, document in (
            (own.execution, deployment_policies.execution(own)),
            (own.boundary, deployment_policies.boundary(own, others)),
        ):
            print(put_policy(iam, arn, document, own.stage), flush=True)
    except (BotoCoreError, ClientError, ConfigError) as error:
        sys.exit(f"make bootstrap: {error}")
    sys.exit(subprocess.run(command(own, session.region_name), env=os.environ, check=False).returncode)


if __name__ == "__main__":
    main()
