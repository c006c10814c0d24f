"""The metrics that alarms and widgets name are those that the function and the heartbeat emit, to the dimension."""

import re
from functools import cache
from typing import Any

from infra_cdk import config
from infra_cdk.monitoring import metrics
from infra_cdk.monitoring.alarms.model import MEANS, WARNING_SHARES
from lambda_fn.digits import interpret, prepare
from lambda_fn.observers import telemetry
from scripts.simulate.cloudwatch import alarms, dashboards, recording
from scripts.simulate.cloudwatch.queries import Query
from scripts.simulate.cloudwatch.recording import Recording
from scripts.simulate.cloudwatch.store import Name
from tests.infra_cdk.conftest import ROOT, Synthesised

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
# As Lambda writes it: https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
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
    """Pictures with every warning, refused requests, failed ones, and the heartbeat."""
    return recording.record(["odd"], service=service)


def service_of(stage: Synthesised) -> str:
    function = next(
        each["Properties"]
        for name, each in stage.of("AWS::Lambda::Function").items()
        if name.startswith("ServiceFunction")
    )
    return str(function["Environment"]["Variables"]["SERVICE_NAME"])


def emitted(stage: Synthesised) -> dict[Name, str]:
    """The metrics with their units, from the handlers that run with the stage's name."""
    return {
        name: unit
        for requests in recorded(service_of(stage)).values()
        for request in requests
        for name, unit in request.units.items()
    }


def filtered(stage: Synthesised) -> dict[Name, str]:
    """The metrics that filters make of the platform's report and of the function's own lines."""
    said = (each for requests in recorded(service_of(stage)).values() for each in requests)
    lines = [REPORT, *(line for each in said for line in each.lines)]
    made = {}
    for each in stage.properties("AWS::Logs::MetricFilter"):
        field, value = re.fullmatch(r'\{ \$\.(\w+) = "([\w.]+)" \}', each["FilterPattern"]).groups()  # type: ignore[union-attr]
        (transformation,) = each["MetricTransformations"]
        dimensions = {each["Key"]: each["Value"] for each in transformation.get("Dimensions", [])}
        line = next(line for line in lines if line.get(field) == value)
        assert _at(line, transformation["MetricValue"]) in (233, "1")
        found = {key: _at(line, path) for key, path in dimensions.items()}
        made[Name.of(transformation["MetricNamespace"], transformation["MetricName"], found)] = transformation["Unit"]
    return made


def test_only_what_the_function_answers_with_a_5xx_is_filtered_as_failed(stage: Synthesised) -> None:
    for requests in recorded(service_of(stage)).values():
        for each in requests:
            assert each.failed == any(line.get("status", 0) >= 500 for line in each.lines)


def _at(line: dict[str, Any], path: str) -> Any:
    value: Any = line
    if not path.startswith("$."):
        return path
    for member in path.removeprefix("$.").split("."):
        value = value[member]
    return value


def named(stage: Synthesised) -> list[Query]:
    graphs = [widget for board in dashboards.read(stage.template).values() for widget in board]
    return [
        query
        for queries in (
            *(alarm.queries for alarm in alarms.read(stage.template).values()),
            *(dashboards.queries(widget) for widget in graphs if widget.kind == "metric"),
        )
        for query in queries
    ]


def test_every_metric_of_ours_that_is_named_is_emitted(stage: Synthesised) -> None:
    there = emitted(stage) | filtered(stage)
    ours = {query.name for query in named(stage) if query.name and not query.name.namespace.startswith("AWS/")}
    assert len(ours) > 25
    assert ours <= there.keys(), ours - there.keys()


def test_every_search_finds_something(stage: Synthesised) -> None:
    for query in named(stage):
        if query.expression.startswith("SEARCH('{PostalDigits"):
            found = dashboards.SEARCH.fullmatch(query.expression)
            assert found
            _, dimensions, metric, _, service, _, _ = found.groups()
            assert any(
                name.name == metric
                and dict(name.dimensions).keys() == set(dimensions.split(","))
                and dict(name.dimensions)["service"] == service
                for name in emitted(stage)
            )


def test_both_sides_have_the_same_names() -> None:
    here = {name: value for name, value in vars(metrics).items() if name.isupper() and isinstance(value, str)}
    there = {name: value for name, value in vars(telemetry).items() if name.isupper() and isinstance(value, str)}
    shared = here.keys() & there.keys()
    assert len(shared) >= 12
    assert {name: here[name] for name in shared} == {name: there[name] for name in shared}
    assert metrics.DIGITS == telemetry.DIGITS


def test_every_warning_is_watched() -> None:
    codes = {value for name, value in vars(prepare).items() if name.isupper() and isinstance(value, str)}
    assert interpret.BLANK in codes
    assert codes == set(config.WARNINGS) == set(WARNING_SHARES) == set(MEANS)
    assert {metrics.warning(code) for code in codes} == {telemetry.metric_name("Warning", code) for code in codes}


def entries() -> set[str]:
    section = RUNBOOK.split("\n## Alarms\n")[1].split("\n## ")[0]
    return set(re.findall(r"^### (\S+)$", section, re.MULTILINE))


def test_every_alarm_has_its_entry_and_every_entry_an_alarm(stage: Synthesised) -> None:
    anchors = {
        each["AlarmDescription"].split("docs/runbook.md#")[1]
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for each in stage.properties(kind)
    }
    assert anchors <= entries()
    if stage.config.stage == "prod":
        assert anchors == entries()


def test_an_entry_says_the_same_severity_as_the_alarm(stage: Synthesised) -> None:
    for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for each in stage.properties(kind):
            severity, anchor = each["AlarmDescription"].split(".")[0], each["AlarmDescription"].split("#")[1]
            assert f"### {anchor}\n\n**{severity}" in RUNBOOK


def test_links_within_the_runbook_lead_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= headings
