"""Synthesises stages as app.py does, in the process of the tests."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from infra_cdk import context
from infra_cdk.config import StageConfig
from infra_cdk.stack import PostalDigits
from lambda_fn.settings import Settings

ROOT = Path(__file__).parents[2]
FLAGS = json.loads((ROOT / "cdk.json").read_bytes())["context"]

# Prod as it is after its first day.
PROD = {"stage": "prod", "alarm_email": "ops@example.com", "busy_hours": "MON-SAT 4-9"}
DOMAIN = {"domain": "digits.example.com", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}
# Both stages, and prod with its model in a bucket, on a domain.
STAGES: dict[str, dict[str, Any]] = {
    "dev": {"stage": "dev"},
    "prod": PROD,
    "prod-bucket": PROD | DOMAIN | {"model_bucket": "true", "model_from_bucket": "true", "monthly_budget": "150"},
}


@dataclass(frozen=True)
class Synthesised:
    """A stage's template and configuration."""

    config: StageConfig
    template: dict[str, Any]

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type by logical id."""
        resources = self.template["Resources"]
        return {name: each for name, each in resources.items() if each["Type"] == kind}

    def properties(self, kind: str) -> list[dict[str, Any]]:
        """The properties of the resources of a type."""
        return [each.get("Properties", {}) for each in self.of(kind).values()]

    def only(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of a type."""
        (found,) = self.properties(kind)
        return found

    @property
    def function(self) -> dict[str, Any]:
        """The properties of the service's function: the one with the alias."""
        name = self.only("AWS::Lambda::Alias")["FunctionName"]["Ref"]
        properties: dict[str, Any] = self.of("AWS::Lambda::Function")[name]["Properties"]
        return properties

    def auxiliary_function(self, entry: str) -> dict[str, Any]:
        """The resource of the function that runs another module of lambda_fn."""
        command = [f"lambda_fn.{entry}.handler"]
        functions = self.of("AWS::Lambda::Function").values()
        (found,) = (each for each in functions if each["Properties"].get("ImageConfig") == {"Command": command})
        return found

    def allowed(self, role: str) -> dict[str, Any]:
        """The actions that a role's policies allow, with their resources."""
        policies = [each for each in self.properties("AWS::IAM::Policy") if {"Ref": role} in each["Roles"]]
        return {
            action: statement["Resource"]
            for policy in policies
            for statement in policy["PolicyDocument"]["Statement"]
            for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        }


def synthesise(values: dict[str, Any], source: Path = ROOT) -> Synthesised:
    app = App(context=FLAGS | values)
    config = context.read(app.node.get_all_context())
    stack = PostalDigits(app, f"PostalDigits-{config.stage}", config=config, source=source)
    return Synthesised(config, Template.from_stack(stack).to_json())


class RecordedKeys(dict[str, str]):
    """An empty environment that remembers the names that are looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return default

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return False


def names_of_settings() -> set[str]:
    """The environment variables that lambda_fn reads as settings."""
    environment = RecordedKeys()
    Settings.from_environment(environment)
    return environment.asked


@cache
def _with_values(values: tuple[tuple[str, Any], ...]) -> Synthesised:
    return synthesise(dict(values))


def with_values(values: dict[str, Any]) -> Synthesised:
    """A stage with these values, synthesised once; a test must not change it."""
    return _with_values(tuple(sorted(values.items())))


def stage_named(name: str) -> Synthesised:
    return with_values(STAGES[name])


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> Synthesised:
    """Each stage in turn."""
    return stage_named(request.param)


@pytest.fixture(scope="session")
def synth() -> Callable[..., Synthesised]:
    """A stage with other values."""
    return with_values
