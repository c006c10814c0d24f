"""CloudWatch's embedded metrics: read from whatever a function writes into its log."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs


def install() -> None:
    """Sends the metrics of each log line to CloudWatch, before the subscriptions of the log group see it."""
    fan_out = cloudwatch_logs._fanout_to_subscription_filters

    def with_metrics(group: str, stream: str, events: Sequence[dict[str, Any]]) -> object:
        found = [metric for event in events or () for metric in _metrics(event["message"])]
        for metric in found:
            cloudwatch.record_metric(*metric)
        if found:
            cloudwatch._evaluate_all_alarms()
        return fan_out(group, stream, events)

    cloudwatch_logs._fanout_to_subscription_filters = with_metrics


def _metrics(message: str) -> Iterator[tuple[str, str, float, str, dict[str, str]]]:
    """Namespace, name, value, unit and dimensions of each value in a log line."""
    try:
        line = json.loads(message)
        blocks = line["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    for block in blocks:
        for names in block["Dimensions"]:
            dimensions = {name: line[name] for name in names}
            for metric in block["Metrics"]:
                values = line[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    yield block["Namespace"], metric["Name"], value, metric.get("Unit", "None"), dimensions
