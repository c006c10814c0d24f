"""`make cost RPS=100 BATCH=1`: the monthly cost of a load, by service, with and without provisioned concurrency.

Prices and the size of a request are in prices.toml; the stage is prod. Without a load it writes the table in
docs/operations.md.
"""

import argparse
import math
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_cdk import context
from infra_cdk.config import StageConfig

ROOT = Path(__file__).resolve().parents[2]
PRICES = ROOT / "scripts" / "operate" / "prices.toml"
PAGE = ROOT / "docs" / "operations.md"
SECONDS = 730 * 3600  # of a month, as AWS's own calculator counts it
# prod needs an address; the cost does not depend on it.
ANYBODY = "ops@example.com"
RATES = (1, 100, 10_000)
# An environment takes at most ten requests a second, however short they are.
REQUESTS_OF_AN_ENVIRONMENT = 10
RULES_OF_THE_FIREWALL = 4

Prices = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Load:
    """Requests a second, day and night, of `batch` images each."""

    rps: float
    batch: int

    @property
    def millions(self) -> float:
        """Requests of a month, in millions."""
        return self.rps * SECONDS / 1e6


def read(path: Path = PRICES) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


def month(load: Load, prices: Prices, config: StageConfig, *, provisioned: bool) -> dict[str, float]:
    """US dollars a month, by service."""
    request = prices["request"]
    milliseconds = request["milliseconds"] + request["milliseconds_per_image"] * load.batch
    # Lambda bills each begun millisecond.
    gb_seconds = load.millions * 1e3 * math.ceil(milliseconds) * config.memory_mb / 1024
    kept = environments(load, milliseconds / 1e3, config) * SECONDS * config.memory_mb / 1024 if provisioned else 0
    answer = request["answer_bytes"] + request["answer_bytes_per_image"] * load.batch
    run = prices["provisioned"]["gb_second_run"] * gb_seconds
    return {
        "API Gateway": tiered(load.millions, prices["api_gateway"]["requests"]),
        "Lambda requests": load.millions * prices["lambda"]["million_requests"],
        "Lambda duration": run if provisioned else tiered(gb_seconds / 1e9, prices["lambda"]["gb_seconds"]) * 1e9,
        "Lambda kept warm": kept * prices["provisioned"]["gb_second_kept"],
        "CloudWatch logs": load.millions * 1e6 * request["log_bytes"] / 1e9 * prices["logs"]["gb"],
        "CloudWatch metrics": request["metrics"] * prices["metrics"]["metric"],
        "CloudWatch alarms, dashboards": watched(prices),
        "X-Ray": traced(load.rps) * SECONDS / 1e6 * prices["traces"]["million"],
        "WAF": firewall(load, prices) if config.waf else 0,
        "data to the internet": tiered(load.millions * 1e6 * answer / 1e12, prices["transfer"]["gb"]) * 1e3,
        "KMS": prices["deployed"]["keys"] * prices["keys"]["key"],
    }


def tiered(amount: float, tiers: Sequence[tuple[float, float]]) -> float:
    """US dollars for an amount; `tiers` has the price of a unit up to each bound."""
    total, lower = 0.0, 0.0
    for bound, price in tiers:
        total += max(0.0, min(amount, bound) - lower) * price
        lower = bound
    return total


def environments(load: Load, seconds: float, config: StageConfig) -> int:
    """Warm environments: what the load needs at scaling's target utilisation, and at least the configured minimum."""
    busy = max(load.rps * seconds, load.rps / REQUESTS_OF_AN_ENVIRONMENT)
    return max(config.provisioned_lowest, math.ceil(busy / config.provisioned_utilisation))


def traced(rps: float) -> float:
    """Traces a second: by default, X-Ray takes the first request of each second and 5 % of the others."""
    return min(rps, 1) + 0.05 * max(0, rps - 1)


def watched(prices: Prices) -> float:
    alarms, deployed = prices["alarms"], prices["deployed"]
    watching: float = deployed["alarm_metrics"] * alarms["metric"] + deployed["composites"] * alarms["composite"]
    return watching + float(deployed["dashboards"] * prices["dashboards"]["dashboard"])


def firewall(load: Load, prices: Prices) -> float:
    price: dict[str, float] = dict(prices["firewall"])
    return price["acl"] + RULES_OF_THE_FIREWALL * price["rule"] + load.millions * price["million_requests"]


def table(loads: Sequence[Load], prices: Prices, config: StageConfig) -> str:
    """Markdown: a row for each service, two columns for each load."""
    kinds = [(load, provisioned) for load in loads for provisioned in (False, True)]
    columns = [month(load, prices, config, provisioned=provisioned) for load, provisioned in kinds]
    heads = [f"{load.rps:,g}/s{', warm' if provisioned else ''}" for load, provisioned in kinds]
    rows = [f"| US dollars a month | {' | '.join(heads)} |", "|---" + "|---:" * len(heads) + "|"]
    rows += [f"| {service} | {' | '.join(f'{column[service]:,.0f}' for column in columns)} |" for service in columns[0]]
    rows.append(f"| **sum** | {' | '.join(f'**{sum(column.values()):,.0f}**' for column in columns)} |")
    return "\n".join(rows)


def note(prices: Mapping[str, Any], batch: int) -> str:
    unread = [name for name, each in prices.items() if isinstance(each, dict) and each.get("checked") == ""]
    return (
        f"Batches of {batch}; prices of {prices['date']} in {prices['region']}, of which those of {', '.join(unread)} "
        "could not be looked up."
    )


def budget(load: Load, prices: Prices, config: StageConfig) -> str:
    """The line of a stage's file for an AWS Budget: the next ten dollars above the month's costs."""
    dollars = sum(month(load, prices, config, provisioned=bool(config.provisioned_lowest)).values())
    return f"monthly_budget = {math.ceil(dollars / 10) * 10}"


def write(page: str, text: str) -> str:
    """The page with the table between its marks replaced."""
    marked, count = re.subn(
        r"(<!-- make cost -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{text}\n{m[2]}", page, flags=re.S
    )
    if count != 1:
        raise ValueError("the page needs the marks <!-- make cost --> and <!-- end -->")
    return marked


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make cost", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--rps", type=float, help="requests a second; without it, writes the table in docs/operations.md"
    )
    parser.add_argument("--batch", type=int, default=1, help="images in a request")
    options = parser.parse_args(arguments)
    if options.batch < 1 or not 0 < (options.rps or 1) < math.inf:
        parser.error("RPS takes a number above 0, BATCH a whole number of 1 or more")
    prices, config = read(), context.read({"stage": "prod", "alarm_email": ANYBODY})
    loads = [Load(options.rps, options.batch)] if options.rps else [Load(rps, options.batch) for rps in RATES]
    text = f"{table(loads, prices, config)}\n\n{note(prices, options.batch)}"
    if not options.rps:
        PAGE.write_text(write(PAGE.read_text(), text))
    sys.stdout.write(text + "\n")
    if options.rps:
        print("\n# For infra_cdk/stages/prod.toml: this load, with warm environments.")
        print(budget(loads[0], prices, config))


if __name__ == "__main__":
    main()
