"""Alarms and dashboards use the metrics and log fields that the function and the heartbeat really write."""

import json
import re
from functools import cache
from io import StringIO
from typing import Any

import pytest

from infra_cdk.monitoring import metric_names
from infra_cdk.served_model import ServedModel
from lambda_fn.inference.contract import Contract
from lambda_fn.observers import metrics
from lambda_fn.observers.call_observers import Observers
from lambda_fn.observers.request_log import RequestLog
from scripts.simulate.cloudwatch import alarms, recording
from scripts.simulate.cloudwatch.queries import Query
from scripts.simulate.cloudwatch.recording import Recording, Request
from scripts.simulate.cloudwatch.store import Name
from tests.infra_cdk.conftest import ROOT, Synthesised
from tests.infra_cdk.monitoring import dashboard_widgets

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
# https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
REPORT: dict[str, Any] = {
    "time": "2026-11-21T12:00:00.000Z",
    "type": "platform.report",
    "record": {
        "requestId": "6f7f0961f83442118a7af6fe80b88d56",
        "metrics": {"durationMs": 101.51, "billedDurationMs": 102, "memorySizeMB": 1769, "maxMemoryUsedMB": 233},
    },
}


@cache
def recorded(service: str) -> Recording:
    """Images with every warning, rejected requests, failed ones, and the heartbeat, from the real handlers."""
    return recording.record(["odd"], service=service)


def requests(stage: Synthesised) -> list[Request]:
    return [each for kind in recorded(stage.config.service_name).values() for each in kind]


def failed_observer(service: str) -> Request:
    def observer(_: RequestLog) -> None:
        raise ValueError

    stream = StringIO()
    directory = ROOT / "model" / "digits" / "2"
    Observers([observer], service, stream)(RequestLog(Contract.read(directory / "contract.json")))
    request = Request()
    for line in stream.getvalue().splitlines():
        request.add_line(json.loads(line))
    return request


def emitted(stage: Synthesised) -> set[Name]:
    """The metrics that the handlers emit with the stage's settings."""
    return {name for each in (*requests(stage), failed_observer(stage.config.service_name)) for name in each.units}


def filtered(stage: Synthesised) -> set[Name]:
    """The metrics that the metric filters make from the platform's report and the function's log lines."""
    lines = [REPORT, *(line for each in requests(stage) for line in each.lines)]
    made = set()
    for each in stage.properties("AWS::Logs::MetricFilter"):
        found = re.fullmatch(r'\{ \$\.(\w+) = "([\w.]+)" \}', each["FilterPattern"])
        assert found
        (transformation,) = each["MetricTransformations"]
        line = next(line for line in lines if line.get(found[1]) == found[2])
        assert at(line, transformation["MetricValue"]) in (233, "1")
        dimensions = {each["Key"]: at(line, each["Value"]) for each in transformation.get("Dimensions", [])}
        made.add(Name.of(transformation["MetricNamespace"], transformation["MetricName"], dimensions))
    return made


def at(line: dict[str, Any], path: str) -> Any:
    """The member of a log line at a path such as $.record.metrics; anything else stands for itself."""
    value: Any = line
    if not path.startswith("$."):
        return path
    for member in path.removeprefix("$.").split("."):
        value = value[member]
    return value


def queries(stage: Synthesised) -> list[Query]:
    """All metrics and expressions of alarms and graphs."""
    graphs = [each for board in dashboard_widgets.read(stage.template).values() for each in board]
    return [
        *(query for alarm in alarms.read(stage.template).values() for query in alarm.queries),
        *(query for widget in graphs if widget.kind == "metric" for query in widget.queries),
    ]


def test_every_metric_of_the_service_is_emitted(stage: Synthesised) -> None:
    used = {query.name for query in queries(stage) if query.name and not query.name.namespace.startswith("AWS/")}
    assert len(used) > 25
    assert used <= emitted(stage) | filtered(stage)


def test_every_search_finds_a_metric(stage: Synthesised) -> None:
    for query in queries(stage):
        if query.expression.startswith("SEARCH('{PostalDigits"):
            found = dashboard_widgets.SEARCH.fullmatch(query.expression)
            assert found
            _, dimensions, metric, _, service, _, _ = found.groups()
            assert any(
                name.name == metric
                and dict(name.dimensions).keys() == set(dimensions.split(","))
                and dict(name.dimensions)["service"] == service
                for name in emitted(stage)
            )


def test_only_a_5xx_of_the_function_is_filtered_as_failed(stage: Synthesised) -> None:
    for each in requests(stage):
        assert each.failed == any(line.get("status", 0) >= 500 for line in each.lines)


def test_every_log_query_finds_lines_that_have_its_fields(stage: Synthesised) -> None:
    lines = [line for each in requests(stage) for line in each.lines]
    boards = dashboard_widgets.read(stage.template).values()
    for query in (each.properties["query"] for board in boards for each in board if each.kind == "log"):
        conditions = re.findall(r'(\w+) = "(\w+)"', query)
        found = [line for line in lines if any(line.get(field) == value for field, value in conditions)]
        shown = re.findall(r"(?:\| fields @timestamp, | by )([\w, ]+)", query)[0].split(", ")
        assert any(set(shown) <= line.keys() for line in found), query


def test_both_sides_have_the_same_names() -> None:
    here, there = (
        {name: value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)}
        for module in (metric_names, metrics)
    )
    shared = here.keys() & there.keys()
    assert len(shared) >= 15
    assert {name: here[name] for name in shared} == {name: there[name] for name in shared}


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_sides_read_the_same_contract(version: str) -> None:
    model = ServedModel.read(ROOT, "digits", version)
    contract = Contract.read(ROOT / "model" / "digits" / version / "contract.json")
    assert model.units_metric == metrics.inputs_of(contract.unit)
    assert (model.labels, model.class_metrics) == (contract.labels, contract.class_metrics)
    assert model.warnings.keys() == contract.warnings.keys()
    assert {metric_names.warning(code) for code in model.warnings} == {
        metrics.named("Warning", code) for code in contract.warnings
    }


def entries() -> set[str]:
    """Headings of the alarms' section of the runbook."""
    section = RUNBOOK.split("\n## Alarms\n")[1].split("\n## ")[0]
    return set(re.findall(r"^### (\S+)$", section, re.MULTILINE))


def descriptions(stage: Synthesised) -> list[str]:
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    return [each["AlarmDescription"] for kind in kinds for each in stage.properties(kind)]


def test_every_alarm_has_a_runbook_entry_and_every_entry_an_alarm(stage: Synthesised) -> None:
    anchors = {each.split("docs/runbook.md#")[1] for each in descriptions(stage)}
    assert anchors <= entries()
    if stage.config.stage == "prod":
        assert anchors == entries()


def test_a_runbook_entry_has_the_alarms_severity(stage: Synthesised) -> None:
    for each in descriptions(stage):
        assert f"### {each.split('#')[1]}\n\n**{each.split('.')[0]}" in RUNBOOK


def test_links_within_the_runbook_have_targets() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= headings
