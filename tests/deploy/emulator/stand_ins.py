"""What the emulator only pretends to create, and what it creates but does not execute, each with the reason.

A resource type that neither the emulator nor this table knows fails the deployment. Create
it by a call of the emulator's API (through_api.py), or add a line here.
"""

from collections.abc import Mapping
from typing import Any

# Such a resource remembers its name, nothing else.
STAND_INS = {
    "AWS::ApplicationAutoScaling::ScalableTarget": "the emulator ignores provisioned concurrency",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "the emulator ignores provisioned concurrency",
    "AWS::ApplicationSignals::ServiceLevelObjective": "the emulator has no Application Signals",
    "AWS::CloudWatch::CompositeAlarm": "its parts are alarms on metric math",
    "AWS::CodeDeploy::Application": "a name only; the hook's decision is obeyed (codedeploy.py)",
    "AWS::CodeDeploy::DeploymentGroup": "no weighted traffic, no waiting, no alarms; the hook's decision is obeyed",
    "AWS::WAFv2::LoggingConfiguration": "the emulator's firewall stores its rules and enforces none",
}
METRIC_MATH = "the emulator evaluates alarms on one metric only"

# Created for real, with gaps that no test of a deployment here can close.
GAPS = {
    "AWS::Budgets::Budget": "stored, never evaluated",
    "AWS::Route53::HealthCheck": "stored, never run",
    "AWS::ApiGateway::Stage": "access logs, metrics and traces are not written",
    "AWS::CloudWatch::Alarm": "wiring only: it ignores dimensions, missing data and datapoints",
    "AWS::IAM::Policy": "rights are stored, not enforced",
    "AWS::Lambda::Alias": "provisioned concurrency is stored, not executed",
    "AWS::Lambda::Function": "a container without limits of memory or processors, without X-Ray, on a writable disk",
    "AWS::Logs::MetricFilter": "stored, never evaluated; embedded metrics are read from the log (embedded_metrics.py)",
    "AWS::SNS::Subscription": "an e-mail counts as confirmed, and none is sent",
    "AWS::WAFv2::WebACL": "stored, never evaluated",
}


def reason(kind: str, properties: Mapping[str, Any]) -> str | None:
    """Why this resource is a stand-in, or None if the emulator creates it for real."""
    if kind == "AWS::CloudWatch::Alarm" and "Metrics" in properties:
        return METRIC_MATH
    return STAND_INS.get(kind)
