"""The served model's contract decides what a stage may expect and warn about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra_cdk.config import ConfigError
from infra_cdk.served_model import ServedModel
from tests.infra_cdk.conftest import ROOT, Synthesised, synthesise

LETTERS = {
    "name": "letters",
    "version": "3",
    "unit": "page",
    "labels": ["a", "b", "c"],
    "class_metrics": ["LetterA", "LetterB", "LetterC"],
    "training_class_shares": [0.5, 0.3, 0.2],
    "warnings": {
        "torn_edge": {"meaning": "an edge is torn", "alarm_above": 0.3, "alarm_meaning": "are torn"},
        "low_confidence": {"meaning": "a person should look", "alarm_above": None, "alarm_meaning": None},
    },
}


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Path]:
    """Writes a repository whose only model is LETTERS, with other members if given."""

    def write(**members: Any) -> Path:
        folder = tmp_path / "model" / "letters" / "3"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "contract.json").write_text(json.dumps(LETTERS | members))
        (tmp_path / "lambda_fn").mkdir(exist_ok=True)
        (tmp_path / "lambda_fn" / "Dockerfile").touch()
        return tmp_path

    return write


def stage_of(source: Path, **values: str) -> Synthesised:
    return synthesise({"model_name": "letters", "model_version": "3"} | values, source)


def test_a_stage_serves_the_model_of_its_configuration(source: Callable[..., Path]) -> None:
    stage = stage_of(source())
    assert stage.function["Environment"]["Variables"]["MODELS"] == "letters=3"


def test_alarms_and_dashboards_follow_the_contract(source: Callable[..., Path]) -> None:
    stage = stage_of(source())
    alarms = {each["AlarmName"].split("-", 2)[2]: each for each in stage.properties("AWS::CloudWatch::Alarm")}
    assert [name for name in alarms if name.startswith("warning-")] == ["warning-torn-edge"]
    assert "More than 30% of the pages of fifteen minutes are torn." in alarms["warning-torn-edge"]["AlarmDescription"]
    assert alarms["warning-torn-edge"]["Threshold"] == 0.3
    counted = [
        each["MetricStat"]["Metric"]["MetricName"] for each in alarms["drift"]["Metrics"] if "MetricStat" in each
    ]
    assert counted == ["LetterA", "LetterB", "LetterC"]
    text = json.dumps(stage.template)
    assert "Pages" in text
    assert not any(word in text for word in ("Digit0", "Images", "images of"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model_name": "words"}, "model_name is 'words'; it takes the name of a folder of model/"),
        ({"model_version": "77"}, "model_version is '77'; it takes one of model/letters"),
        ({"usual_warnings": "blank"}, "usual_warnings is ('blank',); it takes some of torn_edge, with commas between"),
        ({"usual_warnings": "low_confidence"}, "usual_warnings is ('low_confidence',); it takes some of torn_edge, "),
        (
            {"reference_shares": "0.5,0.5"},
            "reference_shares is (0.5, 0.5); it takes 3 shares above 0 whose sum is 1, with commas",
        ),
    ],
)
def test_a_value_that_does_not_fit_the_contract_is_refused_in_one_line(
    values: dict[str, str], message: str, source: Callable[..., Path]
) -> None:
    with pytest.raises(ConfigError) as caught:
        stage_of(source(), **values)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"unit": None}, "model/letters/3/contract.json: unit: "),
        ({"labels": ["a", "b"]}, "model/letters/3/contract.json: contract: "),
        ({"warnings": {"torn": {"meaning": ""}}}, "model/letters/3/contract.json: warnings.torn.alarm_above: "),
        (
            {"warnings": {"torn": {"meaning": "", "alarm_above": 0.1, "alarm_meaning": None}}},
            "model/letters/3/contract.json: warnings.torn: ",
        ),
    ],
)
def test_a_faulty_contract_is_refused_in_one_line(
    members: dict[str, Any], message: str, source: Callable[..., Path]
) -> None:
    with pytest.raises(ConfigError) as caught:
        ServedModel.read(source(**members), "letters", "3")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_more_classes_than_an_alarm_can_hold_are_refused(source: Callable[..., Path]) -> None:
    many = [f"class{number}" for number in range(11)]
    repository = source(labels=many, class_metrics=many, training_class_shares=[1 / 11] * 11)
    with pytest.raises(ConfigError, match="the model has 11 classes; drift takes at most 10"):
        stage_of(repository)


def test_a_stages_own_shares_replace_those_of_the_training_set() -> None:
    model = ServedModel.read(ROOT, "digits", "2")
    own = (0.55, *[0.05] * 9)
    for given, expected in ((own, own), ((), model.training_class_shares)):
        expectations = model.expectations(reference_shares=given, low_confidence_share=0.1, usual_warnings=())
        assert expectations.class_shares == expected
