"""The files of a form, or a refusal."""

import pytest

from lambda_fn.bodies import multipart_form
from lambda_fn.errors import RequestError

TYPE = "multipart/form-data; boundary=b"


def form(*files: bytes, field: str = 'name="file"; filename="a.png"') -> bytes:
    parts = [b"--b\r\nContent-Disposition: form-data; " + field.encode() + b"\r\n\r\n" + file for file in files]
    return b"\r\n".join([*parts, b"--b--\r\n"])


def test_files_come_in_order_and_unchanged() -> None:
    files = [b"one", b"\r\n--c\r\n", b"", b"one"]
    assert multipart_form.files(form(*files), TYPE, 4) == files


@pytest.mark.parametrize(
    ("content", "content_type", "status", "code"),
    [
        (form(b"1"), "multipart/form-data", 400, "invalid_multipart"),
        (form(b"1")[:-7], TYPE, 400, "invalid_multipart"),
        (b"--b--\r\n", TYPE, 400, "empty"),
        (form(b"1", field='name="note"'), TYPE, 400, "unknown_field"),
        (form(*[b"1"] * 4), TYPE, 413, "too_many_images"),
    ],
    ids=["no boundary", "cut short", "no part", "a field", "four files"],
)
def test_a_bad_form_is_refused(content: bytes, content_type: str, status: int, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        multipart_form.files(content, content_type, 3)
    assert (caught.value.status, caught.value.code) == (status, code)


def test_a_form_may_have_as_many_files_as_a_request_and_no_more() -> None:
    assert len(multipart_form.files(form(*[b"1"] * 8192), TYPE, 8192)) == 8192
    with pytest.raises(RequestError, match="more than 8192 files"):
        multipart_form.files(form(*[b"1"] * 8193), TYPE, 8192)
