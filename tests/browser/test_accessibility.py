"""What axe finds on the pages, in each of their states: nothing."""

import pytest
from playwright.sync_api import expect

from tests.browser import console
from tests.browser.conftest import DESK, PHONE, Open


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_console_in_each_state(open_page: Open, keyed_site: str, scheme: str, viewport: object) -> None:
    page, _ = open_page(
        f"{keyed_site}/console", refusals="Failed to load", color_scheme=scheme, viewport=viewport, reduced_motion="reduce"
    )
    expect(page.locator("#health")).to_have_text("The service answers")
    assert console.violations(page) == []
    page.get_by_role("button", name="Draw a 7").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert console.violations(page) == []
    page.get_by_role("button", name="Enter the key").click()
    assert console.violations(page) == []
    page.locator("#key").fill("right")
    page.keyboard.press("Enter")
    console.expect_digit(page, "7")
    assert console.violations(page) == []
    page.get_by_role("button", name="Send samples").click()
    expect(page.locator("#grid li")).to_have_count(60)
    page.locator("#counts button").first.click()
    page.locator("#grid button").first.click()
    assert console.violations(page) == []


def test_swagger_ui(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    assert console.violations(page) == []
