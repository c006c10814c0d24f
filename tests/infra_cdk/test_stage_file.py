"""A stage's values are read from its file; a wrong one is refused in one line that names the file."""

import re
from pathlib import Path

import pytest

from infra_cdk import context, stage_file
from infra_cdk.config import ConfigError, ScalingSchedule, StageConfig

FILE = "infra_cdk/stages/dev.toml: "
SCHEDULE = '[[scaling_schedules]]\ncron = "cron(0 4 ? * MON-SAT *)"\nlowest = {}\nhighest = 40\n'


def test_the_stages_are_the_files(tmp_path: Path) -> None:
    for name in ("test", "dev"):
        (tmp_path / f"{name}.toml").write_text("")
    assert stage_file.names(tmp_path) == ("dev", "test")
    assert context.read({"stage": "test"}, tmp_path) == StageConfig(stage="test")


def test_a_value_is_the_files_unless_the_context_has_another(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text('memory_mb = 2048\nclients = ["post", "backup"]\nconcurrency = 50\n')
    config = context.read({"memory_mb": "1024"}, tmp_path)
    assert (config.memory_mb, config.clients, config.concurrency) == (1024, ("post", "backup"), 50)


def test_schedules_are_tables(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text(SCHEDULE.format(10))
    assert context.read({}, tmp_path).scaling_schedules == (ScalingSchedule("cron(0 4 ? * MON-SAT *)", 10, 40),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("memory = 1769", "memory is no value of a stage; there are alarm_email, architecture, "),
        ('stage = "prod"', "stage is no value of a stage; there are "),
        ("memory_mb = 511", "memory_mb is 511; it takes a whole number from 512 to 10240"),
        ('memory_mb = "1769"', "memory_mb is '1769'; it takes a whole number from 512 to 10240"),
        ('waf = "true"', "waf is 'true'; it takes true or false"),
        ("log_retention_days = 8", "log_retention_days is 8; it takes one of 1, 3, 5, "),
        ('clients = "post"', "clients is 'post'; it takes one to ten different names"),
        ("low_confidence_share = nan", "low_confidence_share is nan; it takes a share from 0.01 to 1"),
        (SCHEDULE.format(0), "scaling_schedules is [{'cron': 'cron(0 4 ? * MON-SAT *)', "),
        (SCHEDULE.format(10) + "most = 50", "scaling_schedules is [{'cron': "),
        (SCHEDULE.format(10).replace("cron(", "at("), "scaling_schedules is [{'cron': 'at("),
        ("model_from_bucket = true", "model_from_bucket is true; it takes model_bucket=true beside it"),
        ("waf", "Expected '=' after a key"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_it(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "dev.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        context.read({"waf_requests_per_ip": "1000"}, tmp_path)
    assert str(caught.value).startswith(FILE + said)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_bytes(b'clients = ["\xff"]')
    with pytest.raises(ConfigError, match=f"^{re.escape(FILE)}'utf-8' codec"):
        context.read({}, tmp_path)


def test_the_context_is_blamed_for_its_own_values(tmp_path: Path) -> None:
    (tmp_path / "dev.toml").write_text("concurrency = 50\nprovisioned_highest = 40\nprovisioned_lowest = 9\n")
    with pytest.raises(ConfigError, match=r"^concurrency is 10; it takes more than the 40 environments"):
        context.read({"concurrency": "10"}, tmp_path)
