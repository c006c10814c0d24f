"""The event of an HTTP request has the form of API Gateway's own."""

import base64
import json
from typing import Any

import pytest

from lambda_fn.api.proxy_event import proxy_event
from tests.conftest import EVENTS

SCOPE: dict[str, Any] = {"method": "POST", "headers": [], "query_string": b"", "http_version": "1.1"}


@pytest.mark.parametrize("name", ["root", "health", "predict_batch"])
def test_it_has_the_members_of_a_recorded_event(name: str) -> None:
    recorded = json.loads((EVENTS / f"{name}.json").read_bytes())
    body = b"" if recorded["body"] is None else base64.b64decode(recorded["body"])
    event = proxy_event(SCOPE | {"method": recorded["httpMethod"]}, recorded["path"], body, "r-1", "/v1")
    assert event.keys() == recorded.keys()
    assert event["requestContext"].keys() <= recorded["requestContext"].keys()
    for member in ("resource", "path", "httpMethod", "pathParameters", "body", "isBase64Encoded"):
        assert event[member] == recorded[member]


def test_the_last_of_repeated_headers_and_parameters_counts_and_all_are_kept() -> None:
    headers = [(b"accept", b"a"), (b"accept", b"b")]
    event = proxy_event(SCOPE | {"headers": headers, "query_string": b"x=1&x=2&y="}, "/", b"", "r-1")
    assert (event["headers"], event["multiValueHeaders"]) == ({"accept": "b"}, {"accept": ["a", "b"]})
    assert event["queryStringParameters"] == {"x": "2", "y": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": [""]}
