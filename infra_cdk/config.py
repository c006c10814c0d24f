"""What a stage deploys, checked: every difference between stages is data here, and a bad value is told in one line."""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra_cdk.api import throttle
from infra_cdk.api.throttle import Throttle

# The emulator's Init Duration in the container on one processor, which is what 1,769 MB buy in Lambda.
MEASURED_COLD_START_SECONDS = 0.34
GATEWAY_SECONDS = 29
MB_PER_CPU = 1769
KEYLESS_PATHS = ("/", "/health", "/openapi.json", "/docs", "/console")
# Every method below these takes a key; the function says which it knows.
KEYED_PATHS = ("/predict/{proxy+}", "/v2", "/v2/{proxy+}")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


# Of a picture; lambda_fn/preprocess.py gives them.
WARNINGS = ("blank", "colour", "inverted", "resized", "recentred", "low_contrast", "cluttered", "unclear")
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class ConfigError(ValueError):
    """A value can't be deployed; the message is one line that names it and says what is allowed."""


@dataclass(frozen=True, slots=True)
class ScalingSchedule:
    """From `cron` on, between `lowest` and `highest` environments are kept warm."""

    cron: str
    lowest: int
    highest: int


def _value(default: Any, takes: str, check: Callable[[Any], bool]) -> Any:
    return field(default=default, metadata={"takes": takes, "check": check})


def _whole(default: int, lowest: int, highest: int) -> Any:
    return _value(default, f"a whole number from {lowest} to {highest}", lambda number: lowest <= number <= highest)


def _one_of(default: Any, *choices: Any) -> Any:
    return _value(default, "one of " + ", ".join(map(str, choices)), lambda value: value in choices)


def _text(default: str, takes: str, pattern: str) -> Any:
    return _value(default, takes, lambda text: re.fullmatch(pattern, text) is not None)


def _flag(default: bool) -> Any:
    return _value(default, "true or false", lambda _: True)


def _are_names(names: tuple[str, ...]) -> bool:
    distinct = 1 <= len(names) == len(set(names)) <= 10
    return distinct and all(re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name) for name in names)


def _is_origin(origin: str) -> bool:
    return re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin) is not None


def _are_hours(text: str) -> bool:
    found = re.fullmatch(r"([A-Z]{3})-([A-Z]{3}) ([0-9]{1,2})-([0-9]{1,2})", text)
    if not found or not {found[1], found[2]} <= set(DAYS):
        return not text
    return DAYS.index(found[1]) <= DAYS.index(found[2]) and int(found[3]) < int(found[4]) <= 24


def _are_shares(shares: tuple[float, ...]) -> bool:
    return not shares or (len(shares) == 10 and min(shares) > 0 and abs(sum(shares) - 1) < 0.005)


def _are_schedules(schedules: tuple[ScalingSchedule, ...]) -> bool:
    # Scaling to zero on a schedule makes the next deployment fail: https://github.com/aws/aws-cdk/issues/29992
    return all(1 <= schedule.lowest <= schedule.highest for schedule in schedules)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """The values of a stage; each can be set with `-c name=value`. The defaults are the cheap ones.

    Attributes:
        architecture: of image and function alike; onnxruntime has open crash reports on arm64 Lambda.
        timeout_seconds: of the function; one that failed starts anew within it.
        concurrency: executions that this stage may count on, of the account's quota; the throttle is made from it.
        reserve_concurrency: whether they are set apart for it; an account whose quota is ten can reserve none.
        request_seconds: what a request takes at p99, a cold start included; the throttle is made for it.
        quota_per_day: requests of one client.
        clients: who gets an API key, by name.
        provisioned_lowest, provisioned_highest: environments kept warm; with 0 and 0 there are none, and no schedule.
        provisioned_utilisation: the share of them in use that scaling aims at.
        scaling_schedules: other bounds from a time on, for when the trucks arrive; `time_zone` is theirs.
        waf_requests_per_ip: in five minutes, from one address.
        cors_origins: whose pages a browser may let call the API; with none, no preflight is answered.
        image_links: whether the function may fetch pictures that a request names by https link.
        model_bucket: whether there is a bucket of model versions, which the function may read.
        model_from_bucket: whether it takes its model from there; publish the version first.
        canary: how a new version gets the traffic.
        ignore_rollback_alarms: whether a deployment goes on whatever its alarms say: to ship the fix that ends them.
        protected: whether the stack can't be deleted by accident, and its data outlives it.
        alarm_email: whom alarms are to reach.
        busy_hours: in UTC, when there is always post, so that its absence is an alarm; with none there is no alarm.
        reference_shares: of the digits 0 to 9 in the stage's post, for drift; with none, those of the model's training.
        low_confidence_share: of the answers, from which on somebody looks. Clean scans have 0.02 to 0.04, photographs
            of digits on paper 0.20.
        usual_warnings: codes that this stage's pictures have by their nature, so that no alarm watches them.
    """

    stage: str
    architecture: str = _one_of("x86_64", "x86_64", "arm64")
    memory_mb: int = _whole(MB_PER_CPU, 512, 10240)
    timeout_seconds: int = _whole(15, 2, GATEWAY_SECONDS - 1)
    concurrency: int = _whole(10, 10, 100_000)
    reserve_concurrency: bool = _flag(False)
    request_seconds: float = _value(0.5, "seconds from 0.01 to 28", lambda seconds: 0.01 <= seconds <= 28)
    quota_per_day: int = _whole(10_000, 1, 1_000_000_000)
    clients: tuple[str, ...] = _value(
        ("first",), "one to ten different names of a-z, 0-9 and -, with commas between them", _are_names
    )
    provisioned_lowest: int = _whole(0, 0, 10_000)
    provisioned_highest: int = _whole(0, 0, 10_000)
    provisioned_utilisation: float = _value(0.7, "a share from 0.1 to 0.9", lambda share: 0.1 <= share <= 0.9)
    scaling_schedules: tuple[ScalingSchedule, ...] = _value(
        (),
        "lines such as 'cron(0 4 ? * MON-SAT *) 10 40', with ; between them (from then on, 10 to 40)",
        _are_schedules,
    )
    time_zone: str = _text("Etc/UTC", "a zone such as Europe/Zurich", r"[A-Za-z]+(/[A-Za-z0-9_+-]+)*")
    waf: bool = _flag(False)
    waf_requests_per_ip: int = _whole(200_000, 10, 2_000_000_000)
    cors_origins: tuple[str, ...] = _value(
        (),
        "origins such as https://post.example, with commas between them",
        lambda origins: all(map(_is_origin, origins)),
    )
    log_level: str = _one_of("INFO", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    log_retention_days: int = _one_of(14, *RETENTION_DAYS)
    model_version: str = _text("2", "the number of a version, such as 1", r"[1-9][0-9]{0,8}")
    image_links: bool = _flag(False)
    model_bucket: bool = _flag(False)
    model_from_bucket: bool = _flag(False)
    canary: str = _one_of("all_at_once", "all_at_once", "canary_10_percent_5_minutes")
    ignore_rollback_alarms: bool = _flag(False)
    protected: bool = _flag(False)
    alarm_email: str = _text("", "an e-mail address", r"|[^@\s]+@[^@\s]+\.[^@\s.]+")
    busy_hours: str = _value("", "days and hours such as 'MON-SAT 4-9'", _are_hours)
    reference_shares: tuple[float, ...] = _value((), "ten shares above 0 whose sum is 1, with commas", _are_shares)
    low_confidence_share: float = _value(0.1, "a share from 0.01 to 1", lambda share: 0.01 <= share <= 1)
    usual_warnings: tuple[str, ...] = _value(
        (), f"some of {', '.join(WARNINGS)}, with commas between them", lambda codes: set(codes) <= set(WARNINGS)
    )

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            if each.metadata and not each.metadata["check"](getattr(self, each.name)):
                raise refusal(each.name, getattr(self, each.name))
        for name, allowed, takes in self._together():
            if not allowed:
                raise ConfigError(f"{name} is {str(getattr(self, name)).lower()}; it takes {takes}")

    def _together(self) -> tuple[tuple[str, bool, str], ...]:
        """Of values that must fit one another: the name to tell, whether it fits, and what would."""
        lowest, highest = self.provisioned_lowest, self.provisioned_highest
        warm = self.most_warm
        fastest = int(self.keyed.rate * 300)
        return (
            ("model_from_bucket", self.model_bucket or not self.model_from_bucket, "model_bucket=true beside it"),
            ("provisioned_lowest", lowest <= highest, f"at most provisioned_highest, {highest}"),
            ("provisioned_lowest", lowest > 0 or highest == 0, "1 or more, where provisioned_highest is above 0"),
            ("concurrency", warm < self.concurrency, f"more than the {warm} environments that are kept warm"),
            ("concurrency", self.keyed.burst >= 1, f"more, to serve {len(self.clients)} clients"),
            ("request_seconds", self.keyed.rate >= 1, f"less, to serve anything with concurrency={self.concurrency}"),
            (
                "waf_requests_per_ip",
                self.waf_requests_per_ip > fastest or not self.waf,
                f"more than the {fastest} that one client's key may send in five minutes",
            ),
        )

    @property
    def service_name(self) -> str:
        """What log lines and metrics are told apart by."""
        return f"postal-digits-{self.stage}"

    @property
    def most_warm(self) -> int:
        """The most environments that are kept warm at any time."""
        return max([self.provisioned_highest, *(schedule.highest for schedule in self.schedules)])

    @property
    def schedules(self) -> tuple[ScalingSchedule, ...]:
        """The scaling schedules, where anything is kept warm."""
        return self.scaling_schedules if self.provisioned_lowest else ()

    @property
    def keyless_methods(self) -> tuple[tuple[str, str], ...]:
        """Verb and path of what takes no key: pages, and the preflights of browsers where any origin is named."""
        pages = tuple(("GET", path) for path in KEYLESS_PATHS)
        return pages + tuple(("OPTIONS", path) for path in KEYLESS_PATHS + KEYED_PATHS if self.cors_origins)

    @property
    def keyless(self) -> Throttle:
        """What each keyless method takes, from everybody together."""
        return throttle.keyless(self.concurrency)

    @property
    def keyed(self) -> Throttle:
        """What each client's key takes."""
        return throttle.keyed(self.concurrency, len(self.keyless_methods), self.request_seconds, len(self.clients))


def refusal(name: str, value: object) -> ConfigError:
    """The error for a value that the field `name` does not take."""
    takes = next(each.metadata["takes"] for each in dataclasses.fields(StageConfig) if each.name == name)
    return ConfigError(f"{name} is {value!r}; it takes {takes}")


STAGES = {
    "dev": StageConfig(stage="dev"),
    "prod": StageConfig(
        stage="prod",
        concurrency=400,
        reserve_concurrency=True,
        quota_per_day=20_000_000,
        provisioned_lowest=2,
        provisioned_highest=20,
        scaling_schedules=(
            ScalingSchedule("cron(0 4 ? * MON-SAT *)", lowest=10, highest=40),
            ScalingSchedule("cron(0 9 ? * MON-SAT *)", lowest=2, highest=20),
        ),
        waf=True,
        log_retention_days=365,
        canary="canary_10_percent_5_minutes",
        protected=True,
        # The hours in which more are kept warm.
        busy_hours="MON-SAT 4-9",
    ),
}
