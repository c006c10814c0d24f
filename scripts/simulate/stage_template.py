"""Synthesises the template of a stage as a deployment would have it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App
from aws_cdk.assertions import Template

from infra_cdk import context
from infra_cdk.config import StageConfig
from infra_cdk.stack import PostalDigits

ROOT = Path(__file__).resolve().parents[2]


def read(stage: str, **values: str) -> StageConfig:
    """The stage's configuration, with an address for its alarms."""
    return context.read({"stage": stage, "alarm_email": "ops@example.com"} | values)


def synthesise(stage: str, **values: str) -> Mapping[str, Any]:
    """Without app.py's own process and checks."""
    config = read(stage, **values)
    app = App(context=json.loads((ROOT / "cdk.json").read_bytes())["context"])
    stack = PostalDigits(app, f"PostalDigits-{config.stage}", config=config, source=ROOT)
    return Template.from_stack(stack).to_json()
