#!/usr/bin/env python3
"""Docker, as the CDK calls it (CDK_DOCKER): builds from BASE_IMAGE, and pushes into the emulator's registry.

That registry holds tags only: Lambda's containers run from the images of this machine.
"""

import os
import re
import sys

IMAGE = re.compile(r"[^/]+/(?P<repository>[^:]+):(?P<tag>.+)")


def main(arguments: list[str]) -> None:
    if arguments[0] == "login":
        sys.stdin.read()  # the password
    elif arguments[0] == "push":
        _push(arguments[-1])
    else:
        base = ["--build-arg", f"BASE_IMAGE={os.environ['BASE_IMAGE']}"] if arguments[0] == "build" else []
        os.execvp("docker", ["docker", arguments[0], *base, *arguments[1:]])  # noqa: S606


def _push(name: str) -> None:
    import boto3

    image = IMAGE.fullmatch(name)
    if not image or "amazonaws.com" not in name:
        sys.exit(f"{name} is not an image of the emulator's registry")
    boto3.client("ecr").put_image(
        repositoryName=image["repository"], imageTag=image["tag"], imageManifest=f'{{"name": "{name}"}}'
    )


if __name__ == "__main__":
    main(sys.argv[1:])
