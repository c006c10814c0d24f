"""The pages have no accessibility faults that axe can find."""

import pytest
from playwright.sync_api import expect

from tests.browser import console
from tests.browser.conftest import DESK, PHONE, Open
from tests.browser.test_docs import STATUS, try_out


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_console_has_no_faults_in_any_state(open_page: Open, keyed_site: str, scheme: str, viewport: object) -> None:
    options = {"color_scheme": scheme, "viewport": viewport, "reduced_motion": "reduce"}
    page, _ = open_page(f"{keyed_site}/console", expected="Failed to load", **options)
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


# Faults in Swagger UI's code, which no style sheet can fix: a link inside each operation's button, headings that skip a
# level, controls without labels, and a scrolling box that can't be focused.
SWAGGER = ("nested-interactive", "heading-order", "select-name")
SWAGGER_OPEN = (*SWAGGER, "button-name", "label", "scrollable-region-focusable")


def test_swagger_ui_has_only_its_known_faults(open_page: Open, keyed_site: str) -> None:
    page, _ = open_page(f"{keyed_site}/docs", expected="Failed to load")
    expect(page.locator(".opblock").first).to_be_visible()
    assert console.violations(page, *SWAGGER) == []
    try_out(page, "predictBatch")
    expect(page.locator(STATUS).first).to_contain_text("403")
    # Swagger UI sets the colours of highlighted JSON on the elements themselves.
    found = console.violations(page, *SWAGGER_OPEN)
    assert [each for each in found if 'style="color: rgb(211, 99, 99);"' not in each] == []
