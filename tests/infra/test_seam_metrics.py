"""The metrics that alarms and widgets name are those that the function and the heartbeat emit, to the dimension."""

import re
from functools import cache
from typing import Any

from infra_cdk import config, metrics
from infra_cdk.model_alarms import MEANS, WARNING_SHARES
from lambda_fn import postprocess, preprocess, telemetry
from scripts.cloudwatch import alarms, dashboards, recording
from scripts.cloudwatch.queries import Query
from scripts.cloudwatch.recording import Recording
from scripts.cloudwatch.store import Name
from tests.infra.conftest import ROOT, Synthesised

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


def emitted(stage: Synthesised) -> dict[Name, str]:
    """The metrics with their units, from the handlers that run with the stage's name."""
    function = next(
        each["Properties"]
        for name, each in stage.of("AWS::Lambda::Function").items()
        if name.startswith("ServiceFunction")
    )
    service = function["Environment"]["Variables"]["SERVICE_NAME"]
    return {
        name: unit
        for requests in recorded(service).values()
        for request in requests
        for name, unit in request.units.items()
    }


def filtered(stage: Synthesised) -> dict[Name, str]:
    """The metrics that a filter makes of the platform's report."""
    made = {}
    for each in stage.properties("AWS::Logs::MetricFilter"):
        field, value = re.fullmatch(r'\{ \$\.(\w+) = "([\w.]+)" \}', each["FilterPattern"]).groups()  # type: ignore[union-attr]
        assert REPORT[field] == value
        (transformation,) = each["MetricTransformations"]
        assert _at(transformation["MetricValue"]) == 233
        made[Name.of(transformation["MetricNamespace"], transformation["MetricName"], {})] = transformation["Unit"]
    return made


def _at(path: str) -> Any:
    value: Any = REPORT
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
    codes = {value for name, value in vars(preprocess).items() if name.isupper() and isinstance(value, str)}
    assert postprocess.BLANK in codes
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
