"""`make evaluate`: labelled pictures in; accuracy, confusion, warnings and the worst mistakes out.

A set is a folder of folders 0 to 9 of PNG and JPEG files, an .npz of `x` and `y`, or a .csv of `file,label` beside its
files.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lambda_fn.errors import ServiceError
from lambda_fn.inference.model import Models
from lambda_fn.settings import Settings
from scripts.client.samples import Sample, UnreadableSample, read
from scripts.evaluate import contact_sheet
from scripts.evaluate.evaluation import Evaluation, evaluate

SHOWN = 60


def labelled(path: Path) -> list[Sample]:
    """The pictures of a set, all with their digits.

    Raises:
        UnreadableSample: not a set, or a picture without a digit.
    """
    table = path if path.suffix == ".csv" else path / "labels.csv"
    if table.is_file():
        with table.open(newline="") as rows:
            samples = [
                Sample((table.parent / row["file"]).read_bytes(), row["file"], int(row["label"]))
                for row in csv.DictReader(rows)
            ]
    else:
        samples = read([path])
    if not samples or any(sample.label is None for sample in samples):
        raise UnreadableSample(f"{path}: every picture needs its digit: folders 0 to 9, y in an .npz, or labels.csv")
    return samples


def describe(name: str, found: Evaluation) -> str:
    """The figures in words."""
    share, low, high = found.accuracy()
    wrong = ~found.right
    caught = (
        f"{(found.low & wrong).sum()} of {wrong.sum()} mistakes carry low_confidence" if wrong.any() else "no mistakes"
    )
    lines = [
        f"{name}: {share:.2%} right ({low:.2%} to {high:.2%}), {wrong.sum()} of {len(wrong)} wrong",
        f"low confidence: {found.low.mean():.1%} of the pictures; {caught}",
        f"expected calibration error: {found.calibration_error():.3f}",
        f"preparation and inference: {1e6 * found.seconds / len(wrong):.0f} microseconds a picture",
        "warnings: " + (", ".join(f"{code} {share:.1%}" for code, share in found.codes().items()) or "none"),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the figures and writes the pictures."""
    parser = argparse.ArgumentParser(prog="make evaluate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("set", type=Path, help="a folder, an .npz, or a .csv of file,label")
    parser.add_argument("--model-version", help="default: the one that is served")
    parser.add_argument("--out", type=Path, default=Path("build/evaluate"))
    options = parser.parse_args(arguments)
    settings = Settings()
    try:
        model = Models(settings.versions_directory, settings.model_version).get(options.model_version)
        samples = labelled(options.set)
        found = evaluate(samples, model, options.set.name)
    except (UnreadableSample, ServiceError, OSError, KeyError) as error:
        sys.exit(str(error))
    options.out.mkdir(parents=True, exist_ok=True)
    title = f"{options.set.name}, model version {model.contract.version}"
    print(describe(title, found))
    wrong = np.flatnonzero(~found.right)
    worst = wrong[np.argsort(-found.confidence[wrong])][:SHOWN].tolist()
    contact_sheet.draw(samples, found, worst, f"{title}: the mistakes it was surest of", options.out / "mistakes.png")
    contact_sheet.confusion(found, title, options.out / "confusion.png")
    print(f"pictures: {options.out}/mistakes.png, {options.out}/confusion.png")


if __name__ == "__main__":
    main()
