"""`make fuzz`: runs the property tests with new random seeds until the minutes are over or something breaks."""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/lambda_fn/test_fuzz.py"


def main(arguments: Sequence[str] | None = None) -> None:
    """Ends with the failing example and its seed, or with how much was tried."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    options = parser.parse_args(arguments)
    end = time.monotonic() + 60 * options.minutes
    rounds = 0
    while rounds == 0 or time.monotonic() < end:
        seed = random.SystemRandom().randrange(2**32)
        choice = ["--hypothesis-profile=long", f"--hypothesis-seed={seed}"]
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", TESTS, *choice], cwd=ROOT)
        if done.returncode:
            sys.exit(f"seed {seed}: mend it, and keep it as a case in tests/bad_inputs")
        rounds += 1
    print(f"{rounds} rounds of 1,000 examples of each property: nothing broke")


if __name__ == "__main__":
    main()
