"""Opens the pages of the real server in Chromium, at its root and under a stage's path."""

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
MISSING = "chromium is not installed; run `make test-browser`"


@dataclass
class Activity:
    """What a page requested and what it wrote to the browser's console."""

    host: str
    messages: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.messages.append(message.text)

    def on_request(self, request: Request) -> None:
        self.requests.append(request)
        if not request.url.startswith((self.host, "data:", "blob:")):
            self.foreign.append(request.url)


Open = Callable[..., tuple[Page, Activity]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, MISSING
    with sync_playwright() as playwright:
        # Chromium's sandbox does not work for root.
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=os.geteuid() != 0)
        yield browser
        browser.close()


@pytest.fixture(scope="session", params=["", "/v1"], ids=["root", "stage"])
def site(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server without an API key."""
    with running(base=request.param, workers="1") as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture(scope="session")
def keyed_site() -> Iterator[str]:
    """The address of a server with the API key `right`, under a stage's path as when deployed."""
    with running(base="/v1", workers="1", API_KEY="right") as client:
        yield str(client.base_url).rstrip("/")


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens an address. Fails after the test if the page logged errors or called another host.

    Errors that contain `expected` are allowed.
    """
    opened: list[tuple[Page, Activity, str]] = []

    def open_(address: str, *, expected: str = "", viewport: Any = DESK, **options: Any) -> tuple[Page, Activity]:
        context = browser.new_context(viewport=viewport, **options)
        page = context.new_page()
        activity = Activity(address.rpartition("/")[0])
        page.on("console", activity.on_console)
        page.on("pageerror", lambda error: activity.messages.append(str(error)))
        page.on("request", activity.on_request)
        page.goto(address)
        opened.append((page, activity, expected))
        return page, activity

    yield open_
    for page, activity, expected in opened:
        page.context.close()
        assert activity.foreign == []
        assert [text for text in activity.messages if not expected or expected not in text] == []
