"""Links in the real container, whose Runtime API listens on 127.0.0.1:9001, reach the internet only."""

import json
from collections.abc import Callable
from typing import Any

from tests.container.conftest import Container

NAMES = ("--add-host=runtime.example:127.0.0.1", "--add-host=credentials.example:169.254.170.2")
NEXT = "/2018-06-01/runtime/invocation/next"
LINKS = [
    (f"http://127.0.0.1:9001{NEXT}", 400, "invalid_link"),
    (f"https://127.0.0.1:9001{NEXT}", 400, "invalid_link"),
    (f"https://localhost{NEXT}", 400, "invalid_link"),
    (f"https://runtime.example:9001{NEXT}", 400, "invalid_link"),
    ("https://169.254.170.2/v2/credentials", 400, "invalid_link"),
    ("file:///proc/self/environ", 400, "invalid_link"),
    (f"https://runtime.example{NEXT}", 424, "link_failed"),
    ("https://credentials.example/v2/credentials", 424, "link_failed"),
    ("https://unknown.invalid/", 424, "link_failed"),
]


def test_the_runtime_and_the_credentials_can_not_be_reached(
    start: Callable[..., Container], event: Callable[..., dict[str, Any]]
) -> None:
    container = start("--env=IMAGE_LINKS=true", *NAMES)
    good = event({"x": [[0] * 28] * 28})
    asked = [event(path="/predict/img", queryStringParameters={"image_link": link}) for link, _, _ in LINKS]
    first, *answers, last = container.invoke_each([good, *asked, good])
    found = [(answer["statusCode"], json.loads(answer["body"])["code"]) for answer in answers]
    assert found == [(status, code) for _, status, code in LINKS]
    assert first == last
