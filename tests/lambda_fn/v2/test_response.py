"""An inference response: JSON, raw bytes after it, gzip."""

import gzip
import json
from typing import Any

import numpy as np
import pytest

from lambda_fn.digits.task import DIGIT, TASK, WARNINGS
from lambda_fn.pipeline import Prediction
from lambda_fn.task import Prepared, rounded
from lambda_fn.v2 import response
from lambda_fn.v2.request import Request
from tests.conftest import CONTRACT

THREE = np.full((3, 10), 0.01, np.float32)
THREE[[0, 1, 2], [7, 2, 1]] = 0.91
LENGTH = "Inference-Header-Content-Length"
PROBABILITIES = "probabilities"


def respond(
    outputs: dict[str, bool], request_id: str | None = None, probabilities: Any = THREE, **headers: str
) -> tuple[str | bytes, dict[str, str]]:
    warnings = [["inverted", "resized"], [], ["unclear"]] * (len(probabilities) // 3)
    prepared = Prepared({}, np.arange(len(probabilities)), warnings)
    given = {PROBABILITIES: probabilities}
    answers = TASK.interpret(given, prepared, CONTRACT)
    event = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
    request = Request(request_id, np.zeros((len(probabilities), 784)), outputs)
    prediction = Prediction(CONTRACT, warnings, prepared, given, answers, 0, 0)
    return response.respond(event, request, TASK.tensor_route, prediction)


def document(body: str | bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found


def test_json_has_the_protocols_members() -> None:
    body, headers = respond({PROBABILITIES: False, DIGIT: False}, request_id="42")
    assert headers == {"Content-Type": "application/json"}
    answer = document(body)
    assert answer.keys() == {"id", "model_name", "model_version", "outputs"}
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("42", "digits", CONTRACT.version)
    first, second = answer["outputs"]
    assert (first["name"], first["datatype"], first["shape"]) == (PROBABILITIES, "FP32", [3, 10])
    assert first["data"] == rounded(THREE.reshape(-1))
    assert second == {"name": DIGIT, "datatype": "INT64", "shape": [3], "data": [7, 2, 1]}


def test_without_an_id_none_is_returned() -> None:
    assert "id" not in document(respond({DIGIT: False})[0])
    assert document(respond({DIGIT: False}, request_id="")[0])["id"] == ""


def test_outputs_come_in_the_order_of_the_request() -> None:
    answer = document(respond({WARNINGS: False, DIGIT: False})[0])
    assert [output["name"] for output in answer["outputs"]] == [WARNINGS, DIGIT]


def test_warnings_are_strings() -> None:
    (output,) = document(respond({WARNINGS: False})[0])["outputs"]
    assert (output["datatype"], output["shape"]) == ("BYTES", [3])
    assert output["data"] == ["inverted,resized", "", "unclear,low_confidence"]


def test_raw_bytes_follow_the_json_in_the_order_of_the_outputs() -> None:
    body, headers = respond({DIGIT: True, WARNINGS: True, PROBABILITIES: True}, Accept="*/*")
    assert isinstance(body, bytes)
    assert headers["Content-Type"] == "application/octet-stream"
    length = int(headers[LENGTH])
    outputs = document(body[:length])["outputs"]
    assert [output["parameters"]["binary_data_size"] for output in outputs] == [24, 12 + 16 + 0 + 22, 120]
    assert not any("data" in output for output in outputs)
    raw = body[length:]
    assert np.frombuffer(raw[:24], "<i8").tolist() == [7, 2, 1]
    assert raw[24:44] == b"\x10\0\0\0inverted,resized"
    assert raw[44:48] == bytes(4)
    assert np.array_equal(np.frombuffer(raw[-120:], "<f4").reshape(3, 10), THREE)


def test_an_output_as_json_may_stand_beside_a_raw_one() -> None:
    body, headers = respond({PROBABILITIES: True, DIGIT: False}, accept="*/*")
    outputs = document(body[: int(headers[LENGTH])])["outputs"]
    assert outputs[1]["data"] == [7, 2, 1]
    assert len(body) == int(headers[LENGTH]) + 120


def test_without_an_accept_header_the_answer_is_plain_json() -> None:
    body, headers = respond(
        {PROBABILITIES: True, DIGIT: True}, Accept_Encoding="gzip", probabilities=np.tile(THREE, (50, 1))
    )
    assert isinstance(body, str)
    assert headers == {"Content-Type": "application/json"}
    assert all("data" in output for output in document(body)["outputs"])


@pytest.mark.parametrize("accepted", ["gzip", "GZIP", "deflate, gzip;q=0.5", "gzip, deflate, br"])
@pytest.mark.parametrize("binary", [True, False])
def test_a_long_answer_is_zipped_for_a_client_that_takes_it(accepted: str, binary: bool) -> None:
    many = np.tile(THREE, (50, 1))
    plain, headers = respond({PROBABILITIES: binary}, probabilities=many, Accept="*/*")
    zipped, zipped_headers = respond(
        {PROBABILITIES: binary}, probabilities=many, Accept="*/*", accept_encoding=accepted
    )
    assert isinstance(zipped, bytes)
    assert gzip.decompress(zipped) == (plain.encode() if isinstance(plain, str) else plain)
    assert zipped_headers == headers | {"Content-Encoding": "gzip"}


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "x-gzipped"])
def test_an_answer_is_not_zipped_for_other_clients(accepted: str) -> None:
    _, headers = respond(
        {PROBABILITIES: True}, probabilities=np.tile(THREE, (50, 1)), Accept="*/*", accept_encoding=accepted
    )
    assert "Content-Encoding" not in headers


def test_a_short_answer_is_not_zipped() -> None:
    _, headers = respond({DIGIT: False}, Accept="*/*", Accept_Encoding="gzip")
    assert "Content-Encoding" not in headers
