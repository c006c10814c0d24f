"""A run's results in, docs/benchmark.md out: first what had to be shown, then the figures behind it."""

from typing import Any

from scripts.measure.bench import objectives, page_http, page_start, quantise
from scripts.measure.bench.figures import Spread, number, ratios, table

MARKS = {True: "yes", False: "**no**", None: "not measured in full"}


def write(results: dict[str, Any]) -> str:
    """The page, as Markdown."""
    rows = [[row.what, row.found, row.objective, MARKS[row.held]] for row in objectives.every(results)]
    rough = "**This was a quick trial: its figures are rough.** " if results["quick"] else ""
    parts = [
        "# Benchmark",
        f"{rough}Written by `make bench`, not by hand; one run of {results['minutes']:.0f} minutes, in "
        f"rounds ({results['rounds']} or more) in which the systems take turns. Figures are medians of the rounds, "
        "with the lowest and the highest of them in parentheses. Ratios are taken within a round.",
        table(["", "found", "objective", "held"], rows),
        "![The figures below as bars](benchmark.png)",
        *_in_process(results),
        *page_http.sections(results),
        *page_start.sections(results),
        *_memory(results),
        *_int8(results),
        *_how(results),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _in_process(results: dict[str, Any]) -> list[str]:
    rows = []
    for payload, times in results["in_process"]["rows"].items():
        floor, strict = (Spread.of(times[name]).text(" ms", 1e3) for name in ("floor", "strict"))
        if "ours" not in times:
            rows.append([payload, results["in_process"]["absent"][payload], "", "", floor, strict])
            continue
        to_floor, to_strict = (ratios(times["ours"], times[name]) for name in ("floor", "strict"))
        rows.append(
            [payload, Spread.of(times["ours"]).text(" ms", 1e3), to_floor.text("×"), to_strict.text("×"), floor, strict]
        )
    return [
        "## One request, in process",
        "The handler, from event to response, log line and metrics included (they go to a file). The floor decodes "
        "base64 with the standard library, parses with simdjson into one buffer and runs the bare session: no check, "
        "no answer, no log. The stricter floor decodes with pybase64, as the service does: so a multiple of the first "
        "can be below 1. One core, one thread.",
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
        "Resident memory of all of a server's processes, what they share counted once.",
        table(["", "after the first answer", "after all requests"], rows),
        image,
    ]


def _int8(results: dict[str, Any]) -> list[str]:
    found = results["int8"]
    base = found["variants"]["float"]
    rows = []
    for name, of in found["variants"].items():
        speeds = [ratios(base["seconds"][size], of["seconds"][size]).text("×") for size in of["seconds"]]
        kind = name if name == "float" else f"int8, {name}"
        chance = "" if name == "float" else f"{of['worse_p']:.2g}"
        rows.append(
            [kind, f"{of['accuracy']:.2%}", f"{of['agreement']:.2%}", chance, *speeds, f"{of['bytes'] / 1e3:.0f} kB"]
        )
    sizes = [f"speed, batch of {size}" for size in base["seconds"]]
    best = found["variants"][found["best"]]
    verdict = "Worth shipping" if found["ship"] else "Not shipped"
    return [
        "## Static int8",
        f"The same model, quantised by onnxruntime (QDQ, per channel), calibrated on {quantise.CALIBRATION:,} training "
        "images, on all 10,000 test images. It is not in the image.",
        table(["", "accuracy", "same answer as float", "p (not worse)", *sizes, "size"], rows),
        f"The rule: {quantise.RULE}. The fastest accurate variant, {found['best']}: {number(found['ratio'])}× as fast "
        f"end to end, p = {best['worse_p']:.2g}. **{verdict}.**",
    ]


def _how(results: dict[str, Any]) -> list[str]:
    rows = [[name, value] for name, value in results["machine"].items()]
    rows += [[f"peer: {title}", versions] for title, versions in results["peers"].items()]
    rows.append(["load before the run", f"{results['load_before']:.2f} (above about 1, something else was at work)"])
    return ["## The machine", table(["", ""], rows)]
