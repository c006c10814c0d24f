"""Takes the README's screenshots. `make screenshots` keeps them."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import console
from tests.browser.conftest import DESK, PHONE, Open

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def keep(request: pytest.FixtureRequest) -> bool:
    option: bool = request.config.getoption("--screenshots")
    return option


def take(page: Page, name: str, keep: bool, *, height: int) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    screenshot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    if keep:
        (DOCS / name).write_bytes(screenshot)
    with Image.open(BytesIO(screenshot)) as taken, Image.open(DOCS / name) as kept:
        assert taken.size == kept.size


def test_console(open_page: Open, keyed_site: str, keep: bool) -> None:
    page, _ = open_page(f"{keyed_site}/console", viewport=DESK)
    enter_key(page)
    page.get_by_role("button", name="Send samples").click()
    expect(page.locator("#grid li")).to_have_count(60)
    expect(page.locator("#grid [aria-busy]")).to_have_count(0)
    console.draw_with_mouse(page)
    expect(page.locator("#details")).to_contain_text("round trip")
    page.mouse.move(0, 0)
    take(page, "console.png", keep, height=1400)


def test_console_on_a_phone(open_page: Open, keyed_site: str, keep: bool) -> None:
    page, _ = open_page(f"{keyed_site}/console", viewport=PHONE, has_touch=True)
    enter_key(page)
    console.draw_with_finger(page)
    console.expect_digit(page, "7")
    take(page, "console-phone.png", keep, height=1400)


def test_swagger_ui(open_page: Open, keyed_site: str, keep: bool) -> None:
    page, _ = open_page(f"{keyed_site}/docs", viewport=DESK)
    expect(page.locator(".opblock").first).to_be_visible()
    take(page, "docs.png", keep, height=1000)


def enter_key(page: Page) -> None:
    page.get_by_role("button", name="API key").click()
    page.locator("#key").fill("right")
    page.keyboard.press("Enter")
    page.evaluate("document.activeElement.blur()")
