"""The CDK's context selects a stage and replaces its values."""

from typing import Any

from infra_cdk import context
from infra_cdk.config import ScalingSchedule, StageConfig

GIVEN: dict[str, tuple[str, Any]] = {
    "architecture": ("arm64", "arm64"),
    "memory_mb": ("3538", 3538),
    "timeout_seconds": ("28", 28),
    "concurrency": ("900", 900),
    "reserve_concurrency": ("true", True),
    "request_seconds": ("0.25", 0.25),
    "quota_per_day": ("5", 5),
    "clients": ("post, backup", ("post", "backup")),
    "provisioned_lowest": ("3", 3),
    "provisioned_highest": ("9", 9),
    "provisioned_utilisation": ("0.5", 0.5),
    "scaling_schedules": (
        "cron(0 4 ? * MON-SAT *) 10 40; cron(0 9 ? * * *) 3 9",
        (ScalingSchedule("cron(0 4 ? * MON-SAT *)", 10, 40), ScalingSchedule("cron(0 9 ? * * *)", 3, 9)),
    ),
    "time_zone": ("Europe/Zurich", "Europe/Zurich"),
    "waf": ("true", True),
    "waf_requests_per_ip": ("900000", 900_000),
    "domain": ("digits.example.com", "digits.example.com"),
    "hosted_zone_id": ("Z0123456789ABCDEFGHIJ", "Z0123456789ABCDEFGHIJ"),
    "cors_origins": ("https://a.example, http://localhost:3000", ("https://a.example", "http://localhost:3000")),
    "log_level": ("DEBUG", "DEBUG"),
    "log_retention_days": ("731", 731),
    "model_name": ("letters", "letters"),
    "model_version": ("3", "3"),
    "model_bucket": ("true", True),
    "model_from_bucket": ("true", True),
    "canary": ("canary_10_percent_5_minutes", "canary_10_percent_5_minutes"),
    "ignore_rollback_alarms": ("true", True),
    "image_links": ("true", True),
    "protected": ("true", True),
    "keep_logs": ("true", True),
    "monthly_budget": ("150.5", 150.5),
    "alarm_email": ("ops@example.com", "ops@example.com"),
    "pager_url": ("https://pager.example.com/alarms", "https://pager.example.com/alarms"),
    "busy_hours": ("MON-FRI 5-22", "MON-FRI 5-22"),
    "reference_shares": ("0.55, 0.05,.05,.05,.05,.05,.05,.05,.05,.05", (0.55, *[0.05] * 9)),
    "low_confidence_share": ("0.3", 0.3),
    "usual_warnings": ("resized, colour", ("resized", "colour")),
}


def test_every_value_can_be_set() -> None:
    assert {"stage"} | GIVEN.keys() == StageConfig.model_fields.keys()
    values = {name: text for name, (text, _) in GIVEN.items()}
    expected = {name: value for name, (_, value) in GIVEN.items()}
    assert context.read(values) == StageConfig(stage="dev", **expected)


def test_the_default_is_dev_without_provisioned_concurrency_and_firewall() -> None:
    dev = context.read({})
    assert (dev.stage, dev.provisioned_highest, dev.waf) == ("dev", 0, False)


def test_the_cdks_own_context_is_ignored() -> None:
    own = {"@aws-cdk/core:x": True, "aws:cdk:bundling-stacks": ["**"], "cli-telemetry": False}
    assert context.read(own) == context.read({})
