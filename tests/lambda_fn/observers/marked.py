"""Requests with a mark wherever a client can put one; tests search for it in all that is written."""

import base64
import json
from typing import Any

from tests.bad_inputs import GOOD
from tests.bad_inputs.case import Case
from tests.bad_inputs.make_files import chunk, png, with_chunks
from tests.bad_inputs.open_inference import INFER

Event = dict[str, Any]
TYPE = "multipart/form-data; boundary="


def bodies(mark: str) -> list[tuple[str, str, bytes]]:
    """Path, content type and body of requests, good ones and bad ones."""
    text = mark.encode()
    image = with_chunks(chunk(b"tEXt", b"Comment\0" + text))
    part = b'Content-Disposition: form-data; name="%b"; filename="%b.png"\r\nX-Mark: %b\r\n\r\n' % (text, text, text)
    form = b"--%b\r\n%b%b\r\n--%b--\r\n" % (text, part, image, text)
    json_bodies: list[Any] = [
        *(mark, [mark], {mark: 1}, {"x": mark}, {"x": [mark]}, {"x": [[mark]]}, {"x": [[[1, mark], [1, 1]]]}),
        *({"x": [[{mark: mark}]]}, {"images": mark}, {"images": [mark]}, {"images": [[mark]]}, {"images": [{mark: 1}]}),
        {"images": [base64.b64encode(image).decode(), base64.b64encode(text).decode()]},
        {"images": [base64.b64encode(image).decode()]},
    ]
    protocol = [{"id": mark, "inputs": [{"name": mark, "datatype": mark, "shape": [mark], "data": [mark]}]}]
    protocol += [{"id": mark, "outputs": [{"name": mark}], "parameters": {mark: mark}}, {mark: mark}]
    return [
        ("/predict/batch", "application/json", GOOD),
        *[("/predict/batch", "application/json", json.dumps(body).encode()) for body in json_bodies],
        *[(INFER, "application/json", json.dumps(body).encode()) for body in protocol],
        *[("/predict/img", TYPE + mark, body) for body in (form, form[:-8], form.replace(b"filename", b"file"))],
        ("/predict/img", f"image/{mark}", image),
        ("/predict/img", "image/png", image[:-30]),
        *[("/predict/img", "", text + rest) for rest in (b"", png())],
        *[("/predict/batch", "", b'{"%b' % text + rest) for rest in (b"", b"\xff", b'": NaN}')],
        *[(path, "", text) for path in ("/", "/health", f"/{mark}", f"/predict/{mark}", f"/v2/models/{mark}")],
        (f"/v2/models/digits/versions/{mark}/infer", "", GOOD),
    ]


def queries(mark: str) -> list[dict[str, str]]:
    """Query strings."""
    link = f"https://user:{mark}@a.example/{mark}?signature={mark}"
    return [{mark: mark, "X-Amz-Signature": mark}, {"version": mark}, {"probabilities": mark}, {"image_link": link}]


def headers(mark: str) -> dict[str, str]:
    """Headers in which a client may send secrets, and one with a name of its own."""
    names = ("x-api-key", "authorization", "cookie", "user-agent", "x-request-id", "x-amzn-trace-id", "referer", mark)
    return dict.fromkeys(names, mark)


def envelope(event: Event, mark: str) -> Event:
    """The event, with marks in its context, and in its headers and query where it has none of its own."""
    broken = headers(mark) | {"X-Request-Id": f"\r\n\x1b[2J{mark}"}
    context = event["requestContext"] | {"identity": {"apiKey": mark, "sourceIp": mark, "userAgent": mark}}
    return {
        **event,
        "headers": broken | (event["headers"] or {}),
        "multiValueHeaders": {name: [value] for name, value in broken.items()},
        "queryStringParameters": event["queryStringParameters"] or queries(mark)[0],
        "stageVariables": {mark: mark},
        "pathParameters": {"proxy": mark},
        "requestContext": context | {"path": f"/v1/{mark}"},
    }


def events(mark: str) -> list[Event]:
    """All marked requests; the first is a good one."""
    found = []
    for path, kind, body in bodies(mark):
        case = Case("", "", 0, "", path=path, headers={"content-type": kind}, make=lambda body=body: body)  # type: ignore[misc]
        found.append(envelope(case.event(), mark))
    for query in queries(mark):
        found += [
            {**found[0], "queryStringParameters": query, "path": path} for path in ("/predict/batch", "/predict/img")
        ]
    found.append({**found[0], "path": INFER, "headers": {"Inference-Header-Content-Length": mark}})
    for method in ("PUT", "OPTIONS", mark):
        found += [{**found[0], "httpMethod": method}]
    return found
