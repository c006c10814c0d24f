"""Sends every bad input to the handler, and a good request after it, in a process with limited memory and time.

It writes a line of JSON for each case to a file, so that a case that ends the process can be found.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from lambda_fn.handler import handler
from tests.bad_inputs import CASES, GOOD, Case

# Added to what the process uses after its start; a function of 1,769 MB has more.
MEMORY = 1024 * 1024 * 1024
# Processor time of one case; the function's own timeout is 15 s.
SECONDS = 15


def call(event: dict[str, Any]) -> dict[str, Any]:
    return handler(event, None)  # type: ignore[arg-type]


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY,) * 2)


def limit_time() -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, resource.RLIM_INFINITY))


def seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(results: Path) -> None:
    good = Case("good", "", 200, "", make=lambda: GOOD).event()
    expected = call(good)
    limit_memory()
    with results.open("w") as file:
        for case in CASES:
            limit_time()
            event = case.event()
            limit_time()
            began = seconds()
            response = call(event)
            used = seconds() - began
            after = call(good)
            found = {"name": f"{case.group} {case.name}", "status": response["statusCode"], "body": response["body"]}
            found |= {"same": after == expected, "seconds": used}
            found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps(found), file=file, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
