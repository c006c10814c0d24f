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
FOCUSED_NAME = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
DRAWS = [console.draw_with_mouse, console.draw_with_finger, console.draw_with_pen]


@pytest.mark.parametrize("draw", DRAWS)
def test_a_drawn_seven_is_read_as_seven(open_page: Open, site: str, draw: Draw) -> None:
    page, _ = open_page(f"{site}/console", has_touch=draw is console.draw_with_finger)
    draw(page)
    console.expect_digit(page, "7")
    expect(page.locator("#probabilities .best")).to_contain_text("7")
    expect(page.locator("#probabilities li")).to_have_count(10)
    expect(page.locator("#warnings")).to_contain_text("Dark ink on light paper")
    version = Settings().models["digits"]
    expect(page.locator("#details")).to_contain_text(f"digits, version {version}, in ")


def test_console_shows_what_the_network_saw(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    console.draw_with_mouse(page)
    console.expect_digit(page, "7")
    pixels = page.evaluate("[...document.getElementById('seen').getContext('2d').getImageData(0, 0, 28, 28).data]")
    seen = np.array(pixels).reshape(28, 28, 4)[..., 0]
    assert seen.max() == 255
    assert (seen[:3] == 0).all()  # MNIST digits have a margin
    assert 40 < (seen > 100).sum() < 250


def test_a_hundred_dropped_images_fill_the_grid(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console")
    console.drop(page, [console.png(f"{index}", digit) for index, digit in enumerate(mnist[0][:100])])
    expect(page.locator("#summary")).to_contain_text("100 read in")
    expect(page.locator("#grid li")).to_have_count(100)
    counts = [int(text) for text in page.locator("#counts .count").all_text_contents()]
    assert np.abs(np.array(counts) - np.bincount(mnist[1][:100], minlength=10)).sum() <= 2
    tile, image = page.locator("#grid button").first.bounding_box(), page.locator("#grid canvas").first.bounding_box()
    assert tile
    assert image
    assert image["width"] > 0.8 * tile["width"]
    doubtful = page.locator("#grid li").evaluate_all(
        "(items) => items.map((item) => item.classList.contains('doubtful'))"
    )
    assert doubtful == sorted(doubtful, reverse=True)


def test_a_batch_can_be_filtered_by_digit_and_opened(open_page: Open, site: str, mnist: Any) -> None:
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


def test_a_single_file_is_shown_without_a_batch(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console")
    name, kind, content = console.png("two", mnist[0][1])
    page.locator("#files").set_input_files([{"name": name, "mimeType": kind, "buffer": content}])
    console.expect_digit(page, "2")
    expect(page.locator("#batch")).to_be_hidden()


def test_an_image_can_be_pasted(open_page: Open, site: str, mnist: Any) -> None:
    page, _ = open_page(f"{site}/console")
    paste = "(data) => document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }))"
    page.evaluate(paste, console.transfer(page, [console.png("two", mnist[0][1])]))
    console.expect_digit(page, "2")


def test_samples_are_read(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    page.get_by_role("button", name="Send samples").click()
    expect(page.locator("#summary")).to_contain_text("60 read in")
    expect(page.locator("#grid .doubtful").first).to_be_visible()


def test_blank_paper_has_no_digit(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    console.drop(page, [console.png("blank", np.full((40, 40), 250, np.uint8))])
    expect(page.locator("#announcement")).to_have_text("The paper is blank.")
    expect(page.locator("#digit")).to_have_text("–")


def test_choosing_a_version_reads_the_drawing_again(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    console.draw_with_mouse(page)
    console.expect_digit(page, "7")
    page.get_by_label("Model").select_option("1")
    expect(page.locator("#details")).to_contain_text("digits, version 1, in ")


def test_the_pad_can_be_cleared(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")
    page.get_by_role("button", name="Draw a 3").click()
    console.expect_digit(page, "3")
    page.get_by_role("button", name="Clear").click()
    console.draw_with_mouse(page)
    console.expect_digit(page, "7")


def test_everything_works_by_keyboard(open_page: Open, site: str) -> None:
    page, _ = open_page(f"{site}/console")

    def tab_to(name: str) -> None:
        for _ in range(100):
            page.keyboard.press("Tab")
            if page.evaluate(FOCUSED_NAME) == name:
                return
        raise AssertionError(f"can't reach {name}")

    tab_to("API key")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "key"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "key-button"
    tab_to("Draw a 4")
    page.keyboard.press("Enter")
    console.expect_digit(page, "4")
    tab_to("Choose images")
    tab_to("Send samples")
    page.keyboard.press("Space")
    expect(page.locator("#summary")).to_contain_text("60 read in")
    tab_to("Digit 8, 5 images")
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
