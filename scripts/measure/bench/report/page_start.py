"""Writes the page's section on starts."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from scripts.measure.bench.report import objectives
from scripts.measure.figures import Spread, number, ratios, table

STEPS = ("interpreter", "imports", "session", "verification", "warm-up", "first answer")


def sections(results: dict[str, Any]) -> list[str]:
    rows = [["ours", *_steps(results["cold"]["ours"])], ["floor", *_steps(results["cold"]["floor"])]]
    container = results["container"]
    if "missing" not in container:
        rows.append(["ours, in the container at 1 CPU", *_steps(container["steps"])])
        emulator = f"INIT by the Runtime Interface Emulator, 1 CPU: {Spread.of(container['init']).text(' ms', 1e3)}."
    else:
        emulator = f"In the container: not measured; {container['missing']}."
    mine = results["starts"]["ours"]
    starts = [
        [results["titles"][name], Spread.of(times).text(" s"), "" if name == "ours" else ratios(times, mine).text("×")]
        for name, times in results["starts"].items()
        if times
    ]
    imports = ", ".join(f"{package} {number(seconds * 1e3)} ms" for package, seconds in results["imports"].items())
    return [
        "## Start",
        "A new interpreter, with files in the page cache and compiled bytecode. The floor is numpy, onnxruntime and a "
        "session from the model's file. Verification checks the SHA-256 and the golden answers; warm-up is the time "
        "that the session runs for them.",
        table(["", *STEPS, "ready after"], rows),
        emulator,
        f"Of the imports (`-X importtime`, which slows them): {imports}.",
        "From the start of a server's process to its first answer over HTTP:",
        table(["", "first answer", "times ours"], starts),
    ]


def _steps(starts: Sequence[dict[str, float]]) -> list[str]:
    cells = [number(median(start[step] for start in starts) * 1e3) if step in starts[0] else "" for step in STEPS]
    return [
        *(f"{cell} ms" if cell else "" for cell in cells),
        Spread.of([objectives.init(start) for start in starts]).text(" ms", 1e3),
    ]
