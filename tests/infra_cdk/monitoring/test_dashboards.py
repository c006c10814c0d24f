"""Every widget is titled, has a unit and says how to read it; together they show what somebody on call looks for."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from infra_cdk.monitoring.burn_rate import PAIRS
from scripts.simulate import dashboard_preview
from scripts.simulate.cloudwatch import dashboards, insights, recording
from scripts.simulate.cloudwatch.dashboards import Widget
from scripts.simulate.preview import day
from scripts.simulate.preview.day import Day
from tests.infra_cdk.conftest import Synthesised, stage_named

Synth = Callable[..., Synthesised]


@pytest.fixture(scope="module")
def today() -> Day:
    return day.make(recording.record(day.KINDS, service="postal-digits-prod"))


def widgets(stage: Synthesised, *kinds: str) -> list[Widget]:
    return [each for board in dashboards.read(stage.template).values() for each in board if each.kind in kinds]


def test_there_is_one_of_the_service_and_one_of_the_model(stage: Synthesised) -> None:
    assert dashboards.read(stage.template).keys() == {"service", "model"}


def test_every_graph_has_a_title_a_unit_and_labels(stage: Synthesised) -> None:
    for widget in widgets(stage, "metric"):
        properties = widget.properties
        assert properties["title"]
        if properties["view"] != "singleValue":
            assert properties["yAxis"]["left"]["label"]
        assert all(query.label for query in dashboards.queries(widget) if query.shown), properties["title"]
        assert all("label" in line for line in properties.get("annotations", {}).get("horizontal", []))


def test_below_each_graph_and_table_stands_how_to_read_it(stage: Synthesised) -> None:
    for board in dashboards.read(stage.template).values():
        texts = {(each.x, each.y, each.width): each.properties["markdown"] for each in board if each.kind == "text"}
        for widget in (each for each in board if each.kind in ("metric", "log")):
            assert len(texts[widget.x, widget.y + widget.height, widget.width]) > 20


def test_widgets_lie_side_by_side(stage: Synthesised) -> None:
    for board in dashboards.read(stage.template).values():
        taken = [(x, y) for w in board for x in range(w.x, w.x + w.width) for y in range(w.y, w.y + w.height)]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) == 23


def test_every_alarm_that_calls_somebody_is_shown(stage: Synthesised) -> None:
    acting = {
        key
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for key, each in stage.of(kind).items()
        if each["Properties"].get("AlarmActions")
    }
    shown = [arn for widget in widgets(stage, "alarm") for arn in widget.properties["alarms"]]
    assert sorted(shown) == sorted(f"${{{key}.Arn}}" for key in acting)


def test_the_bounds_are_the_alarms(stage: Synthesised) -> None:
    thresholds = {each["Threshold"] for each in stage.properties("AWS::CloudWatch::Alarm")}
    thresholds |= {pair.burn for pair in PAIRS} | {stage.config.concurrency}
    drawn = {
        line["value"]
        for widget in widgets(stage, "metric")
        for line in widget.properties.get("annotations", {}).get("horizontal", [])
    }
    assert drawn <= thresholds
    assert len(drawn) > 8


def test_every_query_of_the_log_names_the_functions_group(stage: Synthesised) -> None:
    group = next(
        each["LoggingConfig"]["LogGroup"]["Ref"]
        for name, each in ((n, r["Properties"]) for n, r in stage.of("AWS::Lambda::Function").items())
        if name.startswith("ServiceFunction")
    )
    queries = [widget.properties["query"] for widget in widgets(stage, "log")]
    assert len(queries) == 3
    assert all(query.startswith(f"SOURCE '${{{group}}}' | ") for query in queries)


def test_every_line_of_every_graph_has_data_in_a_load(today: Day) -> None:
    for widget in widgets(stage_named("prod"), "metric"):
        for line in dashboards.drawn(widget, today.store, today.clock):
            assert np.isfinite(line.values).any(), (widget.properties["title"], line.label)


def test_every_query_of_the_log_finds_something_in_a_load(today: Day) -> None:
    for widget in widgets(stage_named("prod"), "log"):
        table = insights.run(widget.properties["query"], today.lines)
        assert table.rows
        assert all("" not in row for row in table.rows), widget.properties["title"]


def test_availability_and_budget_are_what_the_counts_say(today: Day) -> None:
    (widget,) = (w for w in widgets(stage_named("prod"), "metric") if w.properties["view"] == "singleValue")
    availability, left = dashboards.drawn(widget, today.store, today.clock)
    requests = sum(line.times for line in today.lines if "route" in line.members)
    failed = sum(line.times for line in today.lines if line.members.get("status") == 500)
    assert failed > 0
    assert availability.values[-1] == pytest.approx(100 * (1 - failed / requests))
    assert left.values[-1] == pytest.approx(100 * (1 - failed / requests / 1e-4))


def test_shares_of_digits_are_those_of_the_answers(today: Day) -> None:
    (widget,) = (w for w in widgets(stage_named("prod"), "metric") if w.properties["view"] == "bar")
    bars = list(dashboards.drawn(widget, today.store, today.clock))
    answered, expected = bars[::2], bars[1::2]
    assert [bar.label for bar in answered] == [str(digit) for digit in range(10)]
    assert sum(bar.values[-1] for bar in answered) == pytest.approx(100)
    assert sum(bar.values[-1] for bar in expected) == pytest.approx(100, abs=0.01)


def test_the_preview_draws_both(today: Day, tmp_path: Path) -> None:
    template = stage_named("prod").template
    names = dashboard_preview.named(template)
    for name, board in dashboards.read(template).items():
        shown = [dashboard_preview.with_names(each, names) for each in board]
        dashboard_preview.draw(shown, today, dict.fromkeys(names, False), tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_dashboard_fits_what_cloudwatch_takes(stage: Synthesised) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""
    for board in dashboards.read(stage.template).values():
        assert len(board) <= 500
        for widget in (each for each in board if each.kind == "metric"):
            assert len(widget.properties["metrics"]) <= 500
        assert len(json.dumps([widget.properties for widget in board])) < 1_000_000
