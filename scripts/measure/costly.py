"""Searches for the requests that cost the most time and memory, by changing those that were found before.

It needs Linux, for the memory of a process.
"""

import ctypes
import gc
import json
import multiprocessing
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.measure.machine import describe
from tests.bad_inputs import costly
from tests.bad_inputs.costly import Recipe

ROOT = Path(__file__).resolve().parents[2]
FOUND = ROOT / "build" / "reliability" / "cost.json"
# What no request should exceed, on one core.
SECONDS, MEGABYTES = 1.0, 300.0
POOL = 24
KEPT = 6


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request costs: processor time, and memory beside what the process had before; and its answer."""

    seconds: float
    megabytes: float
    status: int
    code: str
    body_bytes: int

    @property
    def share(self) -> float:
        """Of what is allowed, the larger share."""
        return max(self.seconds / SECONDS, self.megabytes / MEGABYTES)


def search(minutes: float, seed: int) -> None:
    """Changes the kept recipes until the time is up, keeps the costliest, and writes FOUND."""
    chance = random.Random(seed)  # noqa: S311
    end = time.monotonic() + 60 * minutes
    pool = {recipe: measure(recipe) for recipe in costly.recipes()}
    tried = len(pool)
    while time.monotonic() < end:
        parent = chance.choice(list(pool)) if chance.random() < 0.9 else Recipe()
        recipe = costly.changed(parent, chance)
        if recipe in pool:
            continue
        tried += 1
        pool[recipe] = cost = measure(recipe)
        if cost.share >= max(each.share for each in pool.values()):
            print(f"{cost.seconds:.2f} s, {cost.megabytes:.0f} MB, {cost.status}: {recipe.name}", file=sys.stderr)
        best = _costliest(pool, POOL)
        pool = {each: pool[each] for each in best}
    _write(pool, tried)


def measure(recipe: Recipe, times: int = 1) -> Cost:
    """The least of some runs, each in a process of its own, in which a good request was answered before."""
    with multiprocessing.get_context("fork").Pool(1, _warm_up, maxtasksperchild=1) as processes:
        costs = [processes.apply(_run, (recipe,)) for _ in range(times)]
    least = min(costs, key=lambda cost: cost.seconds)
    return Cost(least.seconds, min(cost.megabytes for cost in costs), least.status, least.code, least.body_bytes)


def _warm_up() -> None:
    from lambda_fn.handler import handler

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the log
    small = Recipe(count=1, pattern="seven", carrier="base64", height=40, width=40)
    handler(small.case().event(), None)  # type: ignore[arg-type]


def _run(recipe: Recipe) -> Cost:
    from lambda_fn.handler import handler

    case = recipe.case()
    event = case.event()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew: man 5 proc
    began = time.process_time()
    answer = handler(event, None)  # type: ignore[arg-type]
    seconds = time.process_time() - began
    code = "" if answer["statusCode"] == 200 else json.loads(answer["body"])["code"]
    return Cost(seconds, _status("VmHWM") - before, answer["statusCode"], code, len(case.body or b""))


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def _costliest(pool: dict[Recipe, Cost], count: int) -> list[Recipe]:
    """Half by time, half by memory."""
    by_time = sorted(pool, key=lambda recipe: -pool[recipe].seconds)[: count // 2]
    by_memory = sorted(set(pool) - set(by_time), key=lambda recipe: -pool[recipe].megabytes)
    return by_time + by_memory[: count - len(by_time)]


def _write(pool: dict[Recipe, Cost], tried: int) -> None:
    again = {recipe: measure(recipe, 5) for recipe in _costliest(pool, 2 * KEPT)}
    worst = _costliest(again, KEPT)
    costly.keep([(recipe, again[recipe].status, again[recipe].code) for recipe in worst])
    rows: list[dict[str, Any]] = [{"request": recipe.name} | asdict(again[recipe]) for recipe in worst]
    FOUND.parent.mkdir(parents=True, exist_ok=True)
    page = {"tried": tried, "seconds": SECONDS, "megabytes": MEGABYTES, "worst": rows, "machine": describe()}
    FOUND.write_text(json.dumps(page, indent=1) + "\n")
    for row in rows:
        print(f"{row['seconds']:.2f} s, {row['megabytes']:.0f} MB, {row['status']}: {row['request']}")
