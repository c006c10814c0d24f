"""A child process that sends marked requests to the real handler, so that a test can read all that it writes."""

import sys

from lambda_fn.handler import handler
from lambda_fn.inference.model import Model
from scripts.local.workers import Context
from tests.bad_inputs import small
from tests.lambda_fn.observers import marked


def main(mark: str) -> None:
    for event in marked.events(mark):
        handler(event, Context(29))  # type: ignore[arg-type]
    for case in small():
        handler(marked.envelope(case.event(), mark), Context(29))  # type: ignore[arg-type]
    handler(marked.events(mark)[0], Context(0))  # type: ignore[arg-type]
    for error in (KeyError(mark), ValueError(mark), UnicodeDecodeError("utf-8", mark.encode(), 0, 1, mark)):
        fail_with(error)
        handler(marked.events(mark)[0], Context(29))  # type: ignore[arg-type]


def fail_with(error: Exception) -> None:
    """Makes the model fail from now on, with an error whose message is what the client sent."""

    def run(*_: object) -> None:
        raise error

    Model.run = run  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    main(sys.argv[1])
