"""Configuration of the stages, checked by pydantic."""

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, get_args

from annotated_types import Predicate
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass

from infra_cdk.api import throttle
from infra_cdk.api.throttle import Throttle

# Measured in the container on one processor, which is what 1,769 MB buy in Lambda.
MEASURED_COLD_START_SECONDS = 0.34
GATEWAY_SECONDS = 29
MB_PER_CPU = 1769
HEALTH_PATH = "/health"
KEYLESS_PATHS = ("/", HEALTH_PATH, "/openapi.json", "/docs", "/console")
# Every method of these paths needs a key; the function answers 404 and 405.
KEYED_PATHS = ("/predict/{proxy+}", "/v2", "/v2/{proxy+}")
# Begins the description of a client's key; the client's name follows.
CLIENT_KEY = "Postal Digits client "
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


class ConfigError(Exception):
    """A value can't be deployed; the message is one line that names the value and says what is allowed.

    Attributes:
        value: the name of the value, where it is refused because of others.
    """

    def __init__(self, message: str, *, value: str = "") -> None:
        super().__init__(message)
        self.value = value


@pydantic_dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class ScalingSchedule:
    """Bounds of provisioned concurrency from the time `cron` on."""

    cron: Annotated[str, Field(pattern=r"^cron\([^ )]+(?: [^ )]+){5}\)$")]
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the function.

    Attributes:
        most_warm: the highest provisioned concurrency at any time; 0 if it is off.
    """

    timeout_seconds: int
    memory_mb: int
    concurrency: int
    most_warm: int


def _integer(default: int, lowest: int, highest: int) -> Any:
    return Field(default=default, ge=lowest, le=highest, description=f"a whole number from {lowest} to {highest}")


def _number(default: float, lowest: float, highest: float, unit: str = "a share") -> Any:
    return Field(default=default, ge=lowest, le=highest, description=f"{unit} from {lowest:g} to {highest:g}")


def _text(default: str, pattern: str, description: str) -> Any:
    return Field(default=default, pattern=f"^(?:{pattern})$", description=description)


def _are_names(names: tuple[str, ...]) -> bool:
    return len(set(names)) == len(names) and all(re.fullmatch("[a-z][a-z0-9-]{0,30}", name) for name in names)


def _are_origins(origins: tuple[str, ...]) -> bool:
    return all(re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", origin) for origin in origins)


def _are_hours(text: str) -> bool:
    found = re.fullmatch(r"([A-Z]{3})-([A-Z]{3}) ([0-9]{1,2})-([0-9]{1,2})", text)
    if not found or not {found[1], found[2]} <= set(DAYS):
        return not text
    return DAYS.index(found[1]) <= DAYS.index(found[2]) and int(found[3]) < int(found[4]) <= 24


def _are_shares(shares: tuple[float, ...]) -> bool:
    return not shares or (min(shares) > 0 and abs(sum(shares) - 1) < 0.005)


def _are_schedules(schedules: tuple[ScalingSchedule, ...]) -> bool:
    # Scaling to zero on a schedule makes the next deployment fail: https://github.com/aws/aws-cdk/issues/29992
    return all(1 <= schedule.lowest <= schedule.highest for schedule in schedules)


class StageConfig(BaseModel, frozen=True):
    """Configuration of one stage: its file in stages/, or `-c name=value` for a trial. The defaults are cheap.

    Attributes:
        architecture: of the image and the function; onnxruntime has open crash reports on arm64 Lambda.
        timeout_seconds: of the function; leaves room for a cold start that fails and is repeated.
        concurrency: executions of the account's quota that this stage may use; the throttle follows from it.
        reserve_concurrency: reserves them for the function; an account with a quota of ten can reserve none.
        request_seconds: the longest that a request takes (docs/reliability.md, Cost); the throttle follows from it.
        quota_per_day: requests of one client.
        clients: names of the clients that get an API key.
        provisioned_lowest, provisioned_highest: bounds of provisioned concurrency; 0 and 0 turn it off.
        provisioned_utilisation: share of the provisioned concurrency in use that scaling aims at.
        scaling_schedules: other bounds from a given time on, in `time_zone`.
        waf_requests_per_ip: in five minutes, from one address.
        domain: name of the API beside its own address, the same in every region; needs `hosted_zone_id`.
        hosted_zone_id: the public Route 53 zone that holds the domain's records.
        cors_origins: origins whose pages may call the API from a browser; none turns CORS off.
        image_links: lets the function fetch images that a request names by https link.
        model_bucket: creates a bucket of model versions that the function may read.
        model_from_bucket: loads the model from the bucket; publish the version first.
        canary: how traffic moves to a new version.
        ignore_rollback_alarms: deploys in spite of active alarms: for the fix that ends them.
        protected: turns on termination protection; a deployment may then delete no client's key (scripts/operate).
        keep_logs: keeps the logs and their key when the stack is deleted.
        monthly_budget: US dollars of a month, for an AWS Budget that writes to alarm_email; 0 turns it off.
        alarm_email: receives the alarms, pages and tickets; a protected stage must have one.
        pager_url: an HTTPS endpoint that receives the pages too, and confirms its subscription by itself.
        busy_hours: days and hours (UTC) that always have requests; outside them their absence is no alarm.
        reference_shares: expected share of each class, for drift; default: the shares of the training set.
        low_confidence_share: share of the answers that need a person above which an alarm fires.
        usual_warnings: codes that are normal for this stage's inputs and have no alarm.
    """

    stage: str
    architecture: Literal["x86_64", "arm64"] = "x86_64"
    memory_mb: int = _integer(MB_PER_CPU, 512, 10240)
    timeout_seconds: int = _integer(15, 2, GATEWAY_SECONDS - 1)
    concurrency: int = _integer(10, 10, 100_000)
    reserve_concurrency: bool = False
    request_seconds: float = _number(1.0, 0.01, 28, "seconds")
    quota_per_day: int = _integer(10_000, 1, 1_000_000_000)
    clients: Annotated[tuple[str, ...], Field(min_length=1, max_length=10), Predicate(_are_names)] = Field(
        default=("first",), description="one to ten different names of a-z, 0-9 and -, with commas between them"
    )
    provisioned_lowest: int = _integer(0, 0, 10_000)
    provisioned_highest: int = _integer(0, 0, 10_000)
    provisioned_utilisation: float = _number(0.7, 0.1, 0.9)
    scaling_schedules: Annotated[tuple[ScalingSchedule, ...], Predicate(_are_schedules)] = Field(
        default=(),
        description=(
            "tables of cron, lowest and highest; with -c lines such as 'cron(0 4 ? * MON-SAT *) 10 40', "
            "with ; between them (from then on, 10 to 40)"
        ),
    )
    time_zone: str = _text("Etc/UTC", "[A-Za-z]+(/[A-Za-z0-9_+-]+)*", "a zone such as Europe/Zurich")
    waf: bool = False
    waf_requests_per_ip: int = _integer(200_000, 10, 2_000_000_000)
    domain: str = _text(
        "", r"|(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", "a name such as digits.example.com"
    )
    hosted_zone_id: str = _text("", "|Z[A-Z0-9]{1,31}", "the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ")
    cors_origins: Annotated[tuple[str, ...], Predicate(_are_origins)] = Field(
        default=(), description="origins such as https://post.example, with commas between them"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_retention_days: RetentionDays = 14
    model_name: str = _text("digits", "[a-z][a-z0-9_-]{0,62}", "the name of a folder of model/")
    model_version: str = _text("2", "[1-9][0-9]{0,8}", "the number of a version, such as 1")
    image_links: bool = False
    model_bucket: bool = False
    model_from_bucket: bool = False
    canary: Literal["all_at_once", "canary_10_percent_5_minutes"] = "all_at_once"
    ignore_rollback_alarms: bool = False
    protected: bool = False
    keep_logs: bool = False
    monthly_budget: float = _number(0, 0, 1_000_000, "US dollars")
    alarm_email: str = _text("", r"|[^@\s]+@[^@\s]+\.[^@\s.]+", "an e-mail address")
    pager_url: str = _text("", r"|https://[^\s/]+[^\s]*", "an address such as https://pager.example.com/alarms")
    busy_hours: Annotated[str, Predicate(_are_hours)] = Field(
        default="", description="days and hours such as 'MON-SAT 4-9'"
    )
    reference_shares: Annotated[tuple[float, ...], Predicate(_are_shares)] = Field(
        default=(), description="shares above 0 whose sum is 1, with commas"
    )
    low_confidence_share: float = _number(0.1, 0.01, 1)
    usual_warnings: tuple[str, ...] = Field(default=(), description="codes of warnings, with commas between them")

    @model_validator(mode="after")
    def _check_values_together(self) -> Self:
        lowest, highest = self.provisioned_lowest, self.provisioned_highest
        keyed = self.keyed
        checks = " and the health checks of the domain" if self.domain else ""
        fastest, warm = int(keyed.rate * 300), self.limits.most_warm
        for name, allowed, takes in (
            ("domain", self.hosted_zone_id or not self.domain, "hosted_zone_id beside it"),
            ("hosted_zone_id", self.domain or not self.hosted_zone_id, "domain beside it"),
            ("model_from_bucket", self.model_bucket or not self.model_from_bucket, "model_bucket=true beside it"),
            ("pager_url", self.alarm_email or not self.pager_url, "alarm_email beside it, which the tickets need"),
            ("provisioned_lowest", lowest <= highest, f"at most provisioned_highest, {highest}"),
            ("provisioned_highest", lowest > 0 or highest == 0, "0, where provisioned_lowest is 0"),
            ("concurrency", warm < self.concurrency, f"more than the {warm} environments that are kept warm"),
            ("concurrency", keyed.burst >= 1, f"more, to serve {len(self.clients)} clients{checks}"),
            ("request_seconds", keyed.rate >= 1, f"less, to serve anything with concurrency={self.concurrency}"),
            (
                "waf_requests_per_ip",
                self.waf_requests_per_ip > fastest or not self.waf,
                f"more than the {fastest} that one client's key may send in five minutes",
            ),
            ("monthly_budget", self.alarm_email or not self.monthly_budget, "0, where alarm_email is empty"),
            ("alarm_email", self.alarm_email or not self.protected, "an address, because the stage is protected"),
        ):
            if not allowed:
                raise ConfigError(f"{name} is {json.dumps(getattr(self, name))}; it takes {takes}", value=name)
        return self

    @property
    def service_name(self) -> str:
        """The `service` of log lines and metrics."""
        return f"postal-digits-{self.stage}"

    @property
    def limits(self) -> Limits:
        """Limits of the function."""
        most_warm = max([self.provisioned_highest, *(schedule.highest for schedule in self.schedules)])
        return Limits(self.timeout_seconds, self.memory_mb, self.concurrency, most_warm)

    @property
    def schedules(self) -> tuple[ScalingSchedule, ...]:
        """The scaling schedules, unless provisioned concurrency is off."""
        return self.scaling_schedules if self.provisioned_lowest else ()

    @property
    def keyless(self) -> dict[tuple[str, str], Throttle]:
        """Throttles of the methods without a key, by verb and path: pages, and preflights where CORS is on."""
        pages = tuple(("GET", path) for path in KEYLESS_PATHS)
        preflights = tuple(("OPTIONS", path) for path in KEYLESS_PATHS + KEYED_PATHS if self.cors_origins)
        usual = throttle.keyless(self.concurrency)
        checked = {("GET", HEALTH_PATH): throttle.health_checked(usual)} if self.domain else {}
        return dict.fromkeys(pages + preflights, usual) | checked

    @property
    def keyed(self) -> Throttle:
        """Throttle of each client's key."""
        return throttle.keyed(self.concurrency, self.keyless.values(), self.request_seconds, len(self.clients))


def refusal(name: str, value: object) -> ConfigError:
    """The error for a value that the field `name` does not take."""
    field = StageConfig.model_fields[name]
    choices = (
        "true or false" if field.annotation is bool else f"one of {', '.join(map(str, get_args(field.annotation)))}"
    )
    return ConfigError(f"{name} is {value!r}; it takes {field.description or choices}")
