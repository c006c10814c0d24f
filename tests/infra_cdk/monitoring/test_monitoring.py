"""Alarms notify somebody, explain themselves, and treat missing data on purpose."""

import re
from collections.abc import Callable
from typing import Any

from scripts.operate import cost
from scripts.simulate.cloudwatch import alarms
from tests.infra_cdk.conftest import PROD, Synthesised
from tests.infra_cdk.monitoring import dashboard_widgets
from tests.infra_cdk.monitoring.test_topics import topics_of

Synth = Callable[..., Synthesised]
METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
# Missing data is a fault for these only.
FIRE_WITHOUT_DATA = {"heartbeat-silent", "no-traffic"}


def name_of(alarm: dict[str, Any]) -> str:
    return str(alarm["Properties"]["AlarmName"]).split("-", 2)[2]


def test_every_alarm_notifies_the_topic_of_its_severity_or_is_part_of_one_that_does(stage: Synthesised) -> None:
    """Of its end too."""
    topics = topics_of(stage)
    children = {child for each in stage.properties(COMPOSITE) for child in alarms.children_of(each["AlarmRule"])}
    for key, alarm in (stage.of(METRIC) | stage.of(COMPOSITE)).items():
        topic = {"Ref": topics[alarm["Properties"]["AlarmDescription"].split(".")[0]]}
        expected = [] if key in children else [topic]
        assert alarm["Properties"].get("AlarmActions", []) == expected, name_of(alarm)
        assert alarm["Properties"].get("OKActions", []) == expected, name_of(alarm)
    assert children <= stage.of(METRIC).keys()


def test_missing_data_fires_only_where_data_must_come(stage: Synthesised) -> None:
    for alarm in stage.of(METRIC).values():
        expected = "breaching" if name_of(alarm) in FIRE_WITHOUT_DATA else "notBreaching"
        assert alarm["Properties"]["TreatMissingData"] == expected, name_of(alarm)


def test_an_alarms_text_has_severity_meaning_first_step_and_runbook_entry(stage: Synthesised) -> None:
    for alarm in (stage.of(METRIC) | stage.of(COMPOSITE)).values():
        said = alarm["Properties"]["AlarmDescription"]
        severity, first, anchor = said.split(". ")[0], said.split(" First: ")[1], said.split("docs/runbook.md#")[1]
        assert severity in ("PAGE", "TICKET")
        assert len(first) > 20
        assert name_of(alarm).startswith(anchor)
        assert len(said) <= 1024


def test_every_alarm_is_within_cloudwatchs_limits(stage: Synthesised) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    for alarm in alarms.read(stage.template).values():
        metrics = [query for query in alarm.queries if query.name]
        assert len(metrics) <= 10
        assert all(len(query.expression) <= 2048 for query in alarm.queries)
        assert len({query.period for query in alarm.queries}) == 1
        longest = 24 * 60 if alarm.queries[0].period < 60 else 7 * 24 * 60
        assert alarm.properties["EvaluationPeriods"] * alarm.queries[0].period <= longest


def test_numbers_in_metric_math_have_a_digit_before_the_point(stage: Synthesised) -> None:
    """CloudWatch's grammar does not say whether .5 is a number."""
    expressions = [query.expression for alarm in alarms.read(stage.template).values() for query in alarm.queries]
    boards = dashboard_widgets.read(stage.template).values()
    graphs = [each for board in boards for each in board if each.kind == "metric"]
    expressions += [query.expression for graph in graphs for query in graph.queries]
    assert sum(map(bool, expressions)) > 20
    assert [each for each in expressions if re.search(r"(?<!\d)\.\d", each)] == []


def test_a_page_comes_within_fifteen_minutes(stage: Synthesised) -> None:
    for alarm in stage.properties(METRIC):
        if alarm["AlarmDescription"].startswith("PAGE") and "Metrics" not in alarm:
            assert alarm["DatapointsToAlarm"] * alarm["Period"] <= 15 * 60


def test_new_version_and_heartbeat_alarms_roll_back_a_deployment(stage: Synthesised) -> None:
    (group,) = stage.properties("AWS::CodeDeploy::DeploymentGroup")
    watched = [stage.of(METRIC)[alarm["Name"]["Ref"]] for alarm in group["AlarmConfiguration"]["Alarms"]]
    assert {name_of(alarm) for alarm in watched} == {"new-version-errors", "heartbeat-failed", "heartbeat-wrong"}
    errors = next(alarm["Properties"] for alarm in watched if name_of(alarm) == "new-version-errors")
    dimensions = {
        dimension["Name"]: dimension["Value"]
        for query in errors["Metrics"]
        for dimension in query.get("MetricStat", {}).get("Metric", {}).get("Dimensions", [])
    }
    (alias,) = stage.of("AWS::Lambda::Alias").values()
    version = alias["Properties"]["FunctionVersion"]
    assert dimensions["ExecutedVersion"] == dimensions["function_version"] == version


def test_provisioned_concurrency_has_alarms_if_it_is_on(stage: Synthesised) -> None:
    names = {name_of(alarm) for alarm in stage.of(METRIC).values()}
    warm = {"provisioned-utilisation", "provisioned-spillover", "cold-starts"}
    assert names & warm == (warm if stage.config.provisioned_lowest else set())


def test_missing_traffic_has_an_alarm_if_busy_hours_are_set(synth: Synth) -> None:
    def watched(**values: str) -> bool:
        return any(name_of(alarm) == "no-traffic" for alarm in synth(values).of(METRIC).values())

    assert watched(busy_hours="MON-FRI 6-18")
    assert not watched(stage="dev")


def test_usual_warnings_have_no_alarm(synth: Synth) -> None:
    names = {name_of(alarm) for alarm in synth({"usual_warnings": "resized,low_contrast"}).of(METRIC).values()}
    assert {name for name in names if name.startswith("warning-")} == {
        f"warning-{code}" for code in ("blank", "unclear", "cluttered", "inverted", "colour", "recentred")
    }


def test_a_failed_observer_is_a_ticket(stage: Synthesised) -> None:
    (alarm,) = (each for each in stage.properties(METRIC) if each.get("MetricName") == "ObserverFailures")
    assert alarm["AlarmDescription"].startswith("TICKET")
    assert (alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == ("Sum", 1, 15 * 60)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": stage.config.service_name}]


def test_the_objective_and_the_burn_rate_alarms_count_the_same_requests(stage: Synthesised) -> None:
    objective = stage.only("AWS::ApplicationSignals::ServiceLevelObjective")
    assert objective["Goal"]["AttainmentGoal"] == 99.99
    assert objective["Goal"]["Interval"]["RollingInterval"] == {"Duration": 30, "DurationUnit": "DAY"}
    windows = {each["LookBackWindowMinutes"] for each in objective["BurnRateConfigurations"]}
    assert windows == {60, 5, 360, 30, 1440, 120}
    sli = objective["RequestBasedSli"]["RequestBasedSliMetric"]
    counted = [sli["TotalRequestCountMetric"], sli["MonitoredRequestCountMetric"]["BadCountMetric"]]
    child = next(each for each in stage.properties(METRIC) if each["AlarmName"].endswith("error-budget-1h-long"))
    alarmed = {each["Id"]: each["MetricStat"]["Metric"] for each in child["Metrics"] if "MetricStat" in each}
    assert [each["MetricStat"]["Metric"] for (each,) in counted] == [alarmed["requests60"], alarmed["errors60"]]


def test_two_stages_of_an_account_have_different_metrics(synth: Synth) -> None:
    """API Gateway's metrics have the API's name as a dimension; Lambda's reports have none."""
    dev, prod = synth({}), synth(PROD)
    assert dev.only("AWS::ApiGateway::RestApi")["Name"] != prod.only("AWS::ApiGateway::RestApi")["Name"]
    in_dev, in_prod = (
        {
            filtered["MetricTransformations"][0]["MetricNamespace"]
            for filtered in each.properties("AWS::Logs::MetricFilter")
        }
        for each in (dev, prod)
    )
    assert in_dev.isdisjoint(in_prod)


def test_the_cost_estimate_counts_what_is_deployed(synth: Synth) -> None:
    deployed, prod = cost.read()["deployed"], synth(PROD)
    metrics = [query.name for each in alarms.read(prod.template).values() for query in each.queries if query.name]
    assert (deployed["alarm_metrics"], deployed["composites"]) == (len(metrics), len(prod.of(COMPOSITE)))
    assert deployed["dashboards"] == len(prod.of("AWS::CloudWatch::Dashboard"))
    assert deployed["keys"] == len(prod.of("AWS::KMS::Key"))
