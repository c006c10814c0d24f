"""Each page is one response that runs only what its security policy names."""

import base64
import gzip
import hashlib
import re

import pytest

from lambda_fn.web import pages

BROWSER = {"accept": "text/html", "accept-encoding": "gzip, deflate, br"}
NAMES = ("console", "docs")


@pytest.mark.parametrize("name", NAMES)
def test_security_policy_names_each_style_and_script_by_hash(name: str) -> None:
    page = pages.page(name)
    for kind in ("script", "style"):
        allowed = re.search(rf"{kind}-src ([^;]*);", page.security_policy)
        assert allowed
        found = re.findall(rf"<{kind}>(.*?)</{kind}>", page.text, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found]
        assert found
        assert allowed[1].split() == [f"'sha256-{digest}'" for digest in digests]
    assert "unsafe" not in page.security_policy
    assert "default-src 'none'" in page.security_policy
    assert "frame-ancestors 'none'" in page.security_policy


@pytest.mark.parametrize("name", NAMES)
def test_page_loads_no_other_file(name: str) -> None:
    page = pages.page(name)
    body = re.sub(r"<(script|style)>.*?</\1>", "", page.text, flags=re.DOTALL)
    assert re.findall(r"(?:src|<link[^>]*href)=\"(?!data:)[^\"]*", body) == []


def test_our_files_name_no_other_host() -> None:
    for path in pages.FOLDER.glob("*.[hcj]*s*"):
        addresses = set(re.findall(r"https?://[\w./]+", path.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path


def test_each_file_is_used_by_a_page() -> None:
    named = "".join((pages.FOLDER / f"{name}.html").read_text() for name in NAMES)
    for path in [*pages.FOLDER.glob("*.js"), *pages.FOLDER.glob("*.css")]:
        assert f'"{path.name}"' in named


@pytest.mark.parametrize("name", NAMES)
def test_browsers_get_gzip(name: str) -> None:
    response = pages.page(name).response(BROWSER)
    assert isinstance(response.body, bytes)
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.body).decode() == pages.page(name).text


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}, {"accept-encoding": "gzip"}, {"accept-encoding": None}])
def test_other_clients_get_plain_text(headers: dict[str, str]) -> None:
    """Without Accept, API Gateway would not decode base64."""
    response = pages.page("console").response(headers)
    assert response.body == pages.page("console").text
    assert "Content-Encoding" not in response.headers


def test_an_unchanged_page_is_304() -> None:
    page = pages.page("console")
    first = page.response(BROWSER)
    second = page.response(BROWSER | {"if-none-match": str(first.headers["ETag"])})
    assert (second.status_code, second.body) == (304, None)
    assert page.response(BROWSER | {"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_page_fits_a_lambda_response(name: str) -> None:
    assert len(pages.page(name).text.encode()) < 2.5e6
    assert len(pages.page(name).zipped) < 0.5e6


def test_security_headers_are_set() -> None:
    headers = pages.page("docs").response(BROWSER).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Content-Security-Policy"] == pages.page("docs").security_policy
