"""`make compare`: two versions of the model in; where they differ, and whether the second may be the default, out.

Both answer the same pictures: MNIST's test images, the transformed sets of transforms.py, and the folders given. The
gate: the candidate may be worse nowhere beyond chance. The exit status is 0 if it passes, 1 if not.
"""

import argparse
import html
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lambda_fn.errors import ServiceError
from lambda_fn.inference.model import Model
from lambda_fn.settings import Settings
from model.digits.data import mnist, transforms
from scripts.client.samples import Sample, UnreadableSample
from scripts.evaluate import contact_sheet
from scripts.evaluate.evaluate import labelled
from scripts.evaluate.evaluation import Evaluation, evaluate

# A candidate is worse if so many more flips to wrong than to right come by chance less often than this.
CHANCE = 0.01
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Comparison:
    """One set, answered by the version in use and by the candidate."""

    name: str
    samples: Sequence[Sample]
    old: Evaluation
    new: Evaluation

    @property
    def mended(self) -> list[int]:
        """Pictures that only the candidate reads right."""
        return np.flatnonzero(~self.old.right & self.new.right).tolist()

    @property
    def broken(self) -> list[int]:
        """Pictures that only the old version reads right."""
        return np.flatnonzero(self.old.right & ~self.new.right).tolist()

    @property
    def worse(self) -> bool:
        """Whether the candidate is worse beyond chance."""
        return by_chance(len(self.mended), len(self.broken)) < CHANCE


def by_chance(mended: int, broken: int) -> float:
    """How likely at least `broken` of all flips go wrong if both ways are alike: the exact one-sided sign test.

    Q. McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947).
    """
    flips = mended + broken
    chance: float = sum(comb(flips, k) for k in range(broken, flips + 1)) / 2**flips
    return chance


def sets(count: int, folders: Sequence[Path]) -> dict[str, list[Sample]]:
    """MNIST raw, each transform of it, and the user's own sets."""
    images, labels = mnist.load("test")
    images, labels = images[:count], labels[:count]
    known = {"MNIST": list(images)} | {name: transforms.make(name, images) for name in transforms.TRANSFORMS}
    generated = {
        name: [Sample(image, f"{name}[{i}]", int(labels[i])) for i, image in enumerate(pictures)]
        for name, pictures in known.items()
    }
    return generated | {folder.name: labelled(folder) for folder in folders}


def table(comparisons: Sequence[Comparison]) -> list[list[str]]:
    """A row a set."""
    rows = [
        ["set", "pictures", "old", "new", "agree", "mended", "broken", "low old", "low new", "ECE old", "ECE new", ""]
    ]
    for c in comparisons:
        (old, *old_interval), (new, *new_interval) = c.old.accuracy(), c.new.accuracy()
        rows.append(
            [
                c.name,
                f"{len(c.samples):,}",
                "{:.2%} ({:.2%}-{:.2%})".format(old, *old_interval),
                "{:.2%} ({:.2%}-{:.2%})".format(new, *new_interval),
                f"{(c.old.digits == c.new.digits).mean():.2%}",
                str(len(c.mended)),
                str(len(c.broken)),
                f"{c.old.low.mean():.1%}",
                f"{c.new.low.mean():.1%}",
                f"{c.old.calibration_error():.3f}",
                f"{c.new.calibration_error():.3f}",
                "WORSE" if c.worse else "",
            ]
        )
    return rows


def page(comparisons: Sequence[Comparison], old: Model, new: Model, out: Path) -> None:
    """Writes index.html with the table, and the flips of each set as pictures."""
    body = [f"<h1>Version {new.contract.version} against version {old.contract.version}</h1>", "<table>"]
    header, *rows = table(comparisons)
    body.append("<tr>" + "".join(f"<th>{html.escape(cell)}" for cell in header))
    body += ["<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in row) for row in rows]
    body.append("</table>")
    for c in tqdm(comparisons, desc="drawing", leave=False, disable=None):
        for kind, which in (("mended", c.mended), ("broken", c.broken)):
            if which:
                path = out / f"{c.name}-{kind}.png"
                contact_sheet.draw(c.samples, c.new, which[:SHOWN], f"{c.name}: {kind} ({len(which)})", path)
                body.append(f'<h2>{html.escape(c.name)}: {kind}</h2><img src="{html.escape(path.name)}" alt="{kind}">')
    style = (
        "body{font:15px/1.5 system-ui;margin:2em auto;max-width:1300px;padding:0 1em}td,th{padding:.2em .7em;"
        "text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}"
        "td:first-child{text-align:left}img{max-width:100%}"
    )
    document = f"<!doctype html><meta charset=utf-8><title>Comparison</title><style>{style}</style>" + "\n".join(body)
    (out / "index.html").write_text(document, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 where the candidate fails the gate."""
    parser = argparse.ArgumentParser(prog="make compare", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--old", default="1", help="the version in use, or the folder of one")
    parser.add_argument("--new", default="2", help="the candidate: a version, or the folder of one")
    parser.add_argument("--field", type=Path, nargs="*", default=[], help="sets of your own (see make evaluate)")
    parser.add_argument("--count", type=int, default=10_000, help="how many MNIST images")
    parser.add_argument("--out", type=Path, default=Path("build/compare"))
    options = parser.parse_args(arguments)
    try:
        old, new = (Model.load(_folder(version)) for version in (options.old, options.new))
        comparisons = [
            Comparison(name, samples, evaluate(samples, old, f"{name}, old"), evaluate(samples, new, f"{name}, new"))
            for name, samples in sets(options.count, options.field).items()
        ]
    except (UnreadableSample, ServiceError, OSError, mnist.MnistUnavailable) as error:
        sys.exit(str(error))
    options.out.mkdir(parents=True, exist_ok=True)
    rows = table(comparisons)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    for name, model in (("old", old), ("new", new)):
        seconds = sum(getattr(c, name).seconds for c in comparisons) / sum(len(c.samples) for c in comparisons)
        size = (_folder(getattr(options, name)) / model.contract.file).stat().st_size
        print(f"{name}: version {model.contract.version}, {1e6 * seconds:.0f} microseconds a picture, {size:,} bytes")
    page(comparisons, old, new, options.out)
    print(f"page: {options.out}/index.html")
    if any(c.worse for c in comparisons):
        sys.exit("the gate: the candidate is worse beyond chance; it must not become the default")
    print("the gate: passed")


def _folder(version: str) -> Path:
    return Path(version) if "/" in version else Settings().versions_directory / version


if __name__ == "__main__":
    main()
