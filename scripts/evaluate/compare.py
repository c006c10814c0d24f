"""`make compare`: compares two model versions, and decides whether the new one may become the default.

Both answer the same images: the evaluation sets in the model's data folder, and the folders given. The new version
must be worse on none of them beyond chance; the exit status is 0 if so, 1 if not.
"""

import argparse
import html
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lambda_fn.errors import ServiceError
from lambda_fn.inference.contract import Contract
from model.significance import p_not_worse
from scripts.client.samples import Sample, UnreadableSample
from scripts.evaluate import contact_sheet
from scripts.evaluate.evaluate import labelled
from scripts.evaluate.evaluation import Evaluation, evaluate, load

# A version is worse if its broken answers are less likely than this by chance.
CHANCE = 0.01
SHOWN = 30
STYLE = (
    "body{font:15px/1.5 system-ui;margin:2em auto;max-width:1300px;padding:0 1em}td,th{padding:.2em .7em;"
    "text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}"
    "td:first-child{text-align:left}img{max-width:100%}"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The answers of both versions to one set."""

    name: str
    samples: Sequence[Sample]
    old: Evaluation
    new: Evaluation

    @property
    def fixed(self) -> list[int]:
        """Indices of images that only the new version reads right."""
        return np.flatnonzero(~self.old.right & self.new.right).tolist()

    @property
    def broken(self) -> list[int]:
        """Indices of images that only the old version reads right."""
        return np.flatnonzero(self.old.right & ~self.new.right).tolist()

    @property
    def worse(self) -> bool:
        """Whether the new version is worse beyond chance."""
        return p_not_worse(len(self.fixed), len(self.broken)) < CHANCE


def sets(contract: Contract, count: int, folders: Sequence[Path]) -> dict[str, list[Sample]]:
    """The model's own evaluation sets with up to `count` images each, and the user's."""
    own = import_module(f"model.{contract.name}.data.evaluation_sets").sets(count)
    generated = {
        name: [
            Sample(image, f"{name}[{i}]", label) for i, (image, label) in enumerate(zip(images, labels, strict=True))
        ]
        for name, (images, labels) in own.items()
    }
    return generated | {folder.name: labelled(folder, contract.labels) for folder in folders}


def table(comparisons: Sequence[Comparison]) -> list[list[str]]:
    """A heading, and a row for each set."""
    rows = [["set", "images", "old", "new", "agree", "fixed", "broken", "low old", "low new", "ECE old", "ECE new", ""]]
    for c in comparisons:
        rows.append(
            [
                c.name,
                f"{len(c.samples):,}",
                "{:.2%} ({:.2%}-{:.2%})".format(*c.old.accuracy()),
                "{:.2%} ({:.2%}-{:.2%})".format(*c.new.accuracy()),
                f"{(c.old.answers == c.new.answers).mean():.2%}",
                str(len(c.fixed)),
                str(len(c.broken)),
                f"{c.old.low.mean():.1%}",
                f"{c.new.low.mean():.1%}",
                f"{c.old.calibration_error():.3f}",
                f"{c.new.calibration_error():.3f}",
                "WORSE" if c.worse else "",
            ]
        )
    return rows


def write_page(comparisons: Sequence[Comparison], title: str, out: Path) -> None:
    """Writes index.html with the table and the images whose answers changed."""
    header, *rows = table(comparisons)
    body = [f"<h1>{html.escape(title)}</h1>", "<table>", "<tr>" + "".join(f"<th>{html.escape(c)}" for c in header)]
    body += ["<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in row) for row in rows]
    body.append("</table>")
    for c in tqdm(comparisons, desc="drawing", leave=False, disable=None):
        for kind, which in (("fixed", c.fixed), ("broken", c.broken)):
            if which:
                path = out / f"{c.name}-{kind}.png"
                contact_sheet.draw(c.samples, c.new, which[:SHOWN], f"{c.name}: {kind} ({len(which)})", path)
                body.append(f'<h2>{html.escape(c.name)}: {kind}</h2><img src="{html.escape(path.name)}" alt="{kind}">')
    document = f"<!doctype html><meta charset=utf-8><title>Comparison</title><style>{STYLE}</style>" + "\n".join(body)
    (out / "index.html").write_text(document, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 if the new version is worse."""
    parser = argparse.ArgumentParser(prog="make compare", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--name", help="of the model; default: the service's")
    parser.add_argument("--old", default="1", help="the served version, or the folder of one")
    parser.add_argument("--new", default="2", help="the candidate: a version, or the folder of one")
    parser.add_argument("--field", type=Path, nargs="*", default=[], help="sets of your own (see make evaluate)")
    parser.add_argument("--count", type=int, default=10_000, help="images in each of the model's own sets")
    parser.add_argument("--out", type=Path, default=Path("build/compare"))
    options = parser.parse_args(arguments)
    try:
        old, new = (load(version, options.name) for version in (options.old, options.new))
        comparisons = [
            Comparison(name, samples, evaluate(samples, old, f"{name}, old"), evaluate(samples, new, f"{name}, new"))
            for name, samples in sets(new.contract, options.count, options.field).items()
        ]
    except (UnreadableSample, ServiceError, OSError, ImportError) as error:
        sys.exit(str(error))
    options.out.mkdir(parents=True, exist_ok=True)
    rows = table(comparisons)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    for name, model in (("old", old), ("new", new)):
        seconds = sum(getattr(c, name).seconds for c in comparisons) / sum(len(c.samples) for c in comparisons)
        print(f"{name}: version {model.contract.version}, {1e6 * seconds:.0f} microseconds an image")
    write_page(comparisons, f"Version {new.contract.version} against version {old.contract.version}", options.out)
    print(f"page: {options.out}/index.html")
    if any(c.worse for c in comparisons):
        sys.exit("failed: the new version is worse beyond chance; it must not become the default")
    print("passed: the new version may become the default")


if __name__ == "__main__":
    main()
