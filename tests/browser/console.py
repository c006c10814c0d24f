"""Acts on the console as a person would, and checks pages with axe."""

import base64
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SEVEN = [(0.25, 0.22), (0.75, 0.22), (0.45, 0.85)]

File = tuple[str, str, bytes]
"""Name, media type, content."""

_TRANSFER = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, type, content] of files) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  return transfer;
}"""


def png(name: str, digit: Any) -> File:
    buffer = BytesIO()
    Image.fromarray(digit).save(buffer, "PNG")
    return f"{name}.png", "image/png", buffer.getvalue()


def transfer(page: Page, files: Sequence[File]) -> Any:
    return page.evaluate_handle(_TRANSFER, [[n, t, base64.b64encode(c).decode()] for n, t, c in files])


def drop(page: Page, files: Sequence[File]) -> None:
    data = transfer(page, files)
    page.dispatch_event("#drop", "dragover", {"dataTransfer": data})
    page.dispatch_event("#drop", "drop", {"dataTransfer": data})


def points(page: Page) -> list[tuple[float, float]]:
    """The corners of a seven on the pad, in pixels of the window."""
    box = page.locator("#pad").bounding_box()
    assert box
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN]


def draw_with_mouse(page: Page) -> None:
    first, *others = points(page)
    page.mouse.move(*first)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def draw_with_finger(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    for kind, point in _strokes(page, ("touchStart", "touchMove", "touchEnd")):
        touches = [] if kind == "touchEnd" else [{"x": point[0], "y": point[1]}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def draw_with_pen(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    for kind, point in _strokes(page, ("mousePressed", "mouseMoved", "mouseReleased")):
        pen = {"pointerType": "pen", "button": "left", "buttons": 1, "clickCount": 1}
        session.send("Input.dispatchMouseEvent", {"type": kind, "x": point[0], "y": point[1], **pen})


def _strokes(page: Page, kinds: tuple[str, str, str]) -> list[tuple[str, tuple[float, float]]]:
    corners = points(page)
    path = [
        (x + (u - x) * step / 8, y + (v - y) * step / 8) for (x, y), (u, v) in pairwise(corners) for step in range(9)
    ]
    first, move, last = kinds
    return [(first, path[0]), *((move, point) for point in path[1:]), (last, path[-1])]


_FINISH_ANIMATIONS = """() => Promise.allSettled(
  document.getAnimations()
    .filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime))
    .map((each) => each.finished),
)"""


def expect_digit(page: Page, digit: str) -> None:
    expect(page.locator("#digit")).to_have_text(digit)
    expect(page.locator("#announcement")).to_contain_text(f"Read as {digit}")


def violations(page: Page, *excluded: str) -> list[str]:
    """The rules of axe that the page breaks and where, without the `excluded` rules."""
    page.evaluate(_FINISH_ANIMATIONS)  # contrast is too low halfway through a change of colours
    page.evaluate(AXE.read_text())
    rules = {rule: {"enabled": False} for rule in excluded}
    found = page.evaluate("(rules) => axe.run(document, { rules })", rules)
    return [f"{each['id']}: {node['html'][:150]}" for each in found["violations"] for node in each["nodes"]]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, width)
