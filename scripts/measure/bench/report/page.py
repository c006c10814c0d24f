"""Writes docs/benchmark.md: the objectives, then the figures behind them."""

from typing import Any

from scripts.measure.bench.report import objectives, page_over_http, page_start
from scripts.measure.figures import Spread, objectives_table, ratios, table


def write(results: dict[str, Any]) -> str:
    """The page, as Markdown."""
    rough = "**A quick trial: its figures are rough.** " if results["quick"] else ""
    parts = [
        "# Benchmark",
        f"{rough}Written by `make bench` in one run of {results['minutes']:.0f} minutes, in {results['rounds']} or "
        "more rounds in which the systems take turns. Figures are medians of the rounds, with the lowest and highest "
        "in parentheses; ratios are taken within a round.",
        objectives_table(objectives.every(results)),
        "![The figures below as bars](benchmark.png)",
        *_in_process(results),
        *page_over_http.sections(results),
        *page_start.sections(results),
        *_memory(results),
        *_machine(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _in_process(results: dict[str, Any]) -> list[str]:
    rows = []
    for payload, times in results["in_process"].items():
        ours, floor, strict = (Spread.of(times[name]).text(" ms", 1e3) for name in ("ours", "floor", "strict"))
        to_floor, to_strict = (ratios(times["ours"], times[name]).text("×") for name in ("floor", "strict"))
        rows.append([payload, ours, to_floor, to_strict, floor, strict])
    return [
        "## One request, in process",
        "The handler, from event to response, with its log line and metrics. The floor decodes base64 with the "
        "standard library, parses with simdjson into one buffer and runs the session: no check, no answer, no log. "
        "The stricter floor decodes with pybase64, as the service does; so a multiple of the first can be below 1. "
        "One core, one thread.",
        table(["", "ours", "to the floor", "to the stricter", "floor", "stricter floor"], rows),
    ]


def _memory(results: dict[str, Any]) -> list[str]:
    rows = [
        [results["titles"][name], *(f"{amount / 1e6:.0f} MB" for amount in amounts)]
        for name, amounts in results["http"]["memory"].items()
        if len(amounts) == 2
    ]
    sizes = results["image"]
    if "missing" in sizes:
        image = f"Image: not measured; {sizes['missing']}."
    else:
        whole, base = sizes.values()
        image = f"Image: {(whole - base) / 1e6:.0f} MB over its base of {base / 1e6:.0f} MB, uncompressed."
    return [
        "## Memory and image",
        "Resident memory of all of a server's processes, with shared pages counted once.",
        table(["", "after the first answer", "after all requests"], rows),
        image,
    ]


def _machine(results: dict[str, Any]) -> list[str]:
    rows = [[name, value] for name, value in results["machine"].items()]
    rows += [[f"peer: {title}", versions] for title, versions in results["peers"].items()]
    rows.append(["load before the run", f"{results['load_before']:.2f} (above about 1, something else was running)"])
    return ["## The machine", table(["", ""], rows)]
