"""Nothing that a client sends is written anywhere: no image, no key, no name, no query."""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.local.serve import LOG
from tests.bad_inputs import small
from tests.lambda_fn.observers import marked
from tests.server import ROOT, free_port, wait_until_ready

MARK = f"m4rk{secrets.token_hex(6)}"
# The mark as it is, in base64 at each of the three places where it can begin, in hex; and the beginnings of images.
TRACES = [
    MARK,
    *[base64.b64encode(b"-" * place + MARK.encode())[4:-4].decode() for place in range(3)],
    MARK.encode().hex(),
    *("iVBORw0KGgo", "PNG\\r\\n", "\\u0089PNG", "/9j/4AAQ", "0, 0, 0, 0", "0,0,0,0"),
]
ROUTES = {"unknown", "/", "/health", "/predict/batch", "/predict/img"}


def leaks(written: str) -> list[str]:
    return [line[:2000] for line in written.splitlines() if any(trace in line for trace in TRACES)]


@pytest.fixture(scope="module")
def written() -> "subprocess.CompletedProcess[str]":
    """All that the handler's process wrote."""
    command = [sys.executable, "-m", "tests.lambda_fn.observers.log_child", MARK]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)


@pytest.fixture(scope="module")
def lines(written: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    """Its log lines, without the metrics between them."""
    found = [json.loads(line) for line in written.stdout.splitlines()]
    return [line for line in found if "_aws" not in line]


def test_nothing_that_was_sent_is_written(written: "subprocess.CompletedProcess[str]") -> None:
    assert leaks(written.stdout) == []


def test_nothing_is_written_to_standard_error(written: "subprocess.CompletedProcess[str]") -> None:
    assert written.stderr == ""


def test_the_search_finds_a_mark() -> None:
    assert all(leaks(trace) for trace in TRACES)
    assert all(leaks(base64.b64encode(bytes(place) + MARK.encode() + b"more").decode()) for place in range(3))


def test_every_request_is_one_line_of_json(lines: list[dict[str, Any]]) -> None:
    assert len(lines) == len(marked.events(MARK)) + len(small()) + 4


def test_every_kind_of_answer_is_among_them(lines: list[dict[str, Any]]) -> None:
    assert {line["status"] for line in lines} >= {200, 400, 404, 405, 413, 415, 500, 503}
    assert {case.code for case in small() if case.code} <= {line.get("code") for line in lines}


def test_methods_and_routes_are_the_services_own(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        assert line["method"] in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"}
        assert line["route"] in ROUTES or line["route"].startswith("/v2")
        assert line["request_id"] == "bad-input"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    """`make serve`'s process, whose key is the mark, and the file of its standard error."""
    errors = tmp_path_factory.mktemp("serve") / "stderr"
    port = free_port()
    command = [sys.executable, "-m", "scripts.local.serve", "--port", str(port), "--workers", "1"]
    with errors.open("w") as stderr:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"API_KEY": MARK}, stderr=stderr)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                wait_until_ready(client, process)
                yield client, errors
        finally:
            process.terminate()
            process.wait(20)


def test_the_local_gateway_writes_none_of_it(served: tuple[httpx.Client, Path]) -> None:
    client, errors = served
    client.headers.update(marked.headers(MARK))
    for path, kind, body in marked.bodies(MARK):
        assert client.post(path, content=body, headers={"content-type": kind}).status_code < 500
    for query in marked.queries(MARK):
        assert client.post("/predict/img", params=query).status_code < 500
    assert client.post("/predict/batch", content=b"{}", headers={"x-api-key": f"wrong{MARK}"}).status_code == 403
    written = LOG.read_text()
    assert written
    assert leaks(written + errors.read_text()) == []
