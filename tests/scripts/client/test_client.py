"""What the client says of answers that are not the service's."""

import httpx
import pytest

from scripts.client.client import ServiceRefused, read_answer


def response(status: int, text: str) -> httpx.Response:
    return httpx.Response(status, text=text, request=httpx.Request("POST", "http://service/predict/batch"))


def test_a_body_that_the_gateway_finds_too_large_says_to_send_less() -> None:
    with pytest.raises(
        ServiceRefused, match=r"^413: .* \(the batch starts at image 200\); send fewer images in a batch$"
    ):
        read_answer(response(413, "HTTP content length exceeded 10485760 bytes."), 200)


def test_the_services_own_error_is_quoted() -> None:
    with pytest.raises(ServiceRefused, match=r"^413: 9000 images \(the batch starts at image 0\)$"):
        read_answer(response(413, '{"error": "9000 images", "code": "too_many_images", "request_id": "r"}'), 0)


@pytest.mark.parametrize(("status", "text"), [(502, "<html>"), (200, "[]"), (200, '{"y": [1]}'), (404, "null")])
def test_an_answer_of_another_service_is_refused(status: int, text: str) -> None:
    with pytest.raises(ServiceRefused, match=f"answers {status}, but not as this service does"):
        read_answer(response(status, text), 0)
