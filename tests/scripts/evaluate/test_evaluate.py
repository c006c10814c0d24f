"""Evaluations of two versions, and the decision between them."""

from pathlib import Path

import numpy as np
import pytest

from model import significance
from scripts.client.samples import Sample, UnreadableSample
from scripts.evaluate.compare import Comparison
from scripts.evaluate.evaluate import labelled
from scripts.evaluate.evaluation import Evaluation, evaluate, load

CLASSES = ("cat", "dog", "fox")


def evaluation(answers: list[int], labels: list[int], confidence: list[float] | None = None) -> Evaluation:
    n = len(labels)
    sure = np.array(confidence or [0.9] * n)
    codes = [["low_confidence"] if value < 0.5 else [] for value in sure]
    seen = np.zeros((n, 28, 28), np.float32)
    return Evaluation(CLASSES, np.array(labels), np.array(answers), sure, codes, seen, 1.0)


def compare(old: list[int], new: list[int]) -> Comparison:
    labels = [1] * len(old)
    return Comparison("set", [Sample(b"", "")] * len(old), evaluation(old, labels), evaluation(new, labels))


@pytest.mark.parametrize(("fixed", "broken", "p"), [(0, 0, 1), (0, 1, 0.5), (1, 1, 0.75), (0, 10, 2**-10), (5, 0, 1)])
def test_changed_answers_are_judged_by_the_sign_test(fixed: int, broken: int, p: float) -> None:
    assert significance.p_not_worse(fixed, broken) == pytest.approx(p)


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert significance.wilson(9910, 10_000) == pytest.approx((0.98896, 0.99267), abs=1e-5)
    assert significance.wilson(0, 0) == (0, 1)


def test_changed_answers_are_fixed_or_broken() -> None:
    found = compare([1, 1, 0, 0], [1, 0, 1, 2])
    assert (found.fixed, found.broken) == ([2], [1])


def test_a_version_is_worse_only_beyond_chance() -> None:
    assert compare([1] * 20, [1] * 8 + [0] * 12).worse
    assert not compare([1] * 20, [1] * 19 + [0]).worse
    assert not compare([0] * 20, [1] * 20).worse


def test_an_evaluation_has_accuracy_warnings_and_calibration() -> None:
    found = evaluation([1, 1, 1, 0], [1, 1, 0, 0], [0.9, 0.9, 0.9, 0.4])
    share, low, high = found.accuracy()
    assert share == 0.75
    assert low < share < high
    assert found.low.tolist() == [False, False, False, True]
    assert found.codes() == {"low_confidence": 0.25}
    assert found.calibration_error() == pytest.approx(0.75 * abs(2 / 3 - 0.9) + 0.25 * 0.6)


def test_arrays_of_any_scale_are_answered_alike(mnist: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = mnist
    forms = [images[0], images[0] / 255, images[0].astype(int), images[0].astype(np.float32)[..., np.newaxis]]
    found = evaluate([Sample(form, "", str(labels[0])) for form in forms], load(None), "forms")
    assert found.right.all()
    assert np.ptp(found.confidence) < 1e-6
    assert found.seen.shape == (4, 28, 28)


def test_a_set_needs_a_known_label_for_every_image(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", x=np.zeros((2, 4, 4)), y=["cat", "cow"])
    with pytest.raises(UnreadableSample, match="one of cat, dog, fox"):
        labelled(tmp_path / "set.npz", CLASSES)
    assert [sample.label for sample in labelled(tmp_path / "set.npz", ("cat", "cow"))] == ["cat", "cow"]


def test_a_table_of_labels_names_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"image")
    (tmp_path / "labels.csv").write_text("file,label\na.png,fox\n")
    (sample,) = labelled(tmp_path, CLASSES)
    assert (sample.image, sample.label) == (b"image", "fox")
