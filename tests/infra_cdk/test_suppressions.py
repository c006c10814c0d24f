"""cdk-nag, checkov and cfn-lint find nothing, and every suppression belongs to one resource and has a reason."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra_cdk.conftest import ROOT, STAGES

CHECKOV = ROOT / ".cache/checkov/bin/checkov"
CFN_LINT = Path(sys.executable).with_name("cfn-lint")


@pytest.fixture(scope="module", params=STAGES)
def assembly(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of app.py, run as the CDK CLI runs it; app.py fails if cdk-nag finds an error."""
    folder = tmp_path_factory.mktemp(request.param)
    return synthesised(folder, **STAGES[request.param])


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


def test_checkov_finds_nothing_and_every_suppression_has_a_reason(assembly: Path) -> None:
    command = [str(CHECKOV), "--framework", "cloudformation", "--skip-download", "--output", "json", "--file"]
    done = subprocess.run([*command, str(template(assembly))], capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["passed"] > 40
    assert [(each["check_id"], each["resource"]) for each in report["results"]["failed_checks"]] == []
    assert all(len(each["check_result"]["suppress_comment"]) > 40 for each in report["results"]["skipped_checks"])


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    # W3005: CDK itself adds a DependsOn to a reference to the same role.
    command = [str(CFN_LINT), "--ignore-checks", "W3005", "--regions", "eu-central-1", "us-east-1", "--"]
    done = subprocess.run([*command, str(template(assembly))], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_checkov_fails_without_the_suppressions(tmp_path: Path) -> None:
    path = template(synthesised(tmp_path / "out", stage="dev"))
    content = json.loads(path.read_bytes())
    for resource in content["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    path.write_text(json.dumps(content))
    command = [str(CHECKOV), "--framework", "cloudformation", "--skip-download", "--compact", "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "CKV_AWS_116" in done.stdout


def test_a_bad_value_ends_the_synthesis_with_one_line(tmp_path: Path) -> None:
    done = run_app(tmp_path, stage="prod", memory_mb="lots")
    assert done.returncode == 1
    assert done.stderr == "postal-digits: memory_mb is 'lots'; it takes a whole number from 512 to 10240\n"
