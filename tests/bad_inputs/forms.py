"""M: forms, multipart/form-data."""

from collections.abc import Callable

from tests.bad_inputs.case import Case, of
from tests.bad_inputs.image_files import png

TYPE = "multipart/form-data; boundary=b"
FILE = b'Content-Disposition: form-data; name="f"; filename="f.png"\r\n\r\n' + png()


def _parts(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def _form(name: str, body: bytes | Callable[[], bytes], status: int, code: str = "", content_type: str = TYPE) -> Case:
    return of("M", name, body, status, code, headers={"content-type": content_type})


def _named(disposition: bytes) -> bytes:
    return b"Content-Disposition: " + disposition + b"\r\n\r\n" + png()


CASES = [
    _form("one file", _parts(FILE), 200),
    _form("300 files", lambda: _parts(*[FILE] * 300), 200),
    _form(
        "8,193 files",
        lambda: _parts(*[_named(b'form-data; name="f"; filename="f"')[:60]] * 8193),
        413,
        "too_many_images",
    ),
    _form("no boundary", _parts(FILE), 400, "invalid_multipart", "multipart/form-data"),
    _form("an empty boundary", _parts(FILE), 400, "invalid_multipart", 'multipart/form-data; boundary=""'),
    _form("another boundary", _parts(FILE), 400, "invalid_multipart", "multipart/form-data; boundary=c"),
    _form("a boundary of 8 KB", _parts(FILE), 400, "invalid_multipart", "multipart/form-data; boundary=" + "b" * 8000),
    _form("a boundary that is no ASCII", _parts(FILE), 400, "invalid_multipart", "multipart/form-data; boundary=ż"),
    _form("a quoted boundary", _parts(FILE), 200, content_type='multipart/form-data; boundary="b"'),
    _form("a boundary twice", _parts(FILE), 200, content_type=TYPE + "; boundary=b"),
    _form("multipart/mixed", _parts(FILE), 200, content_type="multipart/mixed; boundary=b"),
    _form("no part", b"--b--\r\n", 400, "empty"),
    _form("no end", _parts(FILE)[:-9], 400, "invalid_multipart"),
    _form("half a part", _parts(FILE)[:100], 400, "invalid_multipart"),
    _form("text before the first part", b"text\r\n" + _parts(FILE), 200),
    _form("text after the last part", _parts(FILE) + b"text", 200),
    _form("line feeds alone", _parts(FILE).replace(b"\r\n", b"\n"), 400, "invalid_multipart"),
    _form("a field among the files", _parts(FILE, _named(b'form-data; name="note"')), 400, "unknown_field"),
    _form("a part without a name", _parts(_named(b"form-data")), 400, "invalid_multipart"),
    _form("a part without a disposition", _parts(b"Content-Type: image/png\r\n\r\n" + png()), 400, "invalid_multipart"),
    _form("a part without headers", _parts(b"\r\n" + png()), 400, "invalid_multipart"),
    _form("a part without anything", _parts(b""), 400, "invalid_multipart"),
    _form(
        "an empty file", _parts(_named(b'form-data; name="f"; filename="f"')[: -len(png())]), 415, "unsupported_format"
    ),
    _form("an empty file name", _parts(_named(b'form-data; name="f"; filename=""')), 200),
    _form("a file name upwards", _parts(_named(b'form-data; name="f"; filename="../../etc/passwd"')), 200),
    _form(
        "a file name that is no UTF-8",
        _parts(_named(b'form-data; name="f"; filename="\xff\xfe"')),
        400,
        "invalid_multipart",
    ),
    _form(
        "a header of 1 MB", lambda: _parts(b"X-Long: " + b"a" * 1_000_000 + b"\r\n" + FILE), 400, "invalid_multipart"
    ),
    _form("10,000 headers", lambda: _parts(b"X-A: b\r\n" * 10_000 + FILE), 400, "invalid_multipart"),
    _form("text as a file", _parts(FILE, FILE[: -len(png())] + b"text"), 415, "unsupported_format"),
    _form("a part in base64", _parts(b"Content-Transfer-Encoding: base64\r\n" + FILE), 200),
    _form("a form in a form", _parts(b"Content-Type: multipart/mixed; boundary=c\r\n" + FILE), 200),
    _form("4 MB of boundaries", lambda: b"--b\r\n" * 800_000, 400, "invalid_multipart"),
    _form("4 MB of dashes", lambda: b"-" * 4_400_000, 400, "invalid_multipart"),
    _form("4 MB of line ends", lambda: b"\r\n" * 2_200_000, 400, "invalid_multipart"),
]
