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

from scripts import fetch_mnist, plot_predictions
from scripts.client import Predictions, ServiceRefused, predict
from scripts.samples import Samples, read

MODELS = Path(__file__).parent.parent / "model"


def training_shares(model: dict[str, str]) -> NDArray[np.float64]:
    """The share of each digit in the data that this model was trained on, 10 numbers summing to 1."""
    contract = json.loads((MODELS / model["name"] / model["version"] / "contract.json").read_bytes())
    return np.array(contract["training_class_shares"])


def report(samples: Samples, predictions: Predictions) -> str:
    """The result in words and a table."""
    n = len(predictions.digits)
    lines = [
        f"{n} images in {predictions.seconds:.2f} s ({n / predictions.seconds:.0f} a second), "
        f"model {predictions.model['name']} version {predictions.model['version']}"
    ]
    if samples.labels is not None:
        right = int((predictions.digits == samples.labels).sum())
        lines.append(f"right: {right} of {n} ({right / n:.2%})")
    doubtful = sum("low_confidence" in codes for codes in predictions.warnings)
    lines.append(f"low confidence: {doubtful} ({doubtful / n:.2%})")
    shares = np.bincount(predictions.digits, minlength=10) / n
    lines += ["", "digit  predicted  in training"]
    rows = enumerate(zip(shares, training_shares(predictions.model), strict=True))
    lines += [f"{digit:>5}  {share:>9.1%}  {trained:>11.1%}" for digit, (share, trained) in rows]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 and one line on standard error where the service or a file refuses."""
    parser = argparse.ArgumentParser(prog="python -m scripts.predict", description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, help="pictures, .npy, .npz or .json arrays, or folders of them")
    parser.add_argument("--mnist", type=int, metavar="N", help="the first N images of the MNIST test set")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="where the service is, with its stage path")
    parser.add_argument("--api-key", default=os.environ.get("API_KEY", ""), help="default: the variable API_KEY")
    parser.add_argument("--batch", type=int, default=100, help="pictures in one request")
    parser.add_argument("--clients", type=int, default=5, help="requests at the same time")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="where to draw the result")
    options = parser.parse_args(arguments)
    if bool(options.paths) == bool(options.mnist):
        parser.error("give files or --mnist N, one of the two")
    try:
        if options.mnist:
            images, labels = fetch_mnist.load("test")
            samples = Samples(list(images[: options.mnist]), labels[: options.mnist])
        else:
            samples = read(options.paths)
        predictions = predict(samples, options.url.rstrip("/") + "/", options.api_key, options.batch, options.clients)
    except (ServiceRefused, httpx.HTTPError, OSError, ValueError, fetch_mnist.MnistUnavailable) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(report(samples, predictions))
    if options.plot:
        plot_predictions.draw(samples, predictions, training_shares(predictions.model), options.plot)
        print(f"\ndrawn: {options.plot}")


if __name__ == "__main__":
    main()
