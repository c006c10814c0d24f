"""Scores and a request's wishes in, the response's body and headers out."""

import gzip
import json
from typing import Any

import numpy as np
import pytest

from lambda_fn.digits import interpret
from lambda_fn.inference.contract import Contract
from lambda_fn.settings import Settings
from lambda_fn.v2 import response
from lambda_fn.v2.request import DIGIT, WARNINGS, Request

CONTRACT = Contract.read(Settings().model_directory / "contract.json")
SCORES = np.full((3, 10), 0.01, np.float32)
SCORES[[0, 1, 2], [7, 2, 1]] = 0.91
PICTURES = np.zeros((3, 28, 28, 1), np.uint8)
LENGTH = "Inference-Header-Content-Length"
PROBABILITIES = "probabilities"


def respond(
    outputs: dict[str, bool], said: str | None = None, scores: Any = SCORES, **headers: str
) -> tuple[str | bytes, dict[str, str]]:
    answer = interpret.answer(scores, [["inverted", "resized"], [], ["unclear"]] * (len(scores) // 3), 0.5)
    event = {"headers": {name.replace("_", "-"): value for name, value in headers.items()}}
    return response.respond(event, Request(said, PICTURES, outputs), CONTRACT, scores, answer)


def document(body: str | bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found


def test_json_has_the_protocols_members() -> None:
    body, headers = respond({PROBABILITIES: False, DIGIT: False}, said="42")
    assert headers == {"Content-Type": "application/json"}
    answer = document(body)
    assert answer.keys() == {"id", "model_name", "model_version", "outputs"}
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("42", "digits", CONTRACT.version)
    first, second = answer["outputs"]
    assert (first["name"], first["datatype"], first["shape"]) == (PROBABILITIES, "FP32", [3, 10])
    assert first["data"] == interpret.rounded(SCORES.reshape(-1))
    assert second == {"name": DIGIT, "datatype": "INT64", "shape": [3], "data": [7, 2, 1]}


def test_without_an_id_none_is_returned() -> None:
    assert "id" not in document(respond({DIGIT: False})[0])
    assert document(respond({DIGIT: False}, said="")[0])["id"] == ""


def test_outputs_come_in_the_order_that_they_were_asked_for() -> None:
    answer = document(respond({WARNINGS: False, DIGIT: False})[0])
    assert [output["name"] for output in answer["outputs"]] == [WARNINGS, DIGIT]


def test_warnings_are_texts() -> None:
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
    assert np.array_equal(np.frombuffer(raw[-120:], "<f4").reshape(3, 10), SCORES)


def test_an_output_as_json_may_stand_beside_a_raw_one() -> None:
    body, headers = respond({PROBABILITIES: True, DIGIT: False}, accept="*/*")
    outputs = document(body[: int(headers[LENGTH])])["outputs"]
    assert outputs[1]["data"] == [7, 2, 1]
    assert len(body) == int(headers[LENGTH]) + 120


def test_without_an_accept_header_all_is_plain_json() -> None:
    body, headers = respond({PROBABILITIES: True, DIGIT: True}, Accept_Encoding="gzip", scores=np.tile(SCORES, (50, 1)))
    assert isinstance(body, str)
    assert headers == {"Content-Type": "application/json"}
    assert all("data" in output for output in document(body)["outputs"])


@pytest.mark.parametrize("accepted", ["gzip", "GZIP", "deflate, gzip;q=0.5", "gzip, deflate, br"])
@pytest.mark.parametrize("binary", [True, False])
def test_a_long_answer_is_zipped_where_that_is_taken(accepted: str, binary: bool) -> None:
    scores = np.tile(SCORES, (50, 1))
    plain, headers = respond({PROBABILITIES: binary}, scores=scores, Accept="*/*")
    zipped, zipped_headers = respond({PROBABILITIES: binary}, scores=scores, Accept="*/*", accept_encoding=accepted)
    assert isinstance(zipped, bytes)
    assert gzip.decompress(zipped) == (plain.encode() if isinstance(plain, str) else plain)
    assert zipped_headers == headers | {"Content-Encoding": "gzip"}


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "x-gzipped"])
def test_an_answer_is_not_zipped_where_that_is_not_taken(accepted: str) -> None:
    _, headers = respond({PROBABILITIES: True}, scores=np.tile(SCORES, (50, 1)), Accept="*/*", accept_encoding=accepted)
    assert "Content-Encoding" not in headers


def test_a_short_answer_is_not_zipped() -> None:
    _, headers = respond({DIGIT: False}, Accept="*/*", Accept_Encoding="gzip")
    assert "Content-Encoding" not in headers
