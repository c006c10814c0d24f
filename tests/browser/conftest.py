"""Debian's Chromium, driven by Playwright, on the pages of the real server: at its root and under a stage's path."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.server import running

DESK = {"width": 1100, "height": 900}
PHONE = {"width": 390, "height": 844}
MISSING = "there is no chromium; `make test-browser` says how to get it"


@dataclass
class Seen:
    """What a page did beside what it shows."""

    host: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def request(self, request: Request) -> None:
        self.requests.append(request)
        if not request.url.startswith((self.host, "data:", "blob:")):
            self.strangers.append(request.url)


Open = Callable[..., tuple[Page, Seen]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, MISSING
    with sync_playwright() as playwright:
        # Chromium refuses to run as root within its own sandbox.
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=os.geteuid() != 0)
        yield browser
        browser.close()


@pytest.fixture(scope="session", params=["", "/v1"], ids=["root", "stage"])
def site(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server without a key."""
    with running(base=request.param, workers="1") as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="session")
def keyed_site() -> Iterator[str]:
    """The address of a server whose key is `right`, under a stage's path, as one that is deployed."""
    with running(base="/v1", workers="1", API_KEY="right") as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens an address; afterwards there must have been no complaint and no request to another host.

    `refusals` is what the browser itself may say of answers that the test provokes.
    """
    opened: list[tuple[Page, Seen, str]] = []

    def open_(address: str, *, refusals: str = "", viewport: Any = DESK, **options: Any) -> tuple[Page, Seen]:
        context = browser.new_context(viewport=viewport, **options)
        page = context.new_page()
        seen = Seen(address.rpartition("/")[0])
        page.on("console", seen.console)
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", seen.request)
        page.goto(address)
        opened.append((page, seen, refusals))
        return page, seen

    yield open_
    for page, seen, refusals in opened:
        page.context.close()
        assert seen.strangers == []
        assert [text for text in seen.complaints if not refusals or refusals not in text] == []
