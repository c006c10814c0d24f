"""Random requests get an answer or a 4xx with our error body, and do not change the next answer.

What Hypothesis finds is fixed, and kept as a case in tests/bad_inputs. `make fuzz` runs these tests for longer.
"""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_fn.handler import handler
from scripts.local.workers import Context
from tests.bad_inputs import GOOD, Case
from tests.bad_inputs.envelope import FORM
from tests.bad_inputs.make_files import blank, frames, jpeg, png, rotated, scans, with_chunks

Event = dict[str, Any]
TYPE = "multipart/form-data; boundary=b"
FILES = [png(), jpeg(), jpeg(progressive=True), rotated(), scans(3), blank(30, "RGBA"), blank(64, "I;16")]
FILES += [frames("PNG", 3), frames("MPO", 3), with_chunks(b"\0\0\0\2tEXtk\0\0\0\0\0")]

numbers = st.integers(-300, 300) | st.floats(-1, 300) | st.sampled_from([0, 1, 255, 1e38, -0.0, 5e-324, 2**63])
leaves = numbers | st.none() | st.booleans() | st.text(max_size=5) | st.floats()
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner))
keys = st.sampled_from(["x", "images", "X", "", "__proto__", "id"]) | st.text(max_size=3)


@st.composite
def images(draw: st.DrawFn) -> Any:
    """Nearly a batch: up to five dimensions, and sometimes one value is something else."""
    shape = draw(st.lists(st.integers(0, 5), min_size=1, max_size=5))
    value: Any = draw(numbers)
    for length in reversed(shape):
        value = [value] * length
    if draw(st.booleans()):
        value = json.loads(json.dumps(value))  # so that no list is in two places
        place = value
        while isinstance(place, list) and place and isinstance(place[-1], list) and draw(st.booleans()):
            place = place[draw(st.integers(0, len(place) - 1))]
        if isinstance(place, list) and place:
            place[draw(st.integers(0, len(place) - 1))] = draw(values)
    return value


@st.composite
def damaged(draw: st.DrawFn, *originals: bytes) -> bytes:
    """One of the originals, with up to four places overwritten, cut out or grown."""
    content = draw(st.sampled_from(originals))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(content)))
        removed = draw(st.sampled_from([0, 1, 1, 2, 4, 40, len(content)]))
        content = content[:at] + draw(st.binary(max_size=6)) + content[at + removed :]
    return content


def request(body: bytes, path: str = "/predict/batch", **headers: str) -> Event:
    return Case("", "", 0, "", path=path, headers=headers, make=lambda: body).event()


texts = st.text(st.characters(codec=None), max_size=20)
maps = st.none() | st.dictionaries(texts, texts | st.none(), max_size=3)
paths = st.sampled_from(["/", "/health", "/predict/batch", "/predict/img", "/predict/batch/", "/v2", "/docs"]) | texts
content_types = st.sampled_from([TYPE, "multipart/form-data", "image/png", ""]) | texts
queries = st.fixed_dictionaries(
    {}, optional={name: texts | st.just("true") for name in ("version", "probabilities", "image_link")}
)
events = st.fixed_dictionaries(
    {
        "httpMethod": st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "DELETE", "PATCH"]),
        "path": paths,
        "headers": maps | st.fixed_dictionaries({"Content-Type": content_types | st.none()}),
        "multiValueHeaders": st.none() | st.dictionaries(texts, st.lists(texts, max_size=2), max_size=2),
        "queryStringParameters": st.none() | maps | queries,
        "body": st.none() | texts | st.sampled_from([GOOD.decode(), base64.b64encode(GOOD).decode()]),
        "isBase64Encoded": st.booleans() | st.none(),
    }
)


@pytest.fixture(scope="session")
def good() -> Event:
    """The answer to a good request, which nothing may change."""
    return handler(request(GOOD), Context(29))  # type: ignore[arg-type]


def check(event: Event, good: Event) -> None:
    response = handler(event, Context(29))  # type: ignore[arg-type]
    body = json.loads(response["body"])
    status = response["statusCode"]
    assert status == 200 or 400 <= status < 500, (status, body)
    if status != 200:
        assert body.keys() >= {"error", "code", "request_id"} or event["path"].startswith("/v2")
        assert body["error"].isprintable()
    assert handler(request(GOOD), Context(29)) == good  # type: ignore[arg-type]


@given(members=events)
def test_any_event_is_answered(members: Event, good: Event) -> None:
    check(request(GOOD) | members, good)


@given(value=st.dictionaries(keys, images() | values, max_size=2) | values)
def test_any_json_is_answered(value: Any, good: Event) -> None:
    check(request(json.dumps(value).encode()), good)


@given(value=images())
def test_any_array_is_answered(value: Any, good: Event) -> None:
    check(request(json.dumps({"x": value}).encode()), good)


@given(body=damaged(GOOD, b'{"x":[[[0,1],[2,3]],[[0.5,1e1],[-0,3]]]}', b'{"images":["%s"]}' % base64.b64encode(png())))
def test_damaged_json_is_answered(body: bytes, good: Event) -> None:
    check(request(body), good)


@given(body=damaged(*FILES) | st.binary(max_size=50), path=st.sampled_from(["/predict/img", "/predict/batch"]))
def test_damaged_files_are_answered(body: bytes, path: str, good: Event) -> None:
    if path == "/predict/batch":
        body = json.dumps({"images": [base64.b64encode(body).decode()]}).encode()
    check(request(body, path), good)


@given(body=damaged(FORM, FORM.replace(b"\r\n", b"\n"), FORM[:-7] + FORM), kind=content_types)
def test_damaged_forms_are_answered(body: bytes, kind: str, good: Event) -> None:
    event = request(body, "/predict/img")
    check(event | {"headers": {"content-type": kind}}, good)
