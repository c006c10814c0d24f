"""The console, used as people use it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from lambda_fn.settings import Settings
from tests.browser import console
from tests.browser.conftest import PHONE, Open

Draw = Callable[[Page], None]
NAME = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
WAYS = [console.draw_with_mouse, console.draw_with_finger, console.draw_with_pen]


@pytest.mark.parametrize("draw", WAYS)
def test_draw_a_seven_and_see_a_seven(open_page: Open, site: str, draw: Draw) -> None:
    page, _ = open_page(f"{site}/console", has_touch=draw is console.draw_with_finger)
    draw(page)
    console.expect_digit(page, "7")
    expect(page.locator("#bars .best")).to_contain_text("7")
    expect(page.locator("#bars li")).to_have_count(10)
    expect(page.locator("#warnings")).to_contain_text("Dark ink on light paper")
    expect(page.locator("#facts")).to_contain_text(f"digits, version {Settings().model_version}, in ")


def test_it_shows_what_the_network_saw(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    console.draw_with_mouse(page)
    console.expect_digit(page, "7")
    pixels = page.evaluate("[...document.getElementById('seen').getContext('2d').getImageData(0, 0, 28, 28).data]")
    seen = np.array(pixels).reshape(28, 28, 4)[..., 0]
    assert seen.max() == 255
    assert (seen[:3] == 0).all()  # MNIST's margin
    assert 40 < (seen > 100).sum() < 250


def test_drop_a_hundred_pictures_and_see_the_grid(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console")
    console.drop(page, [console.png(f"{index}", digit) for index, digit in enumerate(mnist[0][:100])])
    expect(page.locator("#summary")).to_contain_text("100 read in")
    expect(page.locator("#grid li")).to_have_count(100)
    counts = [int(text) for text in page.locator("#counts .count").all_text_contents()]
    assert np.abs(np.array(counts) - np.bincount(mnist[1][:100], minlength=10)).sum() <= 2
    tile, picture = page.locator("#grid button").first.bounding_box(), page.locator("#grid canvas").first.bounding_box()
    assert tile
    assert picture
    assert picture["width"] > 0.8 * tile["width"]
    doubtful = page.locator("#grid li").evaluate_all("(all) => all.map((each) => each.classList.contains('doubtful'))")
    assert doubtful == sorted(doubtful, reverse=True)


def test_a_digit_of_the_batch_can_be_shown_alone_and_looked_at(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console")
    console.drop(page, [console.png(f"{index}", digit) for index, digit in enumerate(mnist[0][:20])])
    sevens = page.locator("#counts button").nth(7)
    sevens.click()
    expect(sevens).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#grid li")).to_have_count(int((mnist[1][:20] == 7).sum()))
    page.locator("#grid button").first.click()
    console.expect_digit(page, "7")
    sevens.click()
    expect(page.locator("#grid li")).to_have_count(20)


def test_one_chosen_file_is_read_alone(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console")
    name, kind, content = console.png("two", mnist[0][1])
    page.locator("#files").set_input_files([{"name": name, "mimeType": kind, "buffer": content}])
    console.expect_digit(page, "2")
    expect(page.locator("#batch")).to_be_hidden()


def test_a_picture_can_be_pasted(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console")
    paste = "(data) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }))"
    page.evaluate(paste, console.transfer(page, [console.png("two", mnist[0][1])]))
    console.expect_digit(page, "2")


def test_samples_are_read(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    page.get_by_role("button", name="Send samples").click()
    expect(page.locator("#summary")).to_contain_text("60 read in")
    expect(page.locator("#grid .doubtful").first).to_be_visible()


def test_a_blank_paper_is_no_digit(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    console.drop(page, [console.png("blank", np.full((40, 40), 250, np.uint8))])
    expect(page.locator("#announce")).to_have_text("Nothing is on the paper.")
    expect(page.locator("#digit")).to_have_text("–")


def test_another_version_reads_the_drawing_anew(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    console.draw_with_mouse(page)
    console.expect_digit(page, "7")
    page.get_by_label("Model").select_option("1")
    expect(page.locator("#facts")).to_contain_text("digits, version 1, in ")


def test_the_paper_can_be_cleared_and_drawn_on_again(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    page.get_by_role("button", name="Draw a 3").click()
    console.expect_digit(page, "3")
    page.get_by_role("button", name="Clear").click()
    console.draw_with_mouse(page)
    console.expect_digit(page, "7")


def test_it_is_used_by_keyboard_alone(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")

    def to(name: str) -> None:
        for _ in range(100):
            page.keyboard.press("Tab")
            if page.evaluate(NAME) == name:
                return
        raise AssertionError(f"no way to {name}")

    to("API key")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "key"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "key-button"
    to("Draw a 4")
    page.keyboard.press("Enter")
    console.expect_digit(page, "4")
    to("Choose pictures")
    to("Send samples")
    page.keyboard.press("Space")
    expect(page.locator("#summary")).to_contain_text("60 read in")
    to("Digit 8, 5 pictures")
    page.keyboard.press("Enter")
    expect(page.locator("#grid li")).to_have_count(5)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    console.expect_digit(page, "8")


def test_a_narrow_screen_never_scrolls_sideways(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console", viewport=PHONE, has_touch=True)
    assert console.overflow(page) == 0
    page.get_by_role("button", name="API key").click()
    console.draw_with_finger(page)
    console.expect_digit(page, "7")
    assert console.overflow(page) == 0
    page.get_by_role("button", name="Send samples").click()
    expect(page.locator("#grid li")).to_have_count(60)
    assert console.overflow(page) == 0
