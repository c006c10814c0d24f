"""Times a cold start step by step, here and in the container, beside the least that any start takes."""

import json
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from scripts.local.image_environment import image_environment
from scripts.measure.bench.over_http.systems import ROOT, pinned
from scripts.measure.bench.payloads import MODEL

CHILD = Path(__file__).with_name("start_child.py")
EVENT = ROOT / "tests" / "events" / "predict_batch.json"
ENVIRONMENT = image_environment()
Steps = dict[str, float]

# Runs inside the container, so that the time of `docker run` does not count.
REPEAT_CHILD = """
import subprocess, sys, time
for _ in range(int(sys.argv[4])):
    subprocess.run([sys.executable, "-c", *sys.argv[1:4], str(time.monotonic())], check=True)
"""
INVOKE = """
import sys, urllib.request as r, time
url = 'http://127.0.0.1:8080/2015-03-31/functions/function/invocations'
for _ in range(100):
    try:
        print(r.urlopen(url, sys.argv[1].encode(), timeout=60).status); break
    except ConnectionError: pass
    except r.URLError: time.sleep(0.1)
"""


def here(rounds: int) -> dict[str, list[Steps]]:
    """Steps of each start, ours and the floor's in turns, after one of each that does not count."""
    event = EVENT.read_text()
    found: dict[str, list[Steps]] = {"ours": [], "floor": []}
    for count in tqdm(range(rounds + 1), desc="cold starts", unit="round", disable=None):
        for name, argument in (("ours", event), ("floor", str(MODEL))):
            steps = _start(name, argument)
            if count:
                found[name].append(steps)
    return found


def in_container(image: str, rounds: int) -> dict[str, Any]:
    """`steps` of each start at one CPU and the emulator's `init` seconds; or the reason why they are `missing`."""
    try:
        _docker("image", "inspect", image)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", "") or str(error)
        return {"missing": f"no Docker engine or no image {image} (`make image` builds it): {reason.strip()[:120]}"}
    child = ["-c", REPEAT_CHILD, CHILD.read_text(), "ours", EVENT.read_text(), str(rounds + 1)]
    printed = _docker("run", "--rm", "--cpus=1", "--entrypoint=python", image, *child)
    starts = _steps(printed)[1:]
    return {"steps": starts, "init": [_init(image) for _ in tqdm(range(rounds), desc="INIT", disable=None)]}


def image_sizes(image: str, base: str) -> dict[str, Any]:
    """Uncompressed bytes of the image and of its base, or `missing`."""
    try:
        return {name: int(_docker("image", "inspect", "--format={{.Size}}", name)) for name in (image, base)}
    except (OSError, subprocess.CalledProcessError):
        return {"missing": f"no Docker engine, or not both of {image} and {base}"}


def heaviest_imports(count: int = 8) -> dict[str, float]:
    """Seconds that each top-level package takes while the handler is imported, the slowest first."""
    command = [sys.executable, "-X", "importtime", "-c", "import lambda_fn.handler"]
    done = subprocess.run(
        pinned(command), cwd=ROOT, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=True
    )
    seconds: dict[str, float] = defaultdict(float)
    for own, module in re.findall(r"^import time: +(\d+) \| +\d+ \| *([\w.]+)$", done.stderr, re.MULTILINE):
        package = module.split(".")[0]
        seconds["standard library" if package in sys.stdlib_module_names else package] += int(own) / 1e6
    return dict(sorted(seconds.items(), key=lambda item: -item[1])[:count])


def _start(kind: str, argument: str) -> Steps:
    code = [sys.executable, "-c", CHILD.read_text(), kind, argument, str(time.monotonic())]
    environment = os.environ | ENVIRONMENT
    done = subprocess.run(pinned(code), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return _steps(done.stdout)[0]


def _steps(printed: str) -> list[Steps]:
    """The children's reports, without the function's log lines."""
    return [json.loads(line) for line in printed.splitlines() if line.startswith('{"interpreter"')]


def _init(image: str) -> float:
    name = _docker("run", "--detach", "--cpus=1", image).strip()
    try:
        _docker("exec", name, "python", "-c", INVOKE, EVENT.read_text())
        logs = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True)
        return float(re.findall(r"INIT REPORT\(durationMs: ([\d.]+)\)", logs.stdout + logs.stderr)[0]) / 1e3
    finally:
        _docker("rm", "--force", name)


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout
