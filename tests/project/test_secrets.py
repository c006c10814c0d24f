"""The repository's files hold no secret; what tests use is made up for one run."""

import re
from pathlib import Path

import pytest

from tests.server import ROOT

PARTS = (".ci", ".github", "docs", "infra_cdk", "lambda_fn", "model", "scripts", "tests")
KINDS = {
    "an AWS key id": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "an AWS secret key": rb"(?i)secret_?access_?key['\"]?\s*[:=]\s*['\"]?[A-Za-z0-9/+]{40}\b",
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a GitHub token": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,})\b",
    "a signed token": rb"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.",
    "a signed URL": rb"X-Amz-Signature=[0-9a-f]{64}",
}


def files() -> list[Path]:
    here = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for part in PARTS for path in (ROOT / part).rglob("*") if path.is_file()]
    return [path for path in here + below if "__pycache__" not in path.parts]


@pytest.mark.parametrize("pattern", KINDS.values(), ids=KINDS)
def test_no_file_holds_a_secret(pattern: bytes) -> None:
    assert [path for path in files() if re.search(pattern, path.read_bytes())] == []


def test_the_files_that_are_deployed_are_searched() -> None:
    assert {ROOT / "app.py", ROOT / "lambda_fn/handler.py", ROOT / "model/digits/1/model.onnx"} <= set(files())


def test_a_secret_would_be_found() -> None:
    found = [
        b"id = " + b"AKIA" + b"Z" * 16,
        b"aws_secret_access_key = " + b"a" * 40,
        b"-----BEGIN EC " + b"PRIVATE KEY-----",
        b"token: ghp_" + b"a" * 36,
        b"eyJ" + b"a" * 30 + b".eyJ" + b"a" * 30 + b".",
        b"?X-Amz-Signature=" + b"0" * 64,
    ]
    assert all(re.search(pattern, text) for pattern, text in zip(KINDS.values(), found, strict=True))
