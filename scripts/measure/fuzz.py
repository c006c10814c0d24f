"""`make fuzz`: runs the property tests with new random seeds until the time is up or a test fails.

`make fuzz COST=1` searches for the requests that cost the most time and memory instead, and keeps them in tests/.
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.measure import costly

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/lambda_fn/test_fuzz.py"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--cost", action="store_true", help="search for costly requests")
    options = parser.parse_args(arguments)
    if options.cost:
        costly.search(options.minutes, random.SystemRandom().randrange(2**32))
        return
    end = time.monotonic() + 60 * options.minutes
    rounds = 0
    while rounds == 0 or time.monotonic() < end:
        seed = random.SystemRandom().randrange(2**32)
        choice = ["--hypothesis-profile=long", f"--hypothesis-seed={seed}"]
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", TESTS, *choice], cwd=ROOT)
        if done.returncode:
            sys.exit(f"seed {seed} fails: fix it, and add the request to tests/bad_inputs")
        rounds += 1
    print(f"{rounds} rounds of 1,000 examples of each property: no failure")


if __name__ == "__main__":
    main()
