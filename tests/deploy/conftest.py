"""One emulator for the whole story, and its transcript."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploy import cloud
from tests.deploy.cloud import ROOT, Cloud
from tests.deploy.transcript import Transcript

# A user's own account, which no command may use.
USERS = {
    "AWS_ACCESS_KEY_ID": "the-id-of-a-users-key",
    "AWS_PROFILE": "mine",
    "AWS_SECRET_ACCESS_KEY": "the-secret-of-a-user",
    "AWS_SESSION_TOKEN": "mine",
}

CREDENTIALS = "[mine]\naws_access_key_id = the-id-of-a-users-key\naws_secret_access_key = the-secret-of-a-user\n"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--transcript", default="build/deploy-transcript.md", help="where the transcript is written")


@pytest.fixture(scope="session")
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a line of progress at once, with the seconds since the beginning."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    began = time.monotonic()

    def line(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{time.monotonic() - began:5.0f} s  {text}", end="", flush=True)

    return line


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a user who has credentials of an account."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws").mkdir()
    (home / ".aws/credentials").write_text(CREDENTIALS)
    return home


@pytest.fixture(scope="session")
def aws(say: Callable[[str], None], home: Path) -> Iterator[Cloud]:
    """The emulator, beside a user's credentials."""
    docker = os.environ.get("DOCKER_CONFIG", str(Path.home() / ".docker"))
    users = USERS | {"HOME": str(home), "DOCKER_CONFIG": docker}
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(cloud.FOREIGN):
                patch.delenv(name)
        with cloud.running(environment=os.environ | users, say=say) as running:
            yield running


@pytest.fixture(scope="session")
def transcript(request: pytest.FixtureRequest, say: Callable[[str], None]) -> Iterator[Transcript]:
    """What happened; written and printed at the end, also after a failure."""
    transcript = Transcript(say)
    yield transcript
    path = ROOT / request.config.getoption("--transcript")
    path.parent.mkdir(exist_ok=True)
    path.write_text(transcript.page())
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\n\n{transcript.page()}\nWritten to {path.relative_to(ROOT)}")
