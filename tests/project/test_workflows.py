"""Deployments from GitHub: stages don't wait for each other, and a role may do what its stage's run needs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_cdk import naming, stage_file

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
TRUST, PERMISSIONS = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", OPERATIONS, flags=re.S))


def workflow(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text())
    return content


DEPLOY, DEPLOY_STAGE = workflow("deploy"), workflow("deploy-stage")


def test_an_approval_that_waits_holds_no_other_stage() -> None:
    assert "concurrency" not in DEPLOY
    groups = {name: DEPLOY["jobs"][name]["concurrency"]["group"] for name in stage_file.names()}
    assert len(set(groups.values())) == len(groups)


def test_no_deployment_is_cancelled_while_it_runs() -> None:
    for name in stage_file.names():
        assert DEPLOY["jobs"][name]["concurrency"]["cancel-in-progress"] is False


def test_a_newer_commit_replaces_one_that_waits_for_approval() -> None:
    job = DEPLOY["jobs"]["supersede"]
    assert (job["needs"], job["permissions"]) == ("dev", {"actions": "write"})
    (step,) = job["steps"]
    assert "gh run list --workflow deploy.yml --status waiting" in step["run"]
    assert "select(. < $RUN)" in step["run"]
    assert set(DEPLOY["jobs"]["prod"]["needs"]) == {"dev", "supersede"}


def test_values_come_from_the_stages_file() -> None:
    used = set(re.findall(r"vars\.([A-Z_]+)", (WORKFLOWS / "deploy-stage.yml").read_text()))
    assert used == {"AWS_ROLE_ARN", "AWS_REGION"}
    commands = " ".join(step.get("run", "") for step in DEPLOY_STAGE["jobs"]["deploy"]["steps"])
    assert "make deploy STAGE=" in commands
    assert not re.search(r"ALARM_EMAIL|CONTEXT|REMOVE", commands)


def test_the_role_trusts_one_stages_environment_only() -> None:
    (statement,) = TRUST["Statement"]
    subject = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert subject == "repo:OWNER/REPOSITORY:environment:prod"
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"


def test_the_role_may_assume_its_stages_cdk_roles_but_not_read_through_them() -> None:
    (roles,) = (each["Resource"] for each in PERMISSIONS["Statement"] if each["Action"] == "sts:AssumeRole")
    names = [
        f"cdk-{naming.qualifier('prod')}-{kind}-role" for kind in ("deploy", "file-publishing", "image-publishing")
    ]
    assert roles == [f"arn:aws:iam::ACCOUNT:role/{name}-ACCOUNT-REGION" for name in names]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        *(
            (f"cloudformation:{action}", "arn:aws:cloudformation:REGION:ACCOUNT:stack/PostalDigits-prod/*")
            for action in ("DescribeStacks", "GetTemplate", "ListStackResources", "UpdateTerminationProtection")
        ),
        ("sns:ListSubscriptionsByTopic", "arn:aws:sns:REGION:ACCOUNT:PostalDigits-prod-*"),
        ("apigateway:GET", "arn:aws:apigateway:REGION::/apikeys/KEY_ID"),
    ],
)
def test_the_role_may_do_what_preflight_and_smoke_need(action: str, resource: str) -> None:
    allowed = [
        (each["Resource"], [each["Action"]] if isinstance(each["Action"], str) else each["Action"])
        for each in PERMISSIONS["Statement"]
    ]
    assert any(where == resource and action in actions for where, actions in allowed)
    assert "*" not in [where for where, _ in allowed]
