"""Looks at the shape of a JSON value without reading its numbers."""

import simdjson

CHANNELS = (1, 3, 4)
# Without these, the text of a regular array depends on its shape alone.
NUMBERS_AND_SPACE = b"0123456789+-.eE \t\r\n"
# Begins a quoted NaN or infinity (json_errors.py); a private-use character.
NOT_FINITE_MARK = "\ue000"


def leading_shape(value: object) -> tuple[int, ...]:
    """The lengths of the array and of its first elements: its shape, if it is regular."""
    shape: list[int] = []
    while isinstance(value, simdjson.Array):
        shape.append(len(value))
        value = value[0] if len(value) else None
    return tuple(shape)


def has_rank_of_image(shape: tuple[int, ...]) -> bool:
    """Whether it is H×W or H×W×C: 3 or 4 in the last place are colours, never a batch of narrow images."""
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in CHANNELS)


def skeleton(shape: tuple[int, ...]) -> bytes:
    """The JSON of a regular array without its numbers: [[,,],[,,]] for (2, 3)."""
    text = b""
    for length in reversed(shape):
        # Not by join, which takes 80 bytes of memory for each element.
        text = b"[%s]" % (text + (b"," + text) * (length - 1))
    return text


def kind(value: object) -> str:
    """A JSON value in words; never the value itself."""
    if isinstance(value, str) and value.startswith(NOT_FINITE_MARK):
        return "NaN" if "NaN" in value else "infinite"
    if isinstance(value, simdjson.Array):
        return f"an array of {len(value)}"
    names = {bool: "a boolean", str: "a string", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), "an object")
