"""`python -m scripts.predict`: sends images to the service and reports its answers.

Takes MNIST test images, image files or arrays. Reports time, accuracy where labels are known, and how often each label
was answered beside its share in training.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx

from model.digits.data import mnist
from scripts.client import chart, report
from scripts.client.client import ServiceRefused, predict
from scripts.client.samples import Sample, read


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 and one line on standard error if the service or a file fails."""
    options = _options(arguments)
    try:
        if options.mnist:
            images, labels = mnist.load("test")
            chosen = range(min(options.mnist, len(images)))
            samples = [Sample(images[i], f"mnist[{i}]", str(labels[i])) for i in chosen]
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
    print(report.write(samples, predictions))
    if options.plot:
        options.plot.parent.mkdir(parents=True, exist_ok=True)
        chart.draw(samples, predictions, options.plot)
        print(f"\nchart: {options.plot}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.predict", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, help="image files, .npy, .npz or .json arrays, or folders")
    parser.add_argument("--mnist", type=_count, metavar="N", help="the first N of MNIST's 10,000 test images")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the service, with its stage path")
    parser.add_argument("--api-key", default=os.environ.get("API_KEY", ""), help="default: the variable API_KEY")
    parser.add_argument("--model-version", default="", help="default: the service's own default")
    parser.add_argument("--batch", type=_count, default=100, help="images in one request")
    parser.add_argument("--clients", type=_count, default=5, help="requests at the same time")
    parser.add_argument("--plot", type=_png, metavar="PNG", help="also draw the result")
    options = parser.parse_args(arguments)
    if bool(options.paths) == bool(options.mnist):
        parser.error("give files or --mnist N, not both")
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
