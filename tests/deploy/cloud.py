"""AWS on this machine: the emulator's process, and the commands of the Makefile pointed at it."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from tests.deploy import way_out

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".cache/emulator/bin/python"
REGION = "us-east-1"
ACCOUNT = "000000000000"
# The base image with boto3, where the given one has none.
BASE_WITH_BOTO3 = "postal-digits:emulator-base"
START_SECONDS = 30
# In the lines of the CDK: how many of how many resources.
PROGRESS = re.compile(r"\| +(\d+)/(\d+) \|")
# Variables of a user's account, and of the make that runs this.
FOREIGN = ("AWS_", "CDK_", "MAKE", "MFLAGS")


class CommandFailed(Exception):
    """A command ended with an error; the message has the end of what it printed."""


@dataclass(frozen=True)
class Cloud:
    """The running emulator.

    Attributes:
        port: on 127.0.0.1, and on the address at which containers find this machine.
        environment: of every command: it names the emulator, and nothing of the user's account.
        wanted: what a command tried to reach outside this machine.
        log: what the emulator and all commands print.
        process: the emulator; it ends when its standard input does.
    """

    port: int
    environment: dict[str, str]
    wanted: list[str]
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(
        self, *command: str, root: Path = ROOT, progress: Callable[[str], object] = lambda _: None, **variables: str
    ) -> str:
        """What a command prints; `progress` is told each line. Raises CommandFailed."""
        lines = []
        with (
            self.log.open("a") as log,
            subprocess.Popen(
                command,
                cwd=root,
                env=self.environment | variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ) as process,
        ):
            log.write(f"$ {' '.join(command)}\n")
            assert process.stdout
            for line in process.stdout:
                lines.append(line)
                log.write(line)
                progress(line)
        printed = "".join(lines)
        if process.returncode:
            hint = ""
            if "Unrecognized resource types" in printed:
                hint = "Add a handler or a reason for the type: tests/deploy/emulator/stand_ins.py\n"
            failed = "".join(line for line in lines if "_FAILED" in line)
            raise CommandFailed(f"{' '.join(command)}\n{failed}...\n{printed[-2000:]}\n{hint}Everything: {self.log}")
        return printed

    def make(self, target: str, *arguments: str, **options: Any) -> str:
        """What a command of the Makefile prints."""
        return self.run("make", "--no-print-directory", target, *arguments, **options)

    def deploy(self, stage: str, *arguments: str, **options: Any) -> str:
        """`make deploy`, without its question about permissions."""
        return self.make("deploy", f"STAGE={stage}", "DEPLOY=--require-approval never", *arguments, **options)

    def client(self, service: str, region: str = REGION) -> Any:
        """A client of boto3."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.address,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  the emulator takes any
        )

    def fail_once(self, kind: str) -> None:
        """Lets the next creation of a resource of this type fail."""
        httpx.post(f"{self.address}/_emulator/fail-once", content=kind).raise_for_status()

    def api_url(self, output: str) -> str:
        """The address on this machine of an API that the stack's output names by AWS's own host."""
        url = httpx.URL(output)
        return f"{self.address}/_aws/execute-api/{url.host.split('.')[0]}{url.path}"

    def stop(self) -> None:
        """Ends the emulator and removes its containers."""
        assert self.process.stdin
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        if left := containers(self.port):
            _docker("rm", "--force", "--volumes", *left)


@contextmanager
def running(
    *,
    name: str = "emulator",
    port: int = 0,
    environment: Mapping[str, str] = os.environ,
    say: Callable[[str], None] = print,
) -> Iterator[Cloud]:
    """The emulator, until the end of the block; then its containers are removed.

    Args:
        name: of the log in build/.
        port: 0 takes a free one.
        environment: of the commands, apart from what belongs to AWS's tools.
        say: is told what takes a while.
    """
    base_image = _with_boto3(environment.get("BASE_IMAGE") or _default_base_image(), say)
    addresses = ["127.0.0.1", *bridge()]
    port = free_port(port)
    with tempfile.TemporaryDirectory(prefix="emulator-") as folder, way_out.closed() as (proxy, wanted):
        scratch = Path(folder)
        commands = command_environment(environment, port, scratch, proxy, base_image)
        log = ROOT / "build" / f"{name}.log"
        log.parent.mkdir(exist_ok=True)
        say(f"The emulator of AWS starts on {', '.join(f'{address}:{port}' for address in addresses)} ...")
        log.write_bytes(b"")
        with log.open("ab") as output:
            command = [PYTHON, "-m", "tests.deploy.emulator", str(port), *addresses]
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                # It calls containers by their addresses, so no proxy; it looks up no names (emulator/names.py).
                env={name: value for name, value in commands.items() if not name.lower().endswith("_proxy")},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl+C ends it through its standard input, in order
            )
        cloud = Cloud(port, commands, wanted, log, process)
        try:
            _wait(cloud)
            yield cloud
        finally:
            cloud.stop()


def _wait(cloud: Cloud) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            httpx.get(f"{cloud.address}/_ministack/health").raise_for_status()
            return
        except httpx.HTTPError:
            if cloud.process.poll() is not None or time.monotonic() > deadline:
                raise CommandFailed(f"the emulator did not start:\n{cloud.log.read_text()[-4000:]}") from None
            time.sleep(0.1)


def command_environment(
    given: Mapping[str, str], port: int, scratch: Path, proxy: str, base_image: str
) -> dict[str, str]:
    """The given environment without the variables of AWS's tools, which may hold a user's credentials, and of make."""
    kept = {name: value for name, value in given.items() if not name.startswith(FOREIGN)}
    nothing = scratch / "empty"
    nothing.touch()
    return kept | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_CONFIG_FILE": str(nothing),
        "AWS_SHARED_CREDENTIALS_FILE": str(nothing),
        "AWS_EC2_METADATA_DISABLED": "true",
        "BASE_IMAGE": base_image,
        "CDK_DISABLE_VERSION_CHECK": "1",
        "CDK_DOCKER": str(ROOT / "tests/deploy/docker_for_cdk.py"),
        # Docker's settings stay; the CDK's and the tools of AWS have a home of their own for the run.
        "DOCKER_CONFIG": given.get("DOCKER_CONFIG") or f"{given['HOME']}/.docker",
        "HOME": str(scratch),
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "http_proxy": proxy,
        "https_proxy": proxy,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def _default_base_image() -> str:
    dockerfile = (ROOT / "lambda_fn/Dockerfile").read_text()
    (image,) = re.findall("^ARG BASE_IMAGE=(.+)$", dockerfile, re.MULTILINE)
    return str(image)


def _with_boto3(image: str, say: Callable[[str], None]) -> str:
    """The base image, or one made of it that has boto3 as AWS's own does."""
    probe = ("run", "--rm", "--network=none", "--entrypoint", "python", image, "-c", "import boto3")
    done = subprocess.run(["docker", *probe], capture_output=True, text=True)
    if done.returncode == 0:
        return image
    if "ModuleNotFoundError" not in done.stderr:
        raise CommandFailed(f"{image} can't be run: {done.stderr.strip()}\nBASE_IMAGE=... takes another one")
    say(f"{image} has no boto3: building one that has ...")
    folder = ROOT / "tests/deploy/base_image"
    _docker("build", "--quiet", "--build-arg", f"BASE_IMAGE={image}", "--tag", BASE_WITH_BOTO3, str(folder))
    return BASE_WITH_BOTO3


def bridge() -> list[str]:
    """The address at which containers find this machine; none where Docker leads them to 127.0.0.1 itself."""
    address = _docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").strip()
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return []
    return [address]


def containers(port: int) -> list[str]:
    """Ids of the containers of the functions that the emulator on this port runs."""
    label = f"label=ministack.instance={socket.gethostname()}:{port}"
    return _docker("ps", "--all", "--quiet", "--filter", label).split()


def free_port(wanted: int) -> int:
    """A free port of this machine; 0 takes any. Raises CommandFailed if it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise CommandFailed(f"port {wanted} is taken; choose another one") from None
        return int(probe.getsockname()[1])


def _docker(*arguments: str) -> str:
    if not shutil.which("docker"):
        raise CommandFailed("Docker is needed: the emulator runs functions as containers")
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise CommandFailed(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout
