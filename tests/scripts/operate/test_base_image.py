"""`make base-image` with a registry on this machine, and one base image in all files that name it."""

import hashlib
import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from scripts.operate import base_image
from scripts.operate.base_image import INDEXES, BaseImage, BaseImageError
from tests.server import ROOT

OLD = f"sha256:{'0' * 64}"
IMAGE = BaseImage("registry.example", "lambda/python", "3.13", OLD)
DOCKERFILE = (ROOT / "lambda_fn" / "Dockerfile").read_text()


class Registry(ThreadingHTTPServer):
    """Gives the manifest of one tag to whoever brings the token that it gave."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.content = json.dumps({"manifests": [{"platform": {"architecture": "amd64"}}]}).encode()
        self.kind = INDEXES[0]
        self.said: str | None = None
        self.status = 200
        self.realm = f"{self.url}/token/"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"


class _Request(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        registry = self.server
        if self.path.startswith("/token/"):
            assert self.path == "/token/?service=registry.example&scope=aws"
            self._send(200, json.dumps({"token": "t"}).encode())
        elif self.headers.get("authorization") != "Bearer t":
            challenge = f'Bearer realm="{registry.realm}",service="registry.example",scope="aws"'
            self._send(401, b"{}", ("www-authenticate", challenge))
        else:
            assert self.path == "/v2/lambda/python/manifests/3.13"
            assert all(kind in self.headers["accept"] for kind in INDEXES)
            said = ("docker-content-digest", registry.said or registry.digest)
            self._send(registry.status, registry.content, ("content-type", registry.kind), said)

    def _send(self, status: int, content: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (("content-length", str(len(content))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def latest(registry: Registry) -> str:
    with httpx.Client(base_url=registry.url) as client:
        return base_image.latest_digest(IMAGE, client)


def test_the_digest_is_the_registrys(registry: Registry) -> None:
    assert latest(registry) == registry.digest


def test_another_content_than_the_registry_says_is_refused(registry: Registry) -> None:
    registry.said = OLD
    with pytest.raises(BaseImageError, match="the registry says sha256:000"):
        latest(registry)


def test_an_image_of_one_architecture_is_refused(registry: Registry) -> None:
    registry.kind = "application/vnd.oci.image.manifest.v1+json"
    with pytest.raises(BaseImageError, match="not an image of all architectures"):
        latest(registry)


def test_a_tag_that_is_not_there_is_refused(registry: Registry) -> None:
    registry.status = 404
    with pytest.raises(BaseImageError, match=r"lambda/python:3\.13: the registry answers 404"):
        latest(registry)


def test_a_token_is_asked_of_the_registry_only(registry: Registry) -> None:
    registry.realm = "https://elsewhere.example/token"
    with pytest.raises(BaseImageError, match="not for a token of its own"):
        latest(registry)


@pytest.mark.parametrize("line", [IMAGE.name, IMAGE.tagged])
def test_the_digest_is_written_where_the_old_one_or_none_is(line: str) -> None:
    before = f"# text\nARG BASE_IMAGE={line}\nFROM ${{BASE_IMAGE}}\n"
    new = f"sha256:{'1' * 64}"
    written = base_image.replace(before, base_image.read(before), new)
    assert written == f"# text\nARG BASE_IMAGE={IMAGE.tagged}@{new}\nFROM ${{BASE_IMAGE}}\n"


def test_a_registry_that_cannot_be_reached_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("ARG BASE_IMAGE=registry.invalid/lambda/python:3.13\n")
    monkeypatch.setattr(base_image, "DOCKERFILE", dockerfile)
    with pytest.raises(SystemExit, match=r"^make base-image: registry\.invalid/lambda/python:3\.13: "):
        base_image.main([])


def test_a_dockerfile_without_the_line_is_refused() -> None:
    with pytest.raises(BaseImageError, match="no line ARG BASE_IMAGE="):
        base_image.read("FROM python:3.13\n")


def test_the_image_is_built_from_a_digest() -> None:
    image = base_image.read(DOCKERFILE)
    assert image.tagged == "public.ecr.aws/lambda/python:3.13"
    assert image.digest, "a tag alone changes neither the Dockerfile nor the asset's hash when AWS patches the image"
    assert re.findall("^FROM .+$", DOCKERFILE, re.MULTILINE) == ["FROM ${BASE_IMAGE}"]


def test_only_the_dockerfile_names_the_base_image() -> None:
    """.ci/run names the tag, for the stand-in of a machine that reaches no registry; tests name it to compare."""
    command = ["git", "grep", "--files-with-matches", "public.ecr.aws/lambda/", "--", ":!tests"]
    named = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert named == [".ci/run", "lambda_fn/Dockerfile"]
    tag = re.findall(r"^  export BASE_IMAGE=(\S+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert tag == [base_image.read(DOCKERFILE).tagged]


def test_sam_and_the_tests_image_use_the_image_that_make_builds() -> None:
    image = re.findall(r"^IMAGE \?= (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"ImageUri: (\S+)$", (ROOT / "template.yaml").read_text(), re.MULTILINE) == image
    tests = (ROOT / "tests" / "container" / "Dockerfile").read_text()
    assert re.findall("^(?:ARG|FROM) .+$", tests, re.MULTILINE) == ["ARG IMAGE", "FROM ${IMAGE}"]


def test_a_bot_raises_the_digest_but_not_the_version_of_python() -> None:
    bot: dict[str, Any] = json.loads((ROOT / ".github" / "renovate.json").read_bytes())
    assert "dockerfile" in bot["enabledManagers"]
    assert "docker:pinDigests" in bot["extends"]
    (rule,) = (each for each in bot["packageRules"] if each.get("matchManagers") == ["dockerfile"])
    assert (rule["matchUpdateTypes"], rule["enabled"]) == (["major", "minor"], False)


def test_the_image_is_scanned_every_day() -> None:
    audit = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yml").read_text())
    steps = audit["jobs"]["image"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == ["make image"]
    (scan,) = (step["with"] for step in steps if "scan-action" in step.get("uses", ""))
    assert (scan["image"], scan["fail-build"]) == ("postal-digits:latest", True)
    assert "schedule" in audit[True], "YAML reads the key `on` as true"
