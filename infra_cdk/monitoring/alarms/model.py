"""Alarms on whether the model's answers are right: drift, low confidence, warnings, rejected requests."""

from collections.abc import Mapping

from infra_cdk.monitoring import drift, metric_names
from infra_cdk.monitoring.alarms.alarm_spec import AlarmSpec
from infra_cdk.monitoring.metrics import Metrics, share
from infra_cdk.monitoring.periods import FIFTEEN_MINUTES
from infra_cdk.served_model import Expectations, ServedModel

# Inputs and requests in the window below which a share means nothing: well above the heartbeat's own.
MINIMUM_INPUTS = 1000
MINIMUM_REQUESTS = 200
REJECTED_SHARE = 0.1


def model_alarms(metrics: Metrics, model: ServedModel, expected: Expectations) -> list[AlarmSpec]:
    return [
        AlarmSpec(
            name="drift",
            metric=drift.index(metrics, model.class_metrics, expected.class_shares),
            threshold=drift.THRESHOLD,
            severity="PAGE",
            meaning="The classes of the last hour's answers are not distributed as expected: the clients' "
            f"{model.units} have changed, or the model misreads them.",
            first_step="see on the model's dashboard which classes are too many and too few, and whether "
            "heartbeat-wrong is on.",
        ),
        AlarmSpec(
            name="low-confidence",
            metric=share(metrics.model(metric_names.LOW_CONFIDENCE), metrics.units(), MINIMUM_INPUTS, FIFTEEN_MINUTES),
            threshold=expected.low_confidence_share,
            severity="PAGE",
            meaning=f"More than {expected.low_confidence_share:.0%} of the answers of fifteen minutes need a person.",
            first_step="see on the model's dashboard which warnings rose with it, and look at some of the client's "
            f"{model.units}.",
        ),
        *_warning_alarms(metrics, model, expected.warning_shares),
        AlarmSpec(
            name="rejected-input",
            metric=share(
                metrics.model(metric_names.REJECTED_REQUESTS),
                metrics.model(metric_names.REQUESTS),
                MINIMUM_REQUESTS,
                FIFTEEN_MINUTES,
            ),
            threshold=REJECTED_SHARE,
            severity="TICKET",
            meaning=f"More than {REJECTED_SHARE:.0%} of the requests of fifteen minutes were rejected (4xx).",
            first_step="see the codes on the model's dashboard; a single code means one client with one fault.",
        ),
    ]


def _warning_alarms(metrics: Metrics, model: ServedModel, thresholds: Mapping[str, float]) -> list[AlarmSpec]:
    return [
        AlarmSpec(
            name=f"warning-{code.replace('_', '-')}",
            metric=share(metrics.model(metric_names.warning(code)), metrics.units(), MINIMUM_INPUTS, FIFTEEN_MINUTES),
            threshold=threshold,
            severity="TICKET",
            meaning=f"More than {threshold:.0%} of the {model.units} of fifteen minutes "
            f"{model.warnings[code].alarm_meaning}.",
            first_step=f"ask the client for some of these {model.units} and look at what made them.",
        )
        for code, threshold in thresholds.items()
    ]
