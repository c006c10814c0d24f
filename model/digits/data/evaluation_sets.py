"""The sets on which a new version must not be worse: MNIST's test images, and each transform of them."""

from collections.abc import Sequence

from model.digits.data import mnist, transforms
from model.digits.data.mnist import Pixels


def sets(count: int) -> dict[str, tuple[Sequence[Pixels], list[str]]]:
    """Images (H×W or H×W×3) and their labels, `count` at most in each set, by the set's name.

    Raises:
        MnistUnavailable: MNIST can't be downloaded.
    """
    images, labels = (array[:count] for array in mnist.load("test"))
    known = {"MNIST": list(images)} | {name: transforms.make(name, images) for name in transforms.TRANSFORMS}
    return {name: (made, [str(label) for label in labels]) for name, made in known.items()}
