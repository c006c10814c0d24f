"""A stage's costs of a month are watched by an AWS Budget, where it has a figure for them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.infra_cdk.conftest import PROD, Synthesised, synthesise

BUDGET = "AWS::Budgets::Budget"


@pytest.fixture(scope="module")
def budget() -> dict[str, Any]:
    return synthesise(PROD | {"monthly_budget": "150"}).only(BUDGET)


def test_a_stage_without_a_figure_has_none(synth: Callable[..., Synthesised]) -> None:
    assert not synth(PROD).of(BUDGET)


def test_it_limits_the_costs_of_a_month(budget: dict[str, Any]) -> None:
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 150, "Unit": "USD"}
    assert (budget["Budget"]["BudgetType"], budget["Budget"]["TimeUnit"]) == ("COST", "MONTHLY")


def test_it_counts_what_has_both_of_the_stages_tags(budget: dict[str, Any]) -> None:
    both = budget["Budget"]["FilterExpression"]["And"]
    assert {(each["Tags"]["Key"], *each["Tags"]["Values"]) for each in both} == {
        ("project", "postal-digits"),
        ("stage", "prod"),
    }
    assert "CostFilters" not in budget["Budget"]  # its tags would count where either matches


def test_it_writes_to_the_alarms_address_before_and_when_the_figure_is_reached(budget: dict[str, Any]) -> None:
    found = [
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"], each["Subscribers"])
        for each in budget["NotificationsWithSubscribers"]
    ]
    to = [{"SubscriptionType": "EMAIL", "Address": "ops@example.com"}]
    assert found == [("FORECASTED", 80, to), ("ACTUAL", 100, to)]
    for each in budget["NotificationsWithSubscribers"]:
        assert each["Notification"]["ThresholdType"] == "PERCENTAGE"
        assert each["Notification"]["ComparisonOperator"] == "GREATER_THAN"


def test_its_name_is_the_stages_and_the_regions(budget: dict[str, Any]) -> None:
    """Budgets are global: two regions' stacks must not share a name."""
    assert budget["Budget"]["BudgetName"] == {
        "Fn::Join": ["", ["PostalDigits-prod-", {"Ref": "AWS::Region"}, "-month"]]
    }
