"""`python -m scripts.publish 2 --bucket ...`: uploads a model version to S3; `list` compares S3 with model/.

A published version is never overwritten.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lambda_fn.errors import ModelRejected
from lambda_fn.inference import golden
from lambda_fn.inference.model import Model
from lambda_fn.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MODELS = Path(__file__).resolve().parent.parent / "model"
PREFIX = "models"


class PublishError(Exception):
    """A version can't be published; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model's versions are in S3: <prefix>/<name>/<version>/<file>."""

    client: "S3Client"
    bucket: str
    prefix: str
    name: str

    def key(self, version: str, file: str) -> str:
        return str(PurePosixPath(self.prefix, self.name, version, file))

    def files(self) -> dict[str, dict[str, str]]:
        """SHA-256 of each file, by version and file name."""
        found: dict[str, dict[str, str]] = {}
        folder = str(PurePosixPath(self.prefix, self.name)) + "/"
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=folder):
            for each in page.get("Contents", []):
                version, _, file = each["Key"].removeprefix(folder).partition("/")
                content = self.client.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read()
                found.setdefault(version, {})[file] = hashlib.sha256(content).hexdigest()
        return found

    def add(self, version: str, file: str, content: bytes) -> None:
        """Writes a new object; S3 itself refuses if it exists."""
        self.client.put_object(
            Bucket=self.bucket,
            Key=self.key(version, file),
            Body=content,
            ChecksumAlgorithm="SHA256",
            IfNoneMatch="*",
        )


def publish(place: Place, version: str, models: Path = MODELS) -> str:
    """Uploads a verified version, its contract last, so that a version with a contract is complete.

    Returns:
        the SHA-256 of the model, as in `GET /health`.

    Raises:
        PublishError: the version would not be served, or its number is taken.
    """
    folder = models / place.name / version
    try:
        contract = Model.load(folder).contract
        golden.read_requests(folder)
    except ModelRejected as error:
        raise PublishError(str(error)) from error
    if (contract.name, contract.version) != (place.name, version):
        raise PublishError(f"{folder}: is the contract of {contract.name} version {contract.version}")
    published = place.files().get(version, {})
    for file in (contract.file, golden.TENSORS, golden.REQUESTS, "contract.json"):
        content = (folder / file).read_bytes()
        if published.get(file) == hashlib.sha256(content).hexdigest():
            continue  # an interrupted upload is resumed
        if file in published:
            raise PublishError(f"s3://{place.bucket}/{place.key(version, file)} exists and differs: take a new number")
        place.add(version, file, content)
    return contract.sha256


def differences(place: Place, models: Path = MODELS) -> Iterator[str]:
    """A line for each version in S3 or in `models`."""
    published = place.files()
    local = {path.name for path in (models / place.name).iterdir() if (path / "contract.json").exists()}
    for version in sorted(published.keys() | local, key=lambda number: (len(number), number)):
        files = published.get(version, {})
        differing = [file for file, sha256 in files.items() if not _same(models / place.name / version / file, sha256)]
        if not files:
            state = "only here"
        elif "contract.json" not in files:
            state = "incomplete: publish it again"
        elif version not in local:
            state = "only in S3"
        else:
            state = f"differs: {', '.join(differing)}" if differing else "the same"
        yield f"{place.name} {version}  {state}"


def _same(path: Path, sha256: str) -> bool:
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 and one line on standard error if a version or S3 fails."""
    parser = argparse.ArgumentParser(prog="python -m scripts.publish", description=__doc__.split("\n")[0])
    parser.add_argument("version", help="a number below model/<name>/, or `list`")
    parser.add_argument("--bucket", required=True, help="the stack's output ModelBucketName")
    parser.add_argument("--prefix", default=PREFIX)
    parser.add_argument("--name", default=next(iter(Settings().models)), help="of the model (default: %(default)s)")
    options = parser.parse_args(arguments)
    place = Place(boto3.Session().client("s3"), options.bucket, options.prefix, options.name)
    try:
        if options.version == "list":
            print("\n".join(differences(place)))
        else:
            print(f"{options.name} {options.version}  SHA-256 {publish(place, options.version)}")
    except (PublishError, ClientError, BotoCoreError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
