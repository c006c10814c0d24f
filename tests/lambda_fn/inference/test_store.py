"""Model versions in S3: moto's S3, or a server that misbehaves in its place."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from lambda_fn.errors import ModelRejected
from lambda_fn.inference import store
from lambda_fn.inference.model import Model
from tests.conftest import DIGITS, FILES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BAKED = DIGITS.with_name("1")
REPOSITORY = BAKED.parents[1]
URI = "s3://models-of-ours/models"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "eu-central-1")):
        monkeypatch.setenv(f"AWS_{name}", value)


@pytest.fixture
def s3() -> "Iterator[S3Client]":
    """A bucket that holds version 1."""
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="models-of-ours", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        for name in FILES:
            put(client, name, (BAKED / name).read_bytes())
        yield client


def put(client: "S3Client", name: str, content: bytes) -> None:
    client.put_object(Bucket="models-of-ours", Key=f"models/digits/1/{name}", Body=content)


def refusal(seconds: float = store.SECONDS) -> str:
    with pytest.raises(ModelRejected) as caught:
        Model.load(store.find_folder(URI, REPOSITORY, {"digits": "1"}, seconds) / "digits" / "1")
    return str(caught.value)


def test_without_a_uri_it_is_the_folder_in_the_image_and_boto3_is_not_imported() -> None:
    code = "import sys, lambda_fn.handler; print({'boto3', 'botocore.client'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
    assert store.find_folder("", REPOSITORY, {"digits": "1"}) == REPOSITORY


@pytest.mark.usefixtures("s3")
def test_a_version_in_s3_is_the_same_model() -> None:
    folder = store.find_folder(URI, REPOSITORY, {"digits": "1"}) / "digits" / "1"
    assert folder != BAKED
    assert {name: (folder / name).read_bytes() for name in FILES} == {
        name: (BAKED / name).read_bytes() for name in FILES
    }
    assert Model.load(folder).contract == Model.load(BAKED).contract


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(s3: "S3Client", name: str) -> None:
    s3.delete_object(Bucket="models-of-ours", Key=f"models/digits/1/{name}")
    assert refusal() == f"{URI}/digits/1/{name}: NoSuchKey"


@pytest.mark.parametrize("name", ["model.onnx", "golden.npz"])
def test_a_flipped_bit_is_refused(s3: "S3Client", name: str) -> None:
    content = bytearray((BAKED / name).read_bytes())
    content[len(content) // 2] ^= 1
    put(s3, name, bytes(content))
    assert "the contract says" in refusal()


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "Expecting value"), (b"{}", "has no member"), (b"\xff", "invalid start byte")]
)
def test_an_unreadable_contract_is_refused(s3: "S3Client", content: bytes, reason: str) -> None:
    put(s3, "contract.json", content)
    assert refusal().startswith(f"{URI}/digits/1/contract.json: ")
    assert reason in refusal()


def test_a_contract_can_not_name_a_file_in_another_folder(s3: "S3Client", tmp_path: Path) -> None:
    outside = shutil.copy(BAKED / "model.onnx", tmp_path / "outside")
    put(s3, "contract.json", (BAKED / "contract.json").read_bytes().replace(b'"model.onnx"', f'"{outside}"'.encode()))
    assert refusal() == f"{URI}/digits/1/outside: NoSuchKey"


def test_a_huge_file_is_refused(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_BYTES", 100_000)
    put(s3, "model.onnx", bytes(200_000))
    assert refusal() == f"{URI}/digits/1/model.onnx: larger than 100000 bytes"


@pytest.mark.usefixtures("s3")
def test_a_role_without_permission_is_refused() -> None:
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        denied = set_initial_no_auth_action_count(0)(refusal)
        assert denied() in {f"{URI}/digits/1/contract.json: {code}" for code in ("AccessDenied", "InvalidAccessKeyId")}


@contextmanager
def misbehaving(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[BaseHTTPRequestHandler], None]
) -> Iterator[list[str]]:
    """A server in place of S3. Yields the requested paths."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_failing_s3_is_tried_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request: BaseHTTPRequestHandler) -> None:
        request.send_response(503)
        request.end_headers()

    with misbehaving(monkeypatch, fail) as asked:
        assert refusal() == f"{URI}/digits/1/contract.json: 503"
    assert len(asked) == 2


def test_an_answer_that_is_cut_short_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b"{")

    with misbehaving(monkeypatch, half):
        assert refusal() == f"{URI}/digits/1/contract.json: IncompleteReadError"


def test_a_slow_answer_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece comes before the read times out; all of them would take minutes."""
    ended = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(1000 * store.CHUNK_BYTES))
        request.end_headers()
        try:
            while not ended.wait(0.05):
                request.wfile.write(bytes(store.CHUNK_BYTES))
        except OSError:
            ended.set()

    with misbehaving(monkeypatch, drip):
        reason = refusal(seconds=0.5)
        ended.set()
    assert reason.startswith(f"{URI}/digits/1/contract.json: too slow, ")


def test_a_silent_s3_is_given_up_after_two_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> None:
        ended.wait(30)

    with misbehaving(monkeypatch, hang) as asked:
        reason = refusal()
        ended.set()
    assert reason == f"{URI}/digits/1/contract.json: ReadTimeoutError"
    assert len(asked) == 2


def test_an_unreachable_s3_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    assert refusal() == f"{URI}/digits/1/contract.json: EndpointConnectionError"


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "true")
    assert refusal() == f"{URI}/digits/1/contract.json: NoCredentialsError"
