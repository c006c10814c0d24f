"""Every widget has a title, a unit and a line that says how to read it."""

import json

import numpy as np
import pytest

from scripts.simulate.cloudwatch import expression
from tests.infra_cdk.conftest import Synthesised, stage_named
from tests.infra_cdk.monitoring import dashboard_widgets
from tests.infra_cdk.monitoring.dashboard_widgets import Widget


def widgets(stage: Synthesised, *kinds: str) -> list[Widget]:
    return [each for board in dashboard_widgets.read(stage.template).values() for each in board if each.kind in kinds]


def lines(widget: Widget, counts: dict[str, float]) -> dict[str, float]:
    """The value of each line, by label, where the metrics of these names have these counts."""
    series = {each.id: np.array([counts[each.name.name]], float) for each in widget.queries if each.name}
    return {
        each.label: float(expression.evaluate(each.expression, series, np.zeros(1, int))[0])
        for each in widget.queries
        if each.expression
    }


def test_there_is_one_for_the_service_and_one_for_the_model(stage: Synthesised) -> None:
    assert dashboard_widgets.read(stage.template).keys() == {"service", "model"}


def test_every_graph_has_a_title_a_unit_and_labels(stage: Synthesised) -> None:
    for widget in widgets(stage, "metric"):
        properties = widget.properties
        assert properties["title"]
        if properties["view"] != "singleValue":
            assert properties["yAxis"]["left"]["label"]
        assert all(query.label for query in widget.queries if query.shown), properties["title"]
        assert all("label" in line for line in properties.get("annotations", {}).get("horizontal", []))


def test_below_each_graph_and_table_a_text_says_how_to_read_it(stage: Synthesised) -> None:
    for board in dashboard_widgets.read(stage.template).values():
        texts = {(each.x, each.y, each.width): each.properties["markdown"] for each in board if each.kind == "text"}
        for widget in (each for each in board if each.kind in ("metric", "log")):
            assert len(texts[widget.x, widget.y + widget.height, widget.width]) > 20


def test_widgets_do_not_overlap_and_fill_the_width(stage: Synthesised) -> None:
    for board in dashboard_widgets.read(stage.template).values():
        taken = [(x, y) for w in board for x in range(w.x, w.x + w.width) for y in range(w.y, w.y + w.height)]
        assert len(taken) == len(set(taken))
        assert max(x for x, _ in taken) == 23


def test_every_alarm_that_notifies_somebody_is_shown(stage: Synthesised) -> None:
    notifying = {
        key
        for kind in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for key, each in stage.of(kind).items()
        if each["Properties"].get("AlarmActions")
    }
    shown = [arn for widget in widgets(stage, "alarm") for arn in widget.properties["alarms"]]
    assert sorted(shown) == sorted(f"${{{key}.Arn}}" for key in notifying)


def test_the_red_lines_are_the_alarms_thresholds(stage: Synthesised) -> None:
    thresholds = {each["Threshold"] for each in stage.properties("AWS::CloudWatch::Alarm")} | {stage.config.concurrency}
    drawn = {
        line["value"]
        for widget in widgets(stage, "metric")
        for line in widget.properties.get("annotations", {}).get("horizontal", [])
    }
    assert drawn <= thresholds
    assert len(drawn) > 8


def test_every_log_query_reads_the_services_log(stage: Synthesised) -> None:
    group = stage.function["LoggingConfig"]["LogGroup"]["Ref"]
    queries = [widget.properties["query"] for widget in widgets(stage, "log")]
    assert len(queries) == 3
    assert all(query.startswith(f"SOURCE '${{{group}}}' | ") for query in queries)


@pytest.mark.parametrize(("failed", "availability", "left"), [(0, 100, 100), (50, 99.995, 50), (200, 99.98, -100)])
def test_availability_and_error_budget_follow_from_the_failed_requests(
    failed: int, availability: float, left: float
) -> None:
    (widget,) = (w for w in widgets(stage_named("prod"), "metric") if w.properties["view"] == "singleValue")
    found = lines(widget, {"5XXError": failed, "Count": 1_000_000})
    assert found == pytest.approx({"Availability, %": availability, "Error budget left, %": left})


def test_the_bars_are_the_classes_shares_beside_the_expected_ones() -> None:
    (widget,) = (w for w in widgets(stage_named("prod"), "metric") if w.properties["view"] == "bar")
    bars = lines(widget, {f"Digit{digit}": 10 * (digit + 1) for digit in range(10)})
    answered = {label: value for label, value in bars.items() if label.isdigit()}
    assert answered == pytest.approx({str(digit): 100 * (digit + 1) / 55 for digit in range(10)})
    assert sum(bars.values()) == pytest.approx(200, abs=0.01)


def test_a_dashboard_is_within_cloudwatchs_limits(stage: Synthesised) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html"""
    for board in dashboard_widgets.read(stage.template).values():
        assert len(board) <= 500
        for widget in (each for each in board if each.kind == "metric"):
            assert len(widget.properties["metrics"]) <= 500
        assert len(json.dumps([widget.properties for widget in board])) < 1_000_000
