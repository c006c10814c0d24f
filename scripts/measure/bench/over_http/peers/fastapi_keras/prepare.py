"""Builds the served network as a .keras file from its weights; run once, when the peer is set up."""

import sys

import keras
import numpy as np


def main(weights: str, out: str) -> None:
    """`weights`: an .npz of the arrays in the order of the layers, in Keras's layouts."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    with np.load(weights) as arrays:
        model.set_weights([arrays[name] for name in arrays.files])
    model.save(out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
