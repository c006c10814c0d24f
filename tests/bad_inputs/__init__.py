"""Every input that was tried to break the service, each with the one answer that is right.

Groups: A envelope and HTTP, B JSON's syntax, C the request's members, D arrays, E base64, F picture files, M forms,
V the Open Inference Protocol and gzip.
A case that another system would refuse and this one takes is here too, with 200.
"""

from functools import cache

from tests.bad_inputs import arrays, base64_text, envelope, forms, json_syntax, members, open_inference, picture_files
from tests.bad_inputs.case import GOOD, Case

CASES: list[Case] = [
    *envelope.CASES,
    *json_syntax.CASES,
    *members.CASES,
    *arrays.CASES,
    *base64_text.CASES,
    *picture_files.CASES,
    *forms.CASES,
    *open_inference.CASES,
]


@cache
def small() -> list[Case]:
    """Those of few bytes, for tests that look at something else than size."""
    return [case for case in CASES if len(case.body or b"") < 20_000]


__all__ = ["CASES", "GOOD", "Case", "small"]
