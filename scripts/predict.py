"""`python -m scripts.predict`: pictures in, what the service reads in them out, for people.

Sends MNIST test images, array files or picture files in concurrent batches, shows progress, and then says how long it
took, how many were right where labels are known, and how the digits are distributed beside the training data.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray

from model.digits.data import mnist
from scripts.client import plot_predictions
from scripts.client.client import Predictions, ServiceRefused, predict
from scripts.client.samples import Sample, read

MODELS = Path(__file__).parent.parent / "model"
LISTED = 20


def training_shares(model: dict[str, str]) -> NDArray[np.float64] | None:
    """The share of each digit in this model's training data (10, sum 1); None if the model is not on this disk."""
    path = MODELS / model["name"] / model["version"] / "contract.json"
    return np.array(json.loads(path.read_bytes())["training_class_shares"]) if path.exists() else None


def report(samples: Sequence[Sample], predictions: Predictions) -> str:
    """The result in words and a table: picture by picture if there are few, else digit by digit."""
    n = len(samples)
    lines = [
        f"{n} images in {predictions.seconds:.2f} s ({n / predictions.seconds:.0f} a second), "
        f"model {predictions.model['name']} version {predictions.model['version']}"
    ]
    labels = known_labels(samples)
    if labels is not None:
        right = int((predictions.digits == labels).sum())
        lines.append(f"right: {right} of {n} ({right / n:.2%})")
    doubtful = sum("low_confidence" in codes for codes in predictions.warnings)
    lines += [f"low confidence: {doubtful} ({doubtful / n:.2%})", ""]
    return "\n".join(lines + (_each(samples, predictions) if n <= LISTED else _shares(predictions)))


def known_labels(samples: Sequence[Sample]) -> NDArray[np.int64] | None:
    """The digits of all pictures, n, or None where one is not known."""
    labels = [sample.label for sample in samples if sample.label is not None]
    return np.array(labels) if len(labels) == len(samples) else None


def _each(samples: Sequence[Sample], predictions: Predictions) -> list[str]:
    width = max(len(sample.name) for sample in samples)
    rows = zip(samples, predictions.digits, predictions.confidence, predictions.warnings, strict=True)
    return [f"{s.name:<{width}}  {digit}  {sure:7.2%}  {', '.join(codes)}".rstrip() for s, digit, sure, codes in rows]


def _shares(predictions: Predictions) -> list[str]:
    shares = np.bincount(predictions.digits, minlength=10) / len(predictions.digits)
    trained = training_shares(predictions.model)
    if trained is None:
        return ["digit  predicted", *(f"{digit:>5}  {share:>9.1%}" for digit, share in enumerate(shares))]
    rows = enumerate(zip(shares, trained, strict=True))
    return [
        "digit  predicted  in training",
        *(f"{digit:>5}  {share:>9.1%}  {was:>11.1%}" for digit, (share, was) in rows),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 and one line on standard error where the service or a file refuses."""
    options = _options(arguments)
    try:
        if options.mnist:
            images, labels = mnist.load("test")
            chosen = range(min(options.mnist, len(images)))
            samples = [Sample(images[i], f"mnist[{i}]", int(labels[i])) for i in chosen]
        else:
            samples = read(options.paths)
        predictions = predict(
            samples,
            options.url.rstrip("/") + "/",
            api_key=options.api_key,
            version=options.model_version,
            batch=options.batch,
            clients=options.clients,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        sys.exit(f"{options.url} can't be reached ({error}); is `make serve` running?")
    except (ServiceRefused, OSError, ValueError, mnist.MnistUnavailable) as error:
        sys.exit(str(error))
    print(report(samples, predictions))
    if options.plot:
        options.plot.parent.mkdir(parents=True, exist_ok=True)
        plot_predictions.draw(samples, predictions, training_shares(predictions.model), options.plot)
        print(f"\ndrawn: {options.plot}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.predict", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, help="pictures, .npy, .npz or .json arrays, or folders of them")
    parser.add_argument(
        "--mnist", type=_count, metavar="N", help="the first N (of 10,000) images of the MNIST test set"
    )
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the service is, with its stage path")
    parser.add_argument("--api-key", default=os.environ.get("API_KEY", ""), help="default: the variable API_KEY")
    parser.add_argument("--model-version", default="", help="default: the service's own default")
    parser.add_argument("--batch", type=_count, default=100, help="pictures in one request")
    parser.add_argument("--clients", type=_count, default=5, help="requests at the same time")
    parser.add_argument("--plot", type=_png, metavar="PNG", help="where to draw the result")
    options = parser.parse_args(arguments)
    if bool(options.paths) == bool(options.mnist):
        parser.error("give files or --mnist N, one of the two")
    return options


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("takes a whole number of 1 or more")
    return int(text)


def _png(text: str) -> Path:
    if not text.lower().endswith(".png"):
        raise argparse.ArgumentTypeError("takes the path of a .png file")
    return Path(text)


if __name__ == "__main__":
    main()
