"""`make base-image`: asks the registry which image the Dockerfile's tag stands for today, and writes its digest there.

The digest is what a build uses. A new one changes the Dockerfile and so the hash of the image asset: without it, a
deployment of the same code would never ship the base image's patches.
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

DOCKERFILE = Path(__file__).resolve().parents[2] / "lambda_fn" / "Dockerfile"
LINE = re.compile(
    r"^ARG BASE_IMAGE=(?P<registry>[^/\s]+)/(?P<repository>[^:@\s]+):(?P<tag>[^@\s]+)"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?$",
    re.MULTILINE,
)
# Of all architectures. The digest of one architecture's image would break the others.
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")


class BaseImageError(Exception):
    """The digest can't be had; the message is one line."""


@dataclass(frozen=True, slots=True)
class BaseImage:
    """The default base image of the Dockerfile; `digest` is "" if the tag alone stands there."""

    registry: str
    repository: str
    tag: str
    digest: str

    @property
    def tagged(self) -> str:
        """Its name without the digest."""
        return f"{self.registry}/{self.repository}:{self.tag}"

    @property
    def name(self) -> str:
        """Its whole name, as in the Dockerfile."""
        return f"{self.tagged}@{self.digest}" if self.digest else self.tagged


def read(dockerfile: str) -> BaseImage:
    """The base image in a Dockerfile's text. Raises BaseImageError."""
    found = LINE.search(dockerfile)
    if not found:
        raise BaseImageError("the Dockerfile has no line ARG BASE_IMAGE=<registry>/<repository>:<tag>")
    return BaseImage(**{name: value or "" for name, value in found.groupdict().items()})


def latest_digest(image: BaseImage, client: httpx.Client) -> str:
    """The digest for which the tag stands in the registry, which is asked anonymously. Raises BaseImageError."""
    path, headers = f"/v2/{image.repository}/manifests/{image.tag}", {"accept": ", ".join(INDEXES)}
    response = client.get(path, headers=headers)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        token = _anonymous_token(response.headers.get("www-authenticate", ""), client)
        response = client.get(path, headers=headers | {"authorization": f"Bearer {token}"})
    if response.status_code != httpx.codes.OK:
        raise BaseImageError(f"{image.tagged}: the registry answers {response.status_code}")
    kind = response.headers.get("content-type", "").partition(";")[0]
    if kind not in INDEXES:
        raise BaseImageError(f"{image.tagged}: the registry has {kind or 'no type'}, not an image of all architectures")
    digest = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
    said = response.headers.get("docker-content-digest", digest)
    if said != digest:
        raise BaseImageError(f"{image.tagged}: the registry says {said}, the content has {digest}")
    return digest


def replace(dockerfile: str, image: BaseImage, digest: str) -> str:
    """The Dockerfile's text with the digest."""
    return LINE.sub(f"ARG BASE_IMAGE={image.tagged}@{digest}", dockerfile, count=1)


def _anonymous_token(challenge: str, client: httpx.Client) -> str:
    """https://distribution.github.io/distribution/spec/auth/token/"""
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = fields.pop("realm", "")
    if not challenge.startswith("Bearer ") or not realm.startswith(str(client.base_url).rstrip("/")):
        raise BaseImageError(f"the registry asks for {challenge[:80]!r}, not for a token of its own")
    answer = client.get(realm, params=fields)
    if answer.status_code != httpx.codes.OK:
        raise BaseImageError(f"the registry gives no anonymous token: {answer.status_code}")
    token: str = answer.json()["token"]
    return token


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with one line if the digest can't be had."""
    argparse.ArgumentParser(prog="make base-image", description=__doc__.split("\n")[0]).parse_args(arguments)
    text = DOCKERFILE.read_text()
    try:
        image = read(text)
        with httpx.Client(base_url=f"https://{image.registry}", timeout=30) as client:
            digest = latest_digest(image, client)
    except BaseImageError as error:
        sys.exit(f"make base-image: {error}")
    except (httpx.HTTPError, ValueError, KeyError) as error:
        sys.exit(f"make base-image: {image.tagged}: {error}")
    if digest == image.digest:
        print(f"{image.name} is the latest")
    else:
        DOCKERFILE.write_text(replace(text, image, digest))
        print(f"{image.tagged}: {image.digest or 'no digest'} is now {digest}")


if __name__ == "__main__":
    main()
