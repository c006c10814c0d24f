"""Writes the model card of a version of the digits, with its intervals and tables."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.significance import wilson

TEMPLATE = Path(__file__).with_name("card.md.template")

USED_ONCE = """, used once, after training. No weight and no setting of the
training was chosen by it; the confidence threshold is judged on it (below)."""
SEEN_TWICE = """. Three recipes were
tried, and this one was chosen with its figures on these images in view, so they may be a little kind; weights,
temperature and threshold come from the training part alone."""
SCANS_ONLY = "No augmentation."
ON_PAPER = """Beside these scans,
{copies} copies of each as they come off paper (other pens, slants, sizes, papers, light, neighbours' strokes, a
flag at the 1 and a bar through the 7; `model/digits/data/strokes.py`, `paper.py`), brought back into this form by the
service's own preparation, and {no_digits:,} images that
show no digit (`negatives.py`), whose target is an even distribution. Nothing but MNIST and what is drawn from
seeds was used."""
NOT_CALIBRATED = """- **Confidence is not calibrated.** It ranks answers; it is not the probability of being right,
  least of all on images unlike MNIST, where it can be high and wrong. {low_confidence_below:g} is a choice, and the
  table in the notebook shows what others would cost."""
CALIBRATED = """- **Confidence is calibrated** by temperature ({temperature:.2f}), on held-out scans and paper;
  its expected error went from {calibration_error_before:.4f} to {calibration_error_after:.4f}. On other
  paper it may be off.
- **Review.** Below {low_confidence_below:g} an answer asks for a person. On held-out digits on paper,
  {held_out_on_paper:.2%} of the answers are right; of held-out images without a digit, {no_digits_low:.1%} fall
  below. The curve shows what other thresholds cost.

![Errors left by review](review.png)
"""


def per_digit(labels: NDArray[np.uint8], answers: NDArray[np.intp], shares: list[float]) -> str:
    """The rows of the card's table, one per digit."""
    rows = []
    for digit, share in enumerate(shares):
        images, answered = int((labels == digit).sum()), int((answers == digit).sum())
        right = int(((labels == digit) & (answers == digit)).sum())
        low, high = wilson(right, images)
        recall = f"{right / max(images, 1):.2%} ({low:.2%} to {high:.2%})"
        rows.append(f"| {digit} | {share:.1%} | {images:,} | {recall} | {right / max(answered, 1):.2%} |")
    return "\n".join(rows)


def render(
    contract: dict[str, Any],
    training: dict[str, Any],
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    model_bytes: int,
) -> str:
    """Fills in the template. Raises KeyError for a name that it asks for and that is not given."""
    on_paper = "copies" in training
    built, metrics, tools = contract["built_by"], contract["metrics"], contract["tools"]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        _quality(labels, probabilities, contract["low_confidence_below"]),
        version=contract["version"],
        parameters=f"{training['parameters']:,}",
        images_fitted=f"{training['images_fitted']:,}",
        images_validated=f"{training['images_validated']:,}",
        model_bytes=f"{model_bytes:,}",
        opset=contract["opset"],
        sha256=contract["sha256"],
        notebook=built["notebook"],
        notebook_digest=built["notebook_source_sha256"][:12],
        seed=built["seed"],
        epochs=built["epochs"],
        command=built["command"],
        keras=tools["keras"],
        tensorflow=tools["tensorflow"],
        loss=f"{metrics['test_loss']:.4f}",
        difference=f"{metrics['onnx_keras_max_abs_difference']:.1e}",
        dropout=training.get("dropout", 0.5),
        evaluation_note=SEEN_TWICE if on_paper else USED_ONCE,
        training_note=(ON_PAPER if on_paper else SCANS_ONLY).format(**training),
        confidence_note=(CALIBRATED if on_paper else NOT_CALIBRATED).format(**contract | training),
        per_digit=per_digit(labels, probabilities.argmax(axis=1), contract["training_class_shares"]),
    )


def _quality(labels: NDArray[np.uint8], probabilities: NDArray[np.float32], threshold: float) -> dict[str, str]:
    confidence = probabilities.max(axis=1)
    wrong, doubtful = probabilities.argmax(axis=1) != labels, confidence < threshold
    low, high = wilson(int((~wrong).sum()), len(labels))
    return {
        "test_images": f"{len(labels):,}",
        "accuracy": f"{1 - wrong.mean():.2%}",
        "accuracy_low": f"{low:.2%}",
        "accuracy_high": f"{high:.2%}",
        "errors": str(wrong.sum()),
        "mean_confidence": f"{confidence.mean(dtype=float):.2%}",
        "threshold": f"{threshold:g}",
        "doubtful_share": f"{doubtful.mean():.1%}",
        "caught": str((wrong & doubtful).sum()),
        "sure_accuracy": f"{1 - wrong[~doubtful].mean():.2%}" if not doubtful.all() else "none",
    }
