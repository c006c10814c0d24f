"""The console and Swagger UI, each as one HTML page with its styles and scripts inside.

One page is one request, because paths without a key are throttled tightly. Its content security policy names each
style and script by its hash, so nothing else runs and nothing comes from another host.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import aws_lambda_powertools
from aws_lambda_powertools.event_handler.api_gateway import Response

FOLDER = Path(__file__).resolve().parent
# Swagger UI's files come with Powertools.
SWAGGER = Path(aws_lambda_powertools.__file__).resolve().parent / "event_handler" / "openapi" / "swagger_ui"

_INLINED = re.compile(r'<script src="(?P<script>[\w.-]+)"></script>|<link rel="stylesheet" href="(?P<style>[\w.-]+)">')
_HEADERS = {
    "Cache-Control": "no-cache",  # clients keep the page, but ask each time whether it changed
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A text to serve, with its gzipped form and a weak ETag that both forms share."""

    content_type: str
    text: str
    security_policy: str = "default-src 'none'; frame-ancestors 'none'"
    zipped: bytes = field(init=False)
    etag: str = field(init=False)

    def __post_init__(self) -> None:
        content = self.text.encode()
        object.__setattr__(self, "zipped", gzip.compress(content, 6, mtime=0))
        object.__setattr__(self, "etag", f'W/"{hashlib.sha256(content).hexdigest()[:32]}"')

    def response(self, headers: Mapping[str, str]) -> Response[str | bytes]:
        """Answers a GET: plain, gzipped, or 304. The lookup of `headers` must ignore case."""
        sent = _HEADERS | {"Content-Security-Policy": self.security_policy, "ETag": self.etag}
        if self.etag in (headers.get("if-none-match") or ""):
            return Response(304, headers=sent)
        # In lower case: Powertools would otherwise encode gzipped JSON as JSON again.
        sent["content-type"] = self.content_type
        # API Gateway decodes base64 only if the request has an Accept header.
        if "gzip" in (headers.get("accept-encoding") or "") and headers.get("accept"):
            return Response(200, body=self.zipped, headers=sent | {"Content-Encoding": "gzip"})
        return Response(200, body=self.text, headers=sent)


@cache
def page(name: str) -> Document:
    """Builds <name>.html of this folder with the files that it names."""
    hashes: dict[str, list[str]] = {"script": [], "style": []}

    def inline(match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        text = _read(match[kind])
        hashes[kind].append(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
        return f"<{kind}>{text}</{kind}>"

    text = _INLINED.sub(inline, _read(f"{name}.html"))
    security_policy = (
        f"default-src 'none'; script-src {' '.join(hashes['script'])}; style-src {' '.join(hashes['style'])}; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Document("text/html; charset=utf-8", text, security_policy)


def _read(name: str) -> str:
    folder = SWAGGER if name.startswith("swagger-ui") else FOLDER
    return (folder / name).read_text(encoding="utf-8")
