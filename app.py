"""CDK app: synthesises the stage that `-c stage=...` names, and checks it with cdk-nag."""

import sys
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra_cdk import context
from infra_cdk.config import ConfigError
from infra_cdk.stack import PostalDigits

app = App()
try:
    config = context.read(app.node.get_all_context())
    PostalDigits(app, f"PostalDigits-{config.stage}", config=config, source=Path(__file__).parent)
except ConfigError as error:
    sys.exit(f"postal-digits: {error}")
Validations.of(app).add_plugins(AwsSolutionsChecks())
app.synth()
