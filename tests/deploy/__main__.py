"""`make deploy-local`: deploys a stage to the emulator, and leaves it running until Ctrl+C."""

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable

from tqdm import tqdm

from tests.deploy import cloud
from tests.deploy.cloud import Cloud, CommandFailed
from tests.deploy.stage import Stage
from tests.deploy.transcript import Transcript

# Of the environment of the commands here: what another terminal needs to reach the emulator, and nothing else.
VARIABLES = (
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "BASE_IMAGE",
    "CDK_DOCKER",
)

RUNNING = """
{stack} runs in an emulator of AWS on this machine: {created} resources and {pretended} stand-ins, which
docs/deploy-transcript.md explains.

  address     {url}
  console     {url}console
  API key     {key}
  dashboards  {dashboards}
  log         {log}

A request:

  curl -s {url}predict/batch -H 'x-api-key: {key}' -H 'content-type: application/json' -d @tests/events/seven.json

The commands of docs/operations.md and the tools of AWS find it with these variables:

  export {variables}

Ctrl+C ends it and removes its containers.
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="make deploy-local", description=__doc__)
    parser.add_argument("--stage", default="dev", help="dev or prod")
    parser.add_argument("--port", type=int, default=4566, help="of the emulator")
    parser.add_argument("--context", default="", help="values of the stage, such as '-c model_version=1'")
    options = parser.parse_args()
    for name in list(os.environ):
        if name.startswith(cloud.FOREIGN):
            del os.environ[name]
    # Also where a shell started it in the background, which ignores Ctrl+C; and an end by `kill` is one in order too.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    try:
        with cloud.running(name="deploy-local", port=options.port) as aws:
            _deploy(aws, options.stage, options.context)
            print(_description(aws, options.stage), flush=True)
            aws.process.wait()
            sys.exit(f"make deploy-local: the emulator ended; see {aws.log}")
    except KeyboardInterrupt:
        print("\nEnded; its containers are removed.")
    except CommandFailed as error:
        sys.exit(f"make deploy-local: {error}")


def _deploy(aws: Cloud, stage: str, context: str) -> None:
    with _Progress("make bootstrap") as progress:
        aws.make("bootstrap", f"STAGE={stage}", progress=progress)
    with _Progress(f"make deploy STAGE={stage}") as progress:
        aws.deploy(stage, "ALARM_EMAIL=ops@example.com", f"CONTEXT={context}", progress=progress)


class _Progress:
    """What is being done, moved on by the lines that the CDK prints; nothing where there is no terminal."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._bar = tqdm(desc=what, bar_format="{desc}  {elapsed}", disable=None)

    def __enter__(self) -> Callable[[str], None]:
        return self._read

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def _read(self, line: str) -> None:
        if found := cloud.PROGRESS.search(line):
            self._bar.set_description_str(f"{self._what}  {found[1]}/{found[2]}", refresh=False)
        self._bar.refresh()


def _description(aws: Cloud, name: str) -> str:
    stage = Stage(aws, name)
    counted = Transcript(print)
    counted.resources(aws, name)
    dashboards = aws.client("cloudwatch").list_dashboards()["DashboardEntries"]
    return RUNNING.format(
        stack=stage.stack,
        created=counted.created[name].total(),
        pretended=counted.pretended[name].total(),
        url=stage.url,
        key=stage.key(),
        dashboards=", ".join(each["DashboardName"] for each in dashboards),
        log=aws.log.relative_to(cloud.ROOT),
        variables=" ".join(f"{name}={shlex.quote(aws.environment[name])}" for name in VARIABLES),
    )


if __name__ == "__main__":
    main()
