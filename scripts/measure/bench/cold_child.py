"""A new interpreter, in a child process: an event and the time of its birth in, seconds of each step out, as JSON.

It needs the function and what the image holds, so that the same source runs in the container too. What is timed is not
changed: only onnxruntime's class is watched, as it is made and as it runs.
"""

import time

BORN = time.monotonic()


def floor(model: str) -> dict[str, float]:
    """The least that any start takes: the two imports, and a session from the model's file."""
    import numpy  # noqa: F401
    import onnxruntime

    imported = time.monotonic()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    return {"imports": imported - BORN, "session": time.monotonic() - imported}


def ours(event: str) -> dict[str, float]:
    """The function, from nothing to its first answer."""
    import json

    import onnxruntime

    spent = {"session": 0.0, "warm-up": 0.0}

    class Watched(onnxruntime.InferenceSession):
        """Adds up the time of loading and running."""

        def __init__(self, *arguments: object, **named: object) -> None:
            began = time.monotonic()
            super().__init__(*arguments, **named)
            spent["session"] += time.monotonic() - began

        def run(self, *arguments: object, **named: object) -> object:
            """As it is."""
            began = time.monotonic()
            try:
                return super().run(*arguments, **named)
            finally:
                spent["warm-up"] += time.monotonic() - began

    onnxruntime.InferenceSession = Watched

    imported = time.monotonic()
    from lambda_fn.handler import handler

    ready = time.monotonic()
    initialised = dict(spent)
    handler(json.loads(event), None)  # type: ignore[arg-type]
    answered = time.monotonic()
    rest = ready - imported - sum(initialised.values())
    return {"imports": imported - BORN, **initialised, "verification": rest, "first answer": answered - ready}


if __name__ == "__main__":
    import os
    import sys

    kind, argument, born = sys.argv[1:4]
    for variable, value in (("ORT_DISABLE_TELEMETRY", "1"), ("OPENBLAS_NUM_THREADS", "1")):  # as the image has them
        os.environ.setdefault(variable, value)
    steps = {"interpreter": BORN - float(born)} | (floor(argument) if kind == "floor" else ours(argument))
    import json

    print("\n" + json.dumps(steps))
