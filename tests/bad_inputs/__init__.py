"""Requests made to break the service, each with its right answer.

Groups: A envelope and HTTP, B JSON's syntax, C the request's members, D arrays, E base64, F image files, M forms,
V the Open Inference Protocol and gzip, W costly requests that a search found.
What other systems refuse and this one takes is here too, with 200.
"""

from functools import cache

from tests.bad_inputs import (
    arrays,
    base64_text,
    costly,
    envelope,
    forms,
    image_files,
    json_syntax,
    members,
    open_inference,
)
from tests.bad_inputs.case import GOOD, Case

CASES: list[Case] = [
    *envelope.CASES,
    *json_syntax.CASES,
    *members.CASES,
    *arrays.CASES,
    *base64_text.CASES,
    *image_files.CASES,
    *forms.CASES,
    *open_inference.CASES,
    *costly.kept(),
]


@cache
def small() -> list[Case]:
    """The cases with a small body, for tests that are not about size."""
    return [case for case in CASES if len(case.body or b"") < 20_000]


__all__ = ["CASES", "GOOD", "Case", "small"]
