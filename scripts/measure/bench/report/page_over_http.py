"""Writes the page's sections on HTTP and the peers."""

from collections.abc import Iterable
from statistics import median
from typing import Any

from scripts.measure.bench.over_http.compare import MOST
from scripts.measure.bench.report import objectives
from scripts.measure.figures import Spread, number, ratios, table


def sections(results: dict[str, Any]) -> list[str]:
    http, titles = results["http"], results["titles"]
    mine = http["burst"]["ours"]
    burst = [
        [titles[name], Spread.of(times).text(" s"), "" if name == "ours" else ratios(times, mine).text("×")]
        for name, times in http["burst"].items()
    ]
    return [
        "## Over HTTP",
        "Each server on one core (`taskset`), the clients on another, the other servers paused. The load comes from "
        "one process with open connections and ready-made requests on uvloop. *HTTP alone* is our server reading the "
        "same request and answering a constant: it shows the cost of HTTP and of the generator, which is part of every "
        "row.",
        "500 predictions as the earlier service's client sends them: five batches of 100 float images at once, from "
        "the first byte to the last answer.",
        table(["", "500 predictions", "times ours"], burst),
        "### Ours",
        _loads(results, ["ours"]),
        "### Against the peers",
        f"Our requests a second as a multiple of the peer's. The peers are sent at most {MOST:,} images at once: some "
        "would take minutes for more.",
        _against(results),
        _why(results),
        "<details><summary>All figures of the peers</summary>",
        _loads(results, [name for name in http["cells"] if name != "ours"]),
        "</details>",
        *(f"Not measured: {title}: {reason}." for title, reason in http["missing"].items()),
    ]


def _loads(results: dict[str, Any], names: Iterable[str]) -> str:
    rows = []
    for name in names:
        for payload, levels in results["http"]["cells"][name].items():
            for clients, rounds in levels.items():
                rate = Spread.of([load["rate"] for load in rounds]).text("")
                times = [number(median(load[p] for load in rounds) * 1e3) for p in ("p50", "p95", "p99")]
                errors = str(sum(load["errors"] for load in rounds))
                rows.append([results["titles"][name], payload, clients, rate, *times, errors])
    heads = ["", "request", "clients", "requests/s", "p50 ms", "p95 ms", "p99 ms", "errors"]
    return table(heads, rows)


def _against(results: dict[str, Any]) -> str:
    compared: dict[tuple[str, int], dict[str, float]] = {}
    for name, payload, clients, times in objectives.faster(results):
        compared.setdefault((payload, clients), {})[name] = times
    names = [name for name in results["http"]["cells"] if name not in ("ours", "http")]
    rows = [
        [payload, str(clients), *(f"**{number(of[n])}×**" if of[n] <= 1 else f"{number(of[n])}×" for n in names)]
        for (payload, clients), of in compared.items()
    ]
    return table(["request", "clients", *(results["titles"][name] for name in names)], rows)


def _why(results: dict[str, Any]) -> str:
    if all(times > 1 for *_, times in objectives.faster(results)):
        return ""
    payload = "1 image, ints"
    function = median(results["in_process"][payload]["ours"]) * 1e3
    whole = median(load["p50"] for load in results["http"]["cells"]["ours"][payload]["1"]) * 1e3
    return (
        f"Where a figure is bold, the peer is faster. For one image, {number(function)} ms of our {number(whole)} ms "
        "are the function's, with its log line and metrics (a peer writes an access log at most). The rest is HTTP and "
        "the local stand-in for API Gateway, which encodes each request as an event in base64 and passes it to the "
        "worker's process. In AWS, API Gateway does that, outside the function."
    )
