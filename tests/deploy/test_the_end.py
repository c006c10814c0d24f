"""After all stories: nothing is left running, and nothing of the user's was touched."""

import socket
from pathlib import Path

from tests.deploy import cloud
from tests.deploy.cloud import Cloud
from tests.deploy.conftest import CREDENTIALS
from tests.deploy.transcript import Transcript


def test_nothing_left_this_machine(aws: Cloud, home: Path, transcript: Transcript) -> None:
    assert aws.wanted == []
    assert not (home / ".cdk").exists()
    assert {path.name: path.read_text() for path in home.glob(".aws/*")} == {"credentials": CREDENTIALS}
    transcript.step("No command wanted to reach a host outside this machine, or changed ~/.aws or ~/.cdk")


def test_the_end_leaves_no_container_and_no_open_port(aws: Cloud, transcript: Transcript) -> None:
    aws.stop()
    assert cloud.containers(aws.port) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", aws.port)) != 0
    transcript.step("The emulator ended: no container is left, its port is free")
