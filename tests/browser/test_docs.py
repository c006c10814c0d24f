"""Swagger UI shows and tries the routes of the OpenAPI document."""

import json

from playwright.sync_api import Page, expect

from tests.browser import console
from tests.browser.conftest import PHONE, Open

STATUS = ".live-responses-table .response .response-col_status"


def try_out(page: Page, operation: str) -> None:
    block = page.locator(f"#operations-predict-{operation}")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Execute").click()


def test_every_route_is_shown(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/docs")
    expect(page.locator(".opblock")).to_have_count(22)
    expect(page.get_by_role("heading", name="Postal Digits")).to_be_visible()


def test_an_example_can_be_executed(open_page: Open, site: str) -> None:
    page, activity = open_page(f"{site}/docs")
    try_out(page, "predictBatch")
    expect(page.locator(STATUS).first).to_contain_text("200")
    (sent,) = [request for request in activity.requests if request.method == "POST"]
    assert sent.url == f"{site}/predict/batch"
    response = sent.response()
    assert response
    assert json.loads(response.body())["y"] == [7]


def test_an_entered_key_is_sent(open_page: Open, keyed_site: str) -> None:
    page, _ = open_page(f"{keyed_site}/docs")
    page.locator(".auth-wrapper .authorize").first.click()
    page.locator(".auth-container input").fill("right")
    page.locator(".auth-btn-wrapper .authorize").click()
    page.get_by_role("button", name="Close", exact=True).click()
    try_out(page, "predictBatch")
    expect(page.locator(STATUS).first).to_contain_text("200")


def test_a_narrow_screen_never_scrolls_sideways(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/docs", viewport=PHONE)
    expect(page.locator(".opblock").first).to_be_visible()
    assert console.overflow(page) == 0
