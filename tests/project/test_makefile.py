"""The Makefile's own rules, as its recipes see them."""

import os
import subprocess

import pytest

from tests.server import ROOT


def variable(name: str, *arguments: str, **environment: str) -> str:
    """A variable of the environment of a recipe."""
    command = ["make", "--no-print-directory", f"--eval=show: ; @echo $${name}", "show", *arguments]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MAKE", "MFLAGS"))}
    done = subprocess.run(command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_cdk_and_boto3_work_in_the_same_region(name: str) -> None:
    """The CDK prefers AWS_REGION, and boto3 reads only AWS_DEFAULT_REGION."""
    other = {"AWS_DEFAULT_REGION": "us-east-1"}
    assert variable(name, "AWS_REGION=eu-west-1", **other) == "eu-west-1"
    assert variable(name, AWS_REGION="eu-west-1", **other) == "eu-west-1"


def test_without_aws_region_boto3s_region_is_left_alone() -> None:
    assert variable("AWS_DEFAULT_REGION", AWS_DEFAULT_REGION="us-east-1") == "us-east-1"
    assert variable("AWS_DEFAULT_REGION") == ""


@pytest.mark.parametrize(("argument", "asked"), [("STAGE=prod", "--stage prod"), ("", "")])
def test_smoke_asks_aws_only_for_a_stage_of_its_command_line(argument: str, asked: str) -> None:
    """STAGE in the environment is for other commands; a service on this machine has no account to ask."""
    command = ["make", "--no-print-directory", "--dry-run", "smoke", "URL=http://u", *filter(None, [argument])]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"STAGE": "dev"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].partition('"http://u"')[2].strip() == asked
