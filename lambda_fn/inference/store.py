"""Finds the model versions that a service needs: in the container image, or copied from S3.

Files from S3 are not trusted here: Model.load verifies digests and golden answers wherever they come from.
"""

import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lambda_fn.deadline import Deadline
from lambda_fn.errors import ModelRejected
from lambda_fn.inference import golden

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"
# Lambda ends an init phase after ten seconds, without saying why. No read begins after these seconds, and the last one
# is given up after two attempts (`_client`).
SECONDS = 4.0
# /tmp holds 512 MB.
MOST_BYTES = 100 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


def find_folder(uri: str, local: Path, defaults: Mapping[str, str], seconds: float = SECONDS) -> Path:
    """The folder of <name>/<version>/ that holds the default version of each model.

    Args:
        uri: "" for the local folder; or s3://bucket/prefix, from which the default versions are copied.
        local: the folder in the container image.
        defaults: names and default versions.
        seconds: for all files together.

    Raises:
        ModelRejected: a file can't be read; the message names it and the reason.
    """
    if not uri:
        return local
    bucket, _, prefix = uri.removeprefix(SCHEME).partition("/")
    root = Path(tempfile.mkdtemp(prefix="model-"))
    deadline = Deadline(seconds)
    with closing(_client()) as client:
        for name, version in defaults.items():
            source = _Source(client, bucket, PurePosixPath(prefix, name, version), deadline)
            _copy(source, root / name / version)
    return root


def _copy(source: "_Source", folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "contract.json").write_bytes(source.read("contract.json"))
    try:
        file = golden.read_contract(folder).file
    except ModelRejected as error:
        raise ModelRejected(f"{source.uri('contract.json')}: {str(error).partition(': ')[2]}") from error
    for name in (PurePosixPath(file).name, golden.TENSORS, golden.REQUESTS):
        (folder / name).write_bytes(source.read(name))


class _Source:
    """A version's folder in S3, read under a deadline."""

    def __init__(self, client: "S3Client", bucket: str, folder: PurePosixPath, deadline: Deadline) -> None:
        self._client, self._bucket, self._folder, self._deadline = client, bucket, folder, deadline

    def uri(self, name: str) -> str:
        return f"{SCHEME}{self._bucket}/{self._folder / name}"

    def read(self, name: str) -> bytes:
        """A file's bytes; raises ModelRejected."""
        from botocore.exceptions import BotoCoreError, ClientError

        content = bytearray()
        try:
            self._check_time(name, 0)
            with closing(self._client.get_object(Bucket=self._bucket, Key=str(self._folder / name))["Body"]) as body:
                for chunk in body.iter_chunks(CHUNK_BYTES):
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise ModelRejected(f"{self.uri(name)}: larger than {MOST_BYTES} bytes")
                    self._check_time(name, len(content))
        except ClientError as error:
            # Without s3:ListBucket, S3 says AccessDenied of a missing file.
            raise ModelRejected(f"{self.uri(name)}: {error.response['Error'].get('Code', 'unknown')}") from error
        except BotoCoreError as error:
            raise ModelRejected(f"{self.uri(name)}: {type(error).__name__}") from error
        return bytes(content)

    def _check_time(self, name: str, size: int) -> None:
        if self._deadline.left() < 0:
            raise ModelRejected(f"{self.uri(name)}: too slow, {size} bytes arrived in time")


def _client() -> "S3Client":
    # boto3 takes half a second to import, so only services with models in S3 pay for it. The base image contains it.
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=1.5, retries={"total_max_attempts": 2, "mode": "standard"})
    return boto3.Session().client("s3", config=config)
