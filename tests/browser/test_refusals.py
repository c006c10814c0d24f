"""The console explains errors in words and says what to do."""

import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import console
from tests.browser.conftest import Open
from tests.server import running

RESOURCE = "Failed to load resource"  # Chromium logs this for every 4xx and 5xx


def alert(page: Page, words: str) -> None:
    expect(page.get_by_role("alert")).to_contain_text(words)


def test_missing_and_wrong_keys_are_explained(open_page: Open, keyed_site: str) -> None:
    page, _ = open_page(f"{keyed_site}/console", expected=RESOURCE)
    console.draw_with_mouse(page)
    alert(page, "This service needs an API key.")
    page.get_by_role("button", name="Enter the key").click()
    expect(page.locator("#key")).to_be_focused()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    alert(page, "The service refused this API key.")
    page.get_by_role("button", name="Enter the key").click()
    page.locator("#key").fill("right")
    page.get_by_role("button", name="Use key").click()
    console.expect_digit(page, "7")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_the_key_stays_in_its_tab(open_page: Open, keyed_site: str) -> None:
    page, _ = open_page(f"{keyed_site}/console")
    page.get_by_role("button", name="API key").click()
    page.locator("#key").fill("right")
    page.keyboard.press("Enter")
    page.reload()
    page.get_by_role("button", name="Draw a 7").click()
    console.expect_digit(page, "7")
    assert page.evaluate("localStorage.length + document.cookie.length") == 0
    other = page.context.new_page()
    other.goto(f"{keyed_site}/console")
    assert other.evaluate("sessionStorage.length") == 0


def test_a_stopped_service_is_reported(open_page: Open) -> None:
    with running(workers="1") as client:
        page, _ = open_page(str(client.base_url).rstrip("/") + "/console", expected=RESOURCE)
        expect(page.locator("#health")).to_have_text("The service answers")
    console.draw_with_mouse(page)
    alert(page, "The service can't be reached.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (413, "request_too_large", "The request is too large"),
        (429, "too_many_requests", "The service is busy. Try again in 7 s"),
        (429, "quota_exceeded", "used up its requests for today"),
        (403, "filtered", "The firewall refused"),
        (500, "internal", "The service failed (500)"),
        (504, "timeout", "The service failed (504)"),
    ],
)
def test_errors_of_the_gateway_are_explained(open_page: Open, site: str, status: int, code: str, words: str) -> None:
    page, _ = open_page(f"{site}/console", expected=RESOURCE)

    def refuse(route: Route) -> None:
        body = json.dumps({"error": "the gateway's message", "code": code, "request_id": "r-1"})
        route.fulfill(status=status, body=body, headers={"Retry-After": "7", "Content-Type": "application/json"})

    page.route("**/predict/img*", refuse, times=1)
    page.get_by_role("button", name="Draw a 7").click()
    alert(page, words)
    alert(page, "request r-1")
    page.unroute("**/predict/img*")
    page.get_by_role("alert").get_by_role("button").click()
    if code == "filtered" or status != 403:
        console.expect_digit(page, "7")


def test_a_413_in_the_gateways_plain_text_is_explained(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console", expected=RESOURCE)
    plain = {"Content-Type": "text; charset=utf-8"}
    page.route(
        "**/predict/img*",
        lambda route: route.fulfill(status=413, body="HTTP content length exceeded 10485760 bytes.", headers=plain),
    )
    page.get_by_role("button", name="Draw a 7").click()
    alert(page, "The request is too large: send less at once.")


def test_bad_files_are_named_and_the_others_are_read(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console", expected=RESOURCE)
    good = [console.png(f"good-{index}", digit) for index, digit in enumerate(mnist[0][:5])]
    cut = ("cut.png", "image/png", good[0][2][:60])
    text = ("notes.txt", "text/plain", b"not an image")
    console.drop(page, [good[0], cut, *good[1:3], text, *good[3:]])
    expect(page.locator("#summary")).to_contain_text("5 read in")
    refused = page.locator("#refused")
    expect(refused.locator("summary")).to_have_text("2 could not be read")
    refused.locator("summary").click()
    expect(refused.locator("li").filter(has_text="cut.png")).to_have_text("cut.png: it is damaged")
    expect(refused.locator("li").filter(has_text="notes.txt")).to_contain_text("not an image")


def test_many_files_are_split_into_requests(open_page: Open, site: str, mnist: Any) -> None:
    page, activity = open_page(f"{site}/console")
    console.drop(page, [console.png(f"{index}", mnist[0][index]) for index in range(300)])
    expect(page.locator("#summary")).to_contain_text("300 read in")
    assert len([request for request in activity.requests if request.method == "POST"]) == 2
    noise = np.random.default_rng(0).integers(0, 256, (20, 600, 500), np.uint8)
    console.drop(page, [console.png(f"noise-{index}", image) for index, image in enumerate(noise)])
    expect(page.locator("#summary")).to_contain_text("20 read in", timeout=30_000)
    bodies = [request.post_data_buffer or b"" for request in activity.requests if request.method == "POST"]
    assert len(bodies) == 4
    assert max(map(len, bodies)) < 4.5e6


def test_a_photograph_is_scaled_down_before_sending(open_page: Open, site: str) -> None:
    page, activity = open_page(f"{site}/console")
    noise = np.random.default_rng(0).integers(0, 256, (3000, 2400), np.uint8)
    console.drop(page, [console.png("photograph", noise)])
    expect(page.locator("#answer")).to_be_visible(timeout=30_000)
    (sent,) = [request.post_data_buffer or b"" for request in activity.requests if request.method == "POST"]
    assert len(sent) < 1.5e6
