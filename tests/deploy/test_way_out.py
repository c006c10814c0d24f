"""The commands are pointed away from AWS by their environment; the proxy sees any that is not."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.deploy import cloud, way_out
from tests.deploy.cloud import ROOT
from tests.deploy.conftest import USERS

CALLS = {
    "boto3": [str(ROOT / ".venv/bin/python"), "-c", "import boto3; boto3.client('sts').get_caller_identity()"],
    "the CDK": [str(ROOT / "node_modules/.bin/cdk"), "bootstrap", "aws://000000000000/us-east-1"],
}


@pytest.mark.parametrize("command", CALLS.values(), ids=CALLS)
def test_a_call_of_aws_is_seen_and_gets_no_further_than_the_proxy(command: list[str], tmp_path: Path) -> None:
    with way_out.closed() as (proxy, wanted):
        environment = cloud.command_environment(os.environ, 1, tmp_path, proxy, "")
        del environment["AWS_ENDPOINT_URL"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120)
    # No exit code: the CDK's is now and then 0 when a proxy refuses it.
    assert any(host.endswith(".amazonaws.com:443") for host in wanted), done.stderr


def test_commands_get_neither_credentials_nor_settings_of_the_user(tmp_path: Path) -> None:
    environment = cloud.command_environment(os.environ | USERS, 4566, tmp_path, "http://127.0.0.1:1", "base")
    assert not set(USERS.values()) & set(environment.values())
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert Path(environment["AWS_SHARED_CREDENTIALS_FILE"]).read_text() == ""
