"""Reads the environment variables of the container image, so that local processes run as in it."""

import re
from pathlib import Path

DOCKERFILE = Path(__file__).resolve().parents[2] / "lambda_fn" / "Dockerfile"


def image_environment() -> dict[str, str]:
    """The ENV lines of the Dockerfile."""
    return dict(re.findall(r"^ENV (\w+)=(\S+)$", DOCKERFILE.read_text(), re.MULTILINE))
