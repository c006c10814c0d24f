"""Where a model's versions lie comes in, a folder of them goes out: the one in the image, or one copied from S3.

What comes from S3 is not trusted here: `Model.load` verifies digests and golden answers, wherever the files are from.
"""

import tempfile
import time
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lambda_fn.errors import ModelRejected
from lambda_fn.inference.contract import Contract, ContractError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SCHEME = "s3://"
# Lambda ends an init phase after ten seconds, and then nobody learns why: no file is begun after these seconds, and the
# last one is given up after two attempts (`_client`).
SECONDS = 4.0
# The largest thing that is a model of digits; /tmp holds 512 MB.
MOST_BYTES = 100 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024


def versions(uri: str, baked: Path, version: str, seconds: float = SECONDS) -> Path:
    """The folder that holds a model's versions, `version` among them.

    Args:
        uri: "" for the folder in the image, or s3://bucket/prefix, below which <name>/<version>/ lies as in model/.
        baked: the folder in the image, .../<name>.
        version: what to copy, the only one that is in the folder then.
        seconds: for all files together.

    Raises:
        ModelRejected: a file can't be had; the message names it and the reason.
    """
    if not uri:
        return baked
    bucket, _, prefix = uri.removeprefix(SCHEME).partition("/")
    parent = Path(tempfile.mkdtemp(prefix="model-"))
    folder = parent / version
    folder.mkdir()
    with closing(_client()) as client:
        source = _Source(client, bucket, PurePosixPath(prefix, baked.name, version), time.monotonic() + seconds)
        (folder / "contract.json").write_bytes(source.read("contract.json"))
        try:
            file = Contract.read(folder / "contract.json").file
        except ContractError as error:
            raise ModelRejected(f"{source.uri('contract.json')}: {str(error).partition(': ')[2]}") from error
        for each in (PurePosixPath(file).name, "golden.npz"):
            (folder / each).write_bytes(source.read(each))
    return parent


class _Source:
    """A version's folder in S3, read until a deadline."""

    def __init__(self, client: "S3Client", bucket: str, folder: PurePosixPath, deadline: float) -> None:
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
            # Without the right to list, S3 calls a missing file AccessDenied.
            raise ModelRejected(f"{self.uri(name)}: {error.response['Error'].get('Code', 'unknown')}") from error
        except BotoCoreError as error:
            raise ModelRejected(f"{self.uri(name)}: {type(error).__name__}") from error
        return bytes(content)

    def _check_time(self, name: str, size: int) -> None:
        if time.monotonic() > self._deadline:
            raise ModelRejected(f"{self.uri(name)}: too slow, {size} bytes had come in time")


def _client() -> "S3Client":
    # Only where a model lies in S3 does it cost its half second of start-up. The base image brings it along.
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=1.5, retries={"total_max_attempts": 2, "mode": "standard"})
    return boto3.Session().client("s3", config=config)
