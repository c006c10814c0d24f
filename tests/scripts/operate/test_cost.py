"""The monthly cost of a load."""

import math
import tomllib

import pytest

from infra_cdk import context
from scripts.operate import cost
from scripts.operate.cost import Load

PRICES = cost.read()
PROD = context.read({"stage": "prod", "alarm_email": "ops@example.com"})


def test_a_month_at_100_requests_a_second_matches_the_prices() -> None:
    """262.8 million requests of 0.95 ms, billed as 1 ms, with 1,769 MB."""
    month = cost.month(Load(100, 1), PRICES, PROD, provisioned=False)
    assert month["API Gateway"] == pytest.approx(262.8 * 3.50)
    assert month["Lambda requests"] == pytest.approx(262.8 * 0.20)
    assert month["Lambda duration"] == pytest.approx(262.8e6 * 0.001 * 1769 / 1024 * 0.0000166667)
    assert month["CloudWatch logs"] == pytest.approx(262.8e6 * 3000 / 1e9 * 0.50)
    assert month["WAF"] == pytest.approx(5 + 4 + 262.8 * 0.60)
    assert month["X-Ray"] == pytest.approx((1 + 99 * 0.05) * 2.628 * 5)
    assert month["Lambda kept warm"] == 0


def test_warm_environments_at_100_requests_a_second_match_the_prices() -> None:
    """An environment takes ten requests a second, so ten are busy: seven tenths of 15."""
    month = cost.month(Load(100, 1), PRICES, PROD, provisioned=True)
    assert month["Lambda kept warm"] == pytest.approx(15 * 2_628_000 * 1769 / 1024 * 0.0000041667)
    assert month["Lambda duration"] == pytest.approx(262.8e6 * 0.001 * 1769 / 1024 * 0.0000097222)


def test_long_requests_need_more_warm_environments() -> None:
    assert cost.environments(Load(100, 1), 1.0, PROD) == math.ceil(100 / 0.7)
    assert cost.environments(Load(0.1, 1), 0.001, PROD) == PROD.provisioned_lowest


def test_each_tier_has_its_own_price() -> None:
    tiers = [(10, 2.0), (30, 1.0), (math.inf, 0.5)]
    assert [cost.tiered(amount, tiers) for amount in (0, 5, 10, 20, 30, 50)] == [0, 10, 20, 30, 40, 50]


def test_every_service_costs_more_with_a_larger_load() -> None:
    small, large = (cost.month(Load(rps, 100), PRICES, PROD, provisioned=True) for rps in (100, 10_000))
    assert all(
        large[service] > dollars or service in ("CloudWatch metrics", "CloudWatch alarms, dashboards", "KMS")
        for service, dollars in small.items()
    )


def test_the_note_lists_prices_that_were_not_checked() -> None:
    sections = {
        name: each for name, each in PRICES.items() if isinstance(each, dict) and name not in ("request", "deployed")
    }
    assert all("checked" in each for each in sections.values())
    unread = [name for name, each in sections.items() if not each["checked"]]
    assert all(name in cost.note(PRICES, 1) for name in unread)


def test_the_table_in_the_docs_is_current() -> None:
    page = cost.PAGE.read_text()
    loads = [Load(rps, 1) for rps in cost.RATES]
    assert cost.write(page, f"{cost.table(loads, PRICES, PROD)}\n\n{cost.note(PRICES, 1)}") == page


def test_the_figure_for_the_budget_is_above_the_costs_of_the_load(capsys: pytest.CaptureFixture[str]) -> None:
    load = Load(100, 10)
    cost.main(["--rps", "100", "--batch", "10"])
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("monthly_budget = "))
    figure = tomllib.loads(line)["monthly_budget"]
    assert 0 <= figure - sum(cost.month(load, PRICES, PROD, provisioned=True).values()) < 10
    context.read({"stage": "prod", "alarm_email": "ops@example.com", "monthly_budget": str(figure)})


def test_an_impossible_load_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--rps", "-1"], ["--rps", "nan"], ["--rps", "1", "--batch", "0"]):
        with pytest.raises(SystemExit):
            cost.main(arguments)
        assert "RPS takes a number above 0" in capsys.readouterr().err
