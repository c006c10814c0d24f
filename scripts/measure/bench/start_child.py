"""Child process: a new interpreter that times each step of its start and prints the seconds as JSON.

It needs only the function and what the image holds, because it also runs in the container. Of the function only
onnxruntime's session is wrapped, to time loading and running.
"""

import time

BORN = time.monotonic()


def floor(model: str) -> dict[str, float]:
    """The least that any start takes: two imports and a session."""
    import numpy  # noqa: F401
    import onnxruntime

    imported = time.monotonic()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    return {"imports": imported - BORN, "session": time.monotonic() - imported}


def ours(event: str) -> dict[str, float]:
    """The function, up to its first answer."""
    import json

    import onnxruntime

    spent = {"session": 0.0, "warm-up": 0.0}

    class Timed(onnxruntime.InferenceSession):
        def __init__(self, *arguments: object, **named: object) -> None:
            began = time.monotonic()
            super().__init__(*arguments, **named)
            spent["session"] += time.monotonic() - began

        def run(self, *arguments: object, **named: object) -> object:
            began = time.monotonic()
            try:
                return super().run(*arguments, **named)
            finally:
                spent["warm-up"] += time.monotonic() - began

    onnxruntime.InferenceSession = Timed

    import lambda_fn.api.routes
    import lambda_fn.inference.store
    import lambda_fn.observers.call_observers
    import lambda_fn.observers.telemetry
    import lambda_fn.settings
    import lambda_fn.tasks  # noqa: F401

    imported = time.monotonic()  # what is left builds the service: it loads and verifies the default version
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
    for variable, value in (("ORT_DISABLE_TELEMETRY", "1"), ("OPENBLAS_NUM_THREADS", "1")):  # as in the image
        os.environ.setdefault(variable, value)
    steps = {"interpreter": BORN - float(born)} | (floor(argument) if kind == "floor" else ours(argument))
    import json

    print("\n" + json.dumps(steps))
