"""cdk-nag, checkov and cfn-lint find nothing, and every suppression belongs to one resource and has a reason."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra_cdk.conftest import ROOT, STAGES

CHECKOV = ROOT / ".cache/checkov/bin/checkov"
CFN_LINT = Path(sys.executable).with_name("cfn-lint")


Check = dict[str, Any]


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The output of app.py for each stage, run as the CDK CLI runs it; app.py fails if cdk-nag finds an error."""
    return {name: synthesised(tmp_path_factory.mktemp(name), **values) for name, values in STAGES.items()}


@pytest.fixture(params=STAGES)
def assembly(request: pytest.FixtureRequest, assemblies: dict[str, Path]) -> Path:
    """Each stage's output in turn."""
    return assemblies[request.param]


def synthesised(folder: Path, **values: str) -> Path:
    done = run_app(folder, **values)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def run_app(folder: Path, **values: str) -> "subprocess.CompletedProcess[str]":
    context = json.loads((ROOT / "cdk.json").read_bytes())["context"] | values
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    environment |= {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(folder)}
    return subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True)


def template(assembly: Path) -> Path:
    (path,) = assembly.glob("*.template.json")
    return path


def test_cdk_nag_finds_nothing_and_no_suppression_is_stack_wide(assembly: Path) -> None:
    (report,) = json.loads((assembly / "validation-report.json").read_bytes())["pluginReports"]
    assert (report["pluginName"], report["conclusion"], report["violations"]) == ("AwsSolutions", "success", [])
    for suppressed in report["suppressedViolations"]:
        assert suppressed["acknowledgedAt"].count("/") >= 2, "on a resource, not on the stack or a part of it"
        assert len(suppressed["reason"]) > 40


def test_every_wildcard_in_a_policy_has_a_reason(assembly: Path) -> None:
    """No action has a wildcard, and as many resources have one as findings are suppressed."""
    report = json.loads((assembly / "validation-report.json").read_bytes())["pluginReports"][0]
    suppressed = [each["ruleName"] for each in report["suppressedViolations"] if "IAM5" in each["ruleName"]]
    statements = [
        statement
        for each in json.loads(template(assembly).read_bytes())["Resources"].values()
        if each["Type"] == "AWS::IAM::Policy"
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert "*" not in json.dumps([statement["Action"] for statement in statements])
    wild = [statement for statement in statements if "*" in json.dumps(statement["Resource"])]
    assert len(wild) == len(suppressed)


@pytest.fixture(scope="module")
def without_suppressions(assemblies: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dev's template without the reasons that checkov reads."""
    content = json.loads(template(assemblies["dev"]).read_bytes())
    for resource in content["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    path = tmp_path_factory.mktemp("without") / "dev.template.json"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="module")
def checkov(assemblies: dict[str, Path], without_suppressions: Path) -> Callable[[Path, str], list[Check]]:
    """A template's checks that passed, failed or were skipped; one run checks all templates."""
    paths = [*map(template, assemblies.values()), without_suppressions]
    command = [CHECKOV, "--framework", "cloudformation", "--skip-download", "--output", "json", "--file", *paths]
    done = subprocess.run(command, capture_output=True, text=True)
    results = json.loads(done.stdout)["results"]
    return lambda path, kind: [each for each in results[f"{kind}_checks"] if each["file_abs_path"] == str(path)]


@pytest.fixture(scope="module")
def cfn_lint(assemblies: dict[str, Path]) -> "subprocess.CompletedProcess[str]":
    """One run over all templates."""
    # W3005: CDK itself adds a DependsOn to a reference to the same role.
    command = [CFN_LINT, "--ignore-checks", "W3005", "--regions", "eu-central-1", "us-east-1", "--"]
    return subprocess.run([*command, *map(template, assemblies.values())], capture_output=True, text=True)


def test_checkov_finds_nothing_and_every_suppression_has_a_reason(
    assembly: Path, checkov: Callable[[Path, str], list[Check]]
) -> None:
    path = template(assembly)
    assert len(checkov(path, "passed")) > 40
    assert [(each["check_id"], each["resource"]) for each in checkov(path, "failed")] == []
    assert all(len(each["check_result"]["suppress_comment"]) > 40 for each in checkov(path, "skipped"))


def test_checkov_fails_without_the_suppressions(
    without_suppressions: Path, checkov: Callable[[Path, str], list[Check]]
) -> None:
    assert "CKV_AWS_116" in {each["check_id"] for each in checkov(without_suppressions, "failed")}


def test_cfn_lint_finds_nothing(cfn_lint: "subprocess.CompletedProcess[str]") -> None:
    assert (cfn_lint.returncode, cfn_lint.stdout) == (0, "")


def test_a_bad_value_ends_the_synthesis_with_one_line(tmp_path: Path) -> None:
    done = run_app(tmp_path, stage="prod", memory_mb="lots")
    assert done.returncode == 1
    assert done.stderr == "postal-digits: memory_mb is 'lots'; it takes a whole number from 512 to 10240\n"
