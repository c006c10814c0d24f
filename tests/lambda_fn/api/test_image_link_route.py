"""POST /predict/img?image_link=https://..., on a stage that allows links and on one that does not."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lambda_fn.api.routes import Routes
from lambda_fn.bodies import image_link
from lambda_fn.bodies.image_link import fetch
from lambda_fn.handler import repository
from lambda_fn.tasks import TASKS
from scripts.local.workers import Context
from tests.bad_inputs.make_files import png
from tests.lambda_fn.bodies.test_image_link import HOST, LINK, PUBLIC, FakeNetwork, response, sends
from tests.lambda_fn.bodies.tls_server import Answer, Authority, serving

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(event: Callable[..., Any]) -> Ask:
    """Sends a link, and maybe a body."""

    def answer(link: str, body: object = None, *, allowed: bool = True, seconds: float = 29) -> tuple[int, Any]:
        routes = Routes(repository, TASKS, max_inputs=8192, image_links=allowed)
        sent = event(body, path="/predict/img", queryStringParameters={"image_link": link})
        found, _ = routes.respond(sent, Context(seconds))
        return found["statusCode"], json.loads(found["body"])

    return answer


def served(answer: Answer, ask: Ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, Any]]:
    """The answer to LINK. A server on the loopback takes the place of the public one; the check stays."""
    authority = Authority(folder)
    with serving(authority.server(HOST), answer) as port:
        network = FakeNetwork(port, authority.trust(), [PUBLIC]).network
        monkeypatch.setattr(image_link, "fetch", partial(fetch, network=network))
        return ask(LINK)


def test_the_image_behind_a_link_is_read(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, answer = served(sends(response(png())), ask, tmp_path, monkeypatch)
    assert (status, answer["y"]) == (200, [7])


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (response(b"<!doctype html>", "Content-Type: image/png"), 415, "unsupported_format"),
        (response(png()[:90]), 400, "unreadable_image"),
        (response(), 415, "unsupported_format"),
        (response(status="503 Service Unavailable"), 424, "link_failed"),
    ],
)
def test_a_link_to_anything_else_is_a_4xx(
    content: bytes, status: int, code: str, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, body = served(sends(content), ask, tmp_path, monkeypatch)
    assert (found, body["code"]) == (status, code)
    assert body.keys() == {"error", "code", "request_id"}


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "https://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "https://169.254.170.2/v2/credentials",
        "file:///proc/self/environ",
        "",
    ],
)
def test_a_link_to_an_address_is_refused(link: str, ask: Ask) -> None:
    status, body = ask(link)
    assert (status, body["code"]) == (400, "invalid_link")
    assert not link or link not in body["error"]


def test_links_are_refused_where_the_stage_does_not_allow_them(ask: Ask) -> None:
    status, body = ask(LINK, allowed=False)
    assert (status, body["code"]) == (403, "image_links_off")


def test_a_body_beside_a_link_is_refused(ask: Ask) -> None:
    status, body = ask(LINK, png())
    assert (status, body["code"]) == (400, "link_and_body")


def test_a_link_is_not_fetched_when_the_time_is_over(ask: Ask) -> None:
    assert ask(LINK, seconds=0)[0] == 503


@pytest.mark.parametrize(("seconds", "most"), [(29, 28.0), (2.5, 1.5)])
def test_a_link_may_take_what_is_left_of_the_invocation(
    seconds: float, most: float, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the second that is reserved for the answer; image_link itself takes at most three."""
    given = []
    monkeypatch.setattr(image_link, "fetch", lambda _, allowed: given.append(allowed) or png())
    assert ask(LINK, seconds=seconds)[0] == 200
    assert most - 0.5 < given[0] <= most
