"""Turns the network's probabilities into digits, with a confidence and warnings."""

import numpy as np

from lambda_fn.digits.warning_codes import BLANK, DOUBTFUL
from lambda_fn.inference.contract import Contract
from lambda_fn.task import LOW_CONFIDENCE, Answers, Prepared, Tensors


def interpret(outputs: Tensors, prepared: Prepared, contract: Contract) -> Answers:
    """The most probable digit of each image. A blank image shows no digit more than another."""
    output = contract.outputs[0].name
    probabilities = outputs[output]
    blank = [index for index, codes in enumerate(prepared.warnings) if BLANK in codes]
    if blank:
        probabilities = probabilities.copy()
        probabilities[blank] = 1 / len(contract.labels)
    digits = probabilities.argmax(axis=1)
    confidence = probabilities[np.arange(len(probabilities)), digits]
    low = (confidence < contract.low_confidence_below).tolist()
    return Answers(
        members={"y": digits.tolist()},
        confidence=confidence,
        warnings=[
            [*codes, LOW_CONFIDENCE] if is_low or not DOUBTFUL.isdisjoint(codes) else codes
            for codes, is_low in zip(prepared.warnings, low, strict=True)
        ],
        class_counts=np.bincount(digits, minlength=len(contract.labels)).tolist(),
        outputs={output: probabilities},
    )
