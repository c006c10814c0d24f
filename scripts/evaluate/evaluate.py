"""`make evaluate`: measures a model version on labelled images, and draws its worst mistakes.

A set is a folder with a folder of PNG and JPEG files for each label, an .npz of `x` and `y`, or a .csv of `file,label`
beside its files.
"""

import argparse
import csv
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np

from lambda_fn.errors import ServiceError
from scripts.client.samples import Sample, UnreadableSample, read
from scripts.evaluate import contact_sheet
from scripts.evaluate.evaluation import Evaluation, evaluate, load

SHOWN = 60


def labelled(path: Path, classes: Collection[str]) -> list[Sample]:
    """The images of a set, each with one of the labels in `classes`.

    Raises:
        UnreadableSample: not a set, or an image without such a label.
    """
    table = path if path.suffix == ".csv" else path / "labels.csv"
    if table.is_file():
        with table.open(newline="") as rows:
            samples = [
                Sample((table.parent / row["file"]).read_bytes(), row["file"], row["label"])
                for row in csv.DictReader(rows)
            ]
    else:
        samples = read([path])
    if not samples or any(sample.label not in classes for sample in samples):
        raise UnreadableSample(
            f"{path}: every image needs a label, one of {', '.join(classes)}: "
            "its folder's name, y in an .npz, or labels.csv"
        )
    return samples


def describe(name: str, found: Evaluation) -> str:
    """The figures as text."""
    share, low, high = found.accuracy()
    wrong = ~found.right
    caught = f"{(found.low & wrong).sum()} of {wrong.sum()} mistakes have it" if wrong.any() else "no mistakes"
    lines = [
        f"{name}: {share:.2%} right ({low:.2%} to {high:.2%}), {wrong.sum()} of {len(wrong)} wrong",
        f"low confidence: {found.low.mean():.1%} of the images; {caught}",
        f"expected calibration error: {found.calibration_error():.3f}",
        f"preparation and inference: {1e6 * found.seconds / len(wrong):.0f} microseconds an image",
        "warnings: " + (", ".join(f"{code} {share:.1%}" for code, share in found.codes().items()) or "none"),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make evaluate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("set", type=Path, help="a folder, an .npz, or a .csv of file,label")
    parser.add_argument("--name", help="of the model; default: the service's")
    parser.add_argument("--model-version", help="default: the served one")
    parser.add_argument("--out", type=Path, default=Path("build/evaluate"))
    options = parser.parse_args(arguments)
    try:
        model = load(options.model_version, options.name)
        samples = labelled(options.set, model.contract.labels)
        found = evaluate(samples, model, options.set.name)
    except (UnreadableSample, ServiceError, OSError, KeyError) as error:
        sys.exit(str(error))
    options.out.mkdir(parents=True, exist_ok=True)
    title = f"{options.set.name}, model version {model.contract.version}"
    print(describe(title, found))
    wrong = np.flatnonzero(~found.right)
    worst = wrong[np.argsort(-found.confidence[wrong])][:SHOWN].tolist()
    contact_sheet.draw(samples, found, worst, f"{title}: the most confident mistakes", options.out / "mistakes.png")
    contact_sheet.confusion(found, title, options.out / "confusion.png")
    print(f"images: {options.out}/mistakes.png, {options.out}/confusion.png")


if __name__ == "__main__":
    main()
