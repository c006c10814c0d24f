"""Configuration that can't be deployed is refused in one line."""

import pytest

from infra_cdk import context
from infra_cdk.config import MEASURED_COLD_START_SECONDS, ConfigError
from tests.infra_cdk.conftest import PROD


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"stage": "test"}, "stage is 'test'; it takes one of dev, prod"),
        ({"memory": "1769"}, "memory is no value of a stage; there are stage, architecture, memory_mb, "),
        ({"architecture": "arm"}, "architecture is 'arm'; it takes one of x86_64, arm64"),
        ({"memory_mb": "lots"}, "memory_mb is 'lots'; it takes a whole number from 512 to 10240"),
        ({"memory_mb": "511"}, "memory_mb is 511; it takes a whole number from 512 to 10240"),
        ({"timeout_seconds": "29"}, "timeout_seconds is 29; it takes a whole number from 2 to 28"),
        ({"request_seconds": "nan"}, "request_seconds is nan; it takes seconds from 0.01 to 28"),
        ({"waf": "yes"}, "waf is 'yes'; it takes true or false"),
        ({"clients": "post,post"}, "clients is ('post', 'post'); it takes one to ten different names"),
        ({"clients": ",".join("abcdefghijk")}, "clients is ('a', 'b', "),
        (
            {"cors_origins": "a.example"},
            "cors_origins is ('a.example',); it takes origins such as https://post.example",
        ),
        ({"clients": "a b"}, "clients is ('a b',); it takes one to ten different names"),
        (
            {"scaling_schedules": "rate(5) 1 2"},
            "scaling_schedules is 'rate(5) 1 2'; it takes tables of cron, lowest and highest",
        ),
        ({"scaling_schedules": "cron(0 4 ? * * *) 0 2"}, "scaling_schedules is (ScalingSchedule("),
        ({"time_zone": "9"}, "time_zone is '9'; it takes a zone such as Europe/Zurich"),
        ({"log_retention_days": "8"}, "log_retention_days is 8; it takes one of 1, 3, 5, "),
        ({"model_name": "../x"}, "model_name is '../x'; it takes the name of a folder of model/"),
        ({"model_version": "../1"}, "model_version is '../1'; it takes the number of a version"),
        ({"alarm_email": "ops"}, "alarm_email is 'ops'; it takes an e-mail address"),
        ({"busy_hours": "MON-SAT 9-4"}, "busy_hours is 'MON-SAT 9-4'; it takes days and hours such as 'MON-SAT 4-9'"),
        ({"busy_hours": "SAT-MON 4-9"}, "busy_hours is 'SAT-MON 4-9'; it takes days and hours"),
        ({"reference_shares": "0.5,0.4"}, "reference_shares is (0.5, 0.4); it takes shares above 0 whose sum is 1"),
        ({"reference_shares": "1,0,0,0,0,0,0,0,0,0"}, "reference_shares is (1.0, 0.0, "),
        ({"low_confidence_share": "0"}, "low_confidence_share is 0.0; it takes a share from 0.01 to 1"),
        ({"model_from_bucket": "true"}, "model_from_bucket is true; it takes model_bucket=true beside it"),
        ({"provisioned_highest": "3"}, "provisioned_highest is 3; it takes 0, where provisioned_lowest is 0"),
        ({"provisioned_lowest": "3"}, "provisioned_lowest is 3; it takes at most provisioned_highest, 0"),
        ({"stage": "prod", "concurrency": "40"}, "concurrency is 40; it takes more than the 40 environments"),
        ({"clients": "a,b,c"}, "infra_cdk/stages/dev.toml: concurrency is 10; it takes more, to serve 3 clients"),
        ({"request_seconds": "3"}, "request_seconds is 3.0; it takes less, to serve anything with concurrency=10"),
        ({"stage": "prod", "waf_requests_per_ip": "500"}, "waf_requests_per_ip is 500; it takes more than the "),
        (
            {"stage": "prod"},
            'infra_cdk/stages/prod.toml: alarm_email is ""; it takes an address, because the stage is protected',
        ),
        ({"monthly_budget": "-1"}, "monthly_budget is -1.0; it takes US dollars from 0 to 1e+06"),
        ({"monthly_budget": "150"}, "monthly_budget is 150.0; it takes 0, where alarm_email is empty"),
        ({"protected": "true", "alarm_email": ""}, 'alarm_email is ""; it takes an address, because the stage is'),
    ],
)
def test_a_bad_value_is_refused_in_one_line(values: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        context.read(values)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_the_timeout_allows_three_cold_starts_and_is_shorter_than_api_gateways() -> None:
    for config in (context.read(values) for values in ({}, PROD)):
        assert 3 * MEASURED_COLD_START_SECONDS <= config.timeout_seconds < 29
