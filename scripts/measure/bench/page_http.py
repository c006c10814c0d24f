"""A run's results in, the page's part about HTTP and the peers out."""

from collections.abc import Iterable
from statistics import median
from typing import Any

from scripts.measure.bench import objectives, over_http
from scripts.measure.bench.figures import Spread, number, ratios, table


def sections(results: dict[str, Any]) -> list[str]:
    """Paragraphs and tables."""
    http, titles = results["http"], results["titles"]
    mine = http["burst"]["ours"]
    burst = [
        [titles[name], Spread.of(times).text(" s"), "" if name == "ours" else ratios(times, mine).text("×")]
        for name, times in http["burst"].items()
    ]
    return [
        "## Over HTTP",
        "Each server on one core (`taskset`), the clients on another, the other servers stopped meanwhile. The load "
        "comes from `scripts/bench/load.py`: open connections and ready-made requests on uvloop, in a process of its "
        "own. *HTTP alone* is our server reading the same request and answering a constant: what it takes is HTTP and "
        "the generator, and counts in every row.",
        "500 predictions as the earlier service's client sends them: five batches of 100 float images at once, first "
        "byte to last answer.",
        table(["", "500 predictions", "times ours"], burst),
        "### Ours",
        _loads(results, ["ours"]),
        "### Against the peers",
        f"How many times the peer's requests a second ours are. More than {over_http.MOST:,} images at once are not "
        "sent to the peers: some of them would take minutes.",
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
    function = median(results["in_process"]["rows"][payload]["ours"]) * 1e3
    whole = median(load["p50"] for load in results["http"]["cells"]["ours"][payload]["1"]) * 1e3
    return (
        f"Where a figure is bold, the peer is faster. For one image, {number(function)} ms of our {number(whole)} ms "
        "are the function's, its log line and metrics included (a peer writes an access log at most); the rest is HTTP "
        "and the local stand-in for API Gateway, which makes an event in base64 of each request and hands it to the "
        "process of the one environment. Deployed, the gateway does that, outside the function."
    )
