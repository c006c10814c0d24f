"""AWS Budget of the stage: an e-mail before a month costs more than it should."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_budgets as budgets
from constructs import Construct

from infra_cdk import naming

# Share of the figure in percent, and whether it is forecast or already spent.
NOTIFICATIONS = (("FORECASTED", 80), ("ACTUAL", 100))


class Budget(Construct):
    """Counts what has the stage's tags, which must be activated as cost allocation tags."""

    def __init__(self, scope: Construct, id: str, *, stage: str, dollars: float, email: str) -> None:
        super().__init__(scope, id)
        budgets.CfnBudget(
            self,
            "Month",
            budget=budgets.CfnBudget.BudgetDataProperty(
                # Budgets are global, and the name of a stack is not.
                budget_name=f"{Stack.of(self).stack_name}-{Aws.REGION}-month",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
                metrics=["UnblendedCost"],
                # Cost filters count where one of several tags matches; an expression can ask for all.
                filter_expression=budgets.CfnBudget.ExpressionProperty(
                    and_=[_tagged("project", naming.PROJECT), _tagged("stage", stage)]
                ),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[budgets.CfnBudget.SubscriberProperty(address=email, subscription_type="EMAIL")],
                )
                for kind, percent in NOTIFICATIONS
            ],
        )


def _tagged(key: str, value: str) -> budgets.CfnBudget.ExpressionProperty:
    tags = budgets.CfnBudget.TagValuesProperty(key=key, values=[value], match_options=["EQUALS"])
    return budgets.CfnBudget.ExpressionProperty(tags=tags)
