"""A child process whose standard output and error are all there is: marked requests on the real handler."""

import sys

from lambda_fn.handler import handler, models
from lambda_fn.inference import model
from scripts.local.gateway import Context
from tests.bad_inputs import small
from tests.lambda_fn.observers import marked


def main(mark: str) -> None:
    for event in marked.events(mark):
        handler(event, Context(29))  # type: ignore[arg-type]
    for case in small():
        handler(marked.envelope(case.event(), mark), Context(29))  # type: ignore[arg-type]
    for error in (KeyError(mark), ValueError(mark), UnicodeDecodeError("utf-8", mark.encode(), 0, 1, mark)):
        fail_with(error)
        handler(marked.events(mark)[0], Context(29))  # type: ignore[arg-type]
    handler(marked.events(mark)[0], Context(0))  # type: ignore[arg-type]


def fail_with(error: Exception) -> None:
    """From now on, a model whose failure says what was sent."""

    def run(*_: object) -> None:
        raise error

    object.__setattr__(models, "default", model.Model(models.default.contract, type("Session", (), {"run": run})()))


if __name__ == "__main__":
    main(sys.argv[1])
