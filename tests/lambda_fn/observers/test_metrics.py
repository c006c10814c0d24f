"""The names of metrics, and their lines."""

import io
import json

from lambda_fn.observers import metrics


def test_codes_and_units_become_names() -> None:
    assert metrics.named("Warning", "low_contrast") == "WarningLowContrast"
    assert metrics.named("Rejected", "empty") == "RejectedEmpty"
    assert metrics.inputs_of("image") == "Images"


def test_each_line_has_its_own_dimensions_and_metrics() -> None:
    stream = io.StringIO()
    metrics.write({"Requests": metrics.metric("Count", True)}, {"service": "a"}, stream)
    metrics.write({"TotalTime": metrics.metric("Milliseconds", 1.5)}, {"service": "b", "model_version": "2"}, stream)
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["service"], first["Requests"]) == ("a", [1])
    assert (second["service"], second["model_version"], second["TotalTime"]) == ("b", "2", [1.5])
    assert "Requests" not in second
    (directive,) = second["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service", "model_version"]]
    assert directive["Metrics"] == [{"Name": "TotalTime", "Unit": "Milliseconds"}]
