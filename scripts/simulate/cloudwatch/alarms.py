"""Decides at which minutes each alarm of a template is in ALARM."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.simulate.cloudwatch.queries import Query, evaluate, text
from scripts.simulate.cloudwatch.store import Name, Store

Template = Mapping[str, Any]
COMPARISONS = {
    "GreaterThanOrEqualToThreshold": np.greater_equal,
    "GreaterThanThreshold": np.greater,
    "LessThanThreshold": np.less,
    "LessThanOrEqualToThreshold": np.less_equal,
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm of the template."""

    name: str
    queries: tuple[Query, ...]
    returned: str
    properties: Mapping[str, Any]

    def breaching(self, store: Store, clock: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether it is in ALARM at the end of each minute."""
        queries = {query.id: query for query in self.queries}
        values = evaluate(self.queries, store, clock)[self.returned]
        past = COMPARISONS[self.properties["ComparisonOperator"]](values, self.properties["Threshold"])
        past = np.where(np.isnan(values), self.properties["TreatMissingData"] == "breaching", past)
        period, periods = queries[self.returned].period, self.properties["EvaluationPeriods"]
        count = np.zeros(len(past), int)
        for back in range(periods):
            count[back * period :] += past[: len(past) - back * period]
        reached: NDArray[np.bool_] = count >= self.properties.get("DatapointsToAlarm", periods)
        return reached


def read(template: Template) -> dict[str, Alarm]:
    """The metric alarms by their logical ids."""
    return {
        logical_id: _alarm(resource["Properties"])
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def states(template: Template, store: Store, clock: NDArray[np.int64]) -> dict[str, NDArray[np.bool_]]:
    """Whether each alarm with an action is in ALARM at the end of each minute, by its name without the stack's."""
    metric = {key: alarm.breaching(store, clock) for key, alarm in read(template).items()}
    acting: dict[str, NDArray[np.bool_]] = {}
    for key, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if key in metric and properties.get("AlarmActions"):
            acting[_short(properties["AlarmName"])] = metric[key]
        elif resource["Type"] == "AWS::CloudWatch::CompositeAlarm":
            children = children_of(properties["AlarmRule"])
            acting[_short(properties["AlarmName"])] = np.all([metric[child] for child in children], axis=0)
    return acting


def children_of(rule: Any) -> list[str]:
    """The logical ids of the alarms in a composite's rule; raises ValueError unless AND joins them."""
    children = re.findall(r'ALARM\("\$\{(\w+)\.Arn\}"\)', text(rule))
    if text(rule) != "(" + " AND ".join(f'ALARM("${{{child}.Arn}}")' for child in children) + ")":
        raise ValueError(f"{text(rule)}: not supported")
    return children


def _short(name: str) -> str:
    """PostalDigits-prod-drift is drift."""
    return name.split("-", 2)[2]


def _alarm(properties: Mapping[str, Any]) -> Alarm:
    if "Metrics" not in properties:
        query = _query("m1", properties, properties.get("Statistic") or properties["ExtendedStatistic"])
        return Alarm(properties["AlarmName"], (query,), "m1", properties)
    metrics = properties["Metrics"]
    period = next(each["MetricStat"]["Period"] for each in metrics if "MetricStat" in each)
    queries = tuple(_of_math(each, period // 60) for each in metrics)
    (returned,) = (each["Id"] for each in metrics if each.get("ReturnData", True))
    return Alarm(properties["AlarmName"], queries, returned, properties)


def _of_math(member: Mapping[str, Any], period: int) -> Query:
    if "Expression" in member:
        return Query(member["Id"], period, expression=member["Expression"])
    stat = member["MetricStat"]
    return _query(member["Id"], stat["Metric"] | {"Period": stat["Period"]}, stat["Stat"])


def _query(key: str, metric: Mapping[str, Any], statistic: str) -> Query:
    dimensions = {each["Name"]: text(each["Value"]) for each in metric.get("Dimensions", [])}
    name = Name.of(metric["Namespace"], metric["MetricName"], dimensions)
    return Query(key, metric["Period"] // 60, name, statistic)
