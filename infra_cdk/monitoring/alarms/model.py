"""Alarms on whether the answers are right: drift, doubt, odd pictures, refused requests."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra_cdk.monitoring import metrics as names
from infra_cdk.monitoring.alarms.spec import Alarms, Says
from infra_cdk.monitoring.drift import THRESHOLD
from infra_cdk.monitoring.metrics import Metrics, share

WINDOW = Duration.minutes(15)
# Pictures and requests in the window, below which a share means nothing: well above the heartbeat's 150 and 15.
MINIMUM_IMAGES = 1000
MINIMUM_REQUESTS = 200
REJECTED_SHARE = 0.1

# The share of pictures with each warning from which somebody looks. Clean scans in MNIST's form have none of them;
# generated photographs of digits on paper (scripts/paper.py) have the share in brackets. The first four say that a
# picture is bad, and lie at twice what photographs have or more; the others say that it is of another kind than
# clean scans, and a stage whose post is so lists them in usual_warnings.
WARNING_SHARES = {
    "blank": 0.02,  # (0.001)
    "unclear": 0.10,  # (0.04)
    "low_contrast": 0.20,  # (0.07)
    "cluttered": 0.50,  # (0.25)
    "inverted": 0.20,  # (0.43)
    "colour": 0.20,  # (0.61)
    "recentred": 0.20,  # (0.30)
    "resized": 0.20,  # (1.00)
}
MEANS = {
    "blank": "show nothing at all: an empty tray, a closed shutter, a light that is out",
    "unclear": "show more than ink on paper: stamps, folds, shadows",
    "low_contrast": "are grey on grey: a weak light, a worn ribbon, an exposure that is off",
    "cluttered": "have more in them than a digit: they are cut out badly, or forms have lines",
    "inverted": "are dark on light, which clean scans are not: somebody turned the inversion off, or a client is new",
    "colour": "are coloured, which clean scans are not: another camera or another client",
    "recentred": "have their digit off the centre: the cutting has shifted",
    "resized": "have another size than clean scans: another camera, another cutting or another client",
}


def add_drift(alarms: Alarms, index: cloudwatch.MathExpression) -> None:
    """The hour's digits against those that are expected."""
    alarms.add(
        "drift",
        index,
        THRESHOLD,
        Says(
            "The digits answered in the last hour are not distributed as expected: the post is other than usual, or "
            "the model reads it wrongly.",
            "see on the model's dashboard which digits are too many and too few, and whether heartbeat-wrong is on.",
        ),
    )


def add_doubt(alarms: Alarms, metrics: Metrics, threshold: float) -> None:
    """How often the model asks for a person."""
    alarms.add(
        "low-confidence",
        share(metrics.own(names.LOW_CONFIDENCE), metrics.own(names.IMAGES), MINIMUM_IMAGES, WINDOW),
        threshold,
        Says(
            f"More than {threshold:.0%} of the answers ask for a person, in fifteen minutes.",
            "see on the model's dashboard which warnings rose with it, and look at some of the client's pictures.",
        ),
    )


def add_warnings(alarms: Alarms, metrics: Metrics, usual: tuple[str, ...]) -> None:
    """How often pictures are odd, each way for itself, but for the ways that are usual here."""
    for code, threshold in WARNING_SHARES.items():
        if code in usual:
            continue
        alarms.add(
            f"warning-{code.replace('_', '-')}",
            share(metrics.own(names.warning(code)), metrics.own(names.IMAGES), MINIMUM_IMAGES, WINDOW),
            threshold,
            Says(
                f"More than {threshold:.0%} of the pictures of fifteen minutes {MEANS[code]}.",
                "ask the client for some of these pictures and look at the camera or the program that made them.",
                page=False,
            ),
        )


def add_rejected(alarms: Alarms, metrics: Metrics) -> None:
    """How often a request can't be used."""
    alarms.add(
        "rejected-input",
        share(metrics.own(names.REJECTED_REQUESTS), metrics.own(names.REQUESTS), MINIMUM_REQUESTS, WINDOW),
        REJECTED_SHARE,
        Says(
            f"More than {REJECTED_SHARE:.0%} of the requests of fifteen minutes were refused as unusable (4xx).",
            "see the refusals by code on the model's dashboard; one code means one client with one fault.",
            page=False,
        ),
    )
