"""cdk-nag, checkov and cfn-lint find nothing, and what they were told to accept is told beside one resource."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra_cdk.conftest import ROOT, STAGES

CHECKOV = ROOT / ".cache/checkov/bin/checkov"


@pytest.fixture(scope="module", params=STAGES)
def assembly(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What app.py writes, run as the CDK CLI runs it: it fails where cdk-nag finds an error."""
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


def test_cdk_nag_finds_nothing_and_accepts_nothing_stack_wide(assembly: Path) -> None:
    (report,) = json.loads((assembly / "validation-report.json").read_bytes())["pluginReports"]
    assert (report["pluginName"], report["conclusion"], report["violations"]) == ("AwsSolutions", "success", [])
    for accepted in report["suppressedViolations"]:
        assert accepted["acknowledgedAt"].count("/") >= 2, "beside a resource, not on the stack or a whole part of it"
        assert len(accepted["reason"]) > 40


def test_a_wildcard_stands_where_a_reason_does(assembly: Path) -> None:
    """Each resource `*` and each action with a `*` in a policy of ours has been looked at, and no other exists."""
    report = json.loads((assembly / "validation-report.json").read_bytes())["pluginReports"][0]
    accepted = [each["ruleName"] for each in report["suppressedViolations"] if "IAM5" in each["ruleName"]]
    statements = [
        statement
        for each in json.loads(template(assembly).read_bytes())["Resources"].values()
        if each["Type"] == "AWS::IAM::Policy"
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert "*" not in json.dumps([statement["Action"] for statement in statements])
    wild = [statement for statement in statements if "*" in json.dumps(statement["Resource"])]
    assert len(wild) == len(accepted)


def test_checkov_finds_nothing_and_was_told_why(assembly: Path) -> None:
    command = [str(CHECKOV), "--framework", "cloudformation", "--skip-download", "--output", "json", "--file"]
    done = subprocess.run([*command, str(template(assembly))], capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["passed"] > 40
    assert [(each["check_id"], each["resource"]) for each in report["results"]["failed_checks"]] == []
    assert all(len(each["check_result"]["suppress_comment"]) > 40 for each in report["results"]["skipped_checks"])


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    # W3005: the CDK itself writes a DependsOn beside a reference to the same role.
    command = ["cfn-lint", "--ignore-checks", "W3005", "--regions", "eu-central-1", "us-east-1", "--"]
    done = subprocess.run([*command, str(template(assembly))], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_checks_can_fail(tmp_path: Path) -> None:
    """A function with its reasons taken away is refused by checkov: the exceptions are what lets it pass."""
    path = template(synthesised(tmp_path / "out", stage="dev"))
    content = json.loads(path.read_bytes())
    for resource in content["Resources"].values():
        resource.get("Metadata", {}).pop("checkov", None)
    path.write_text(json.dumps(content))
    command = [str(CHECKOV), "--framework", "cloudformation", "--skip-download", "--compact", "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "CKV_AWS_116" in done.stdout


def test_a_bad_value_fails_the_synth_in_one_line(tmp_path: Path) -> None:
    done = run_app(tmp_path, stage="prod", memory_mb="lots")
    assert done.returncode == 1
    assert done.stderr == "postal-digits: memory_mb is 'lots'; it takes a whole number from 512 to 10240\n"
