"""W: requests that cost much time or memory, each made from a short recipe that a search can change.

`make fuzz COST=1` looks for costlier ones and keeps the worst in costly.json.
"""

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lambda_fn.limits import UNZIPPED_BYTES
from tests.bad_inputs.case import MOST, SEVEN, Case

KEPT = Path(__file__).with_name("costly.json")
INFER = "/v2/models/digits/infer"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a request is made.

    Attributes:
        carrier: arrays, base64 or a form of files, a tensor as JSON or as bytes.
        count: images, at most; fewer where the body would be too large.
        height, width, channels: of each image; 0 channels is H×W.
        file: of carriers of files, the format and Pillow's mode.
        pattern: what is on the paper; `amount` of it, 0..1, and its size, 1 or more pixels.
        dark: whether the ink is dark.
        fractions: whether arrays hold fractions.
        others: every so many images, one of another shape; 0 for none.
        more: at the end, one file of this many pixels a side; 0 for none.
        seed: of what is random.
    """

    carrier: str = "arrays"
    count: int = 1000
    height: int = 28
    width: int = 28
    channels: int = 0
    file: str = "PNG L"
    pattern: str = "specks"
    amount: float = 0.1
    size: int = 1
    dark: bool = True
    fractions: bool = False
    others: int = 0
    more: int = 0
    seed: int = 0

    def case(self, status: int = 200, code: str = "") -> Case:
        """The request, and its right answer."""
        body, path, headers = CARRIERS[self.carrier](self)
        if self.carrier != "bytes" or len(body) > MOST:
            body, headers = gzip.compress(body, 1, mtime=0), headers | {"content-encoding": "gzip"}
        return Case(self.name, "W", status, code, path=path, headers=headers, make=lambda: body)

    @property
    def name(self) -> str:
        """What distinguishes it, in words."""
        default = asdict(Recipe())
        members = {name: value for name, value in asdict(self).items() if value != default[name]}
        return ", ".join(f"{name} {value}" for name, value in members.items()) or "the default"


def _paper(recipe: Recipe) -> NDArray[np.uint8]:
    """H×W of 0 and 255."""
    random = np.random.default_rng(recipe.seed)
    height, width, size = recipe.height, recipe.width, recipe.size
    y, x = np.indices((height, width)) // size
    coarse = random.random((-(-height // size), -(-width // size)))
    drawn = {
        "blank": np.zeros((height, width), bool),
        "specks": (coarse < recipe.amount)[y, x],
        "checks": (x + y) % 2 == 0,
        "stripes": x % 2 == 0,
        # One line that winds through the whole image, so that its parts are joined late.
        "winding": (y % 2 == 0) | ((y % 4 == 1) & (x == 0)) | ((y % 4 == 3) & (x == x.max())),
        "slanted": (x - y) % (2 + round(20 * recipe.amount)) == 0,
        "small": (y < recipe.amount * y.max()) & (x < recipe.amount * x.max() / 2),
    }.get(recipe.pattern)
    if recipe.pattern == "noise":
        grey = random.integers(0, 256, (height, width))
    elif drawn is None:
        grey = np.array(Image.fromarray(np.array(SEVEN, np.uint8)).resize((width, height)))
    else:
        grey = np.where(drawn, 255, 0)
    return (255 - grey if recipe.dark else grey).astype(np.uint8)


PATTERNS = ("blank", "specks", "checks", "stripes", "winding", "slanted", "small", "noise", "seven")
FILES = tuple(f"PNG {mode}" for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")) + tuple(
    f"{kind} {mode}" for kind in ("JPEG", "progressive") for mode in ("L", "RGB", "CMYK")
)


def _file(recipe: Recipe, paper: NDArray[np.uint8]) -> bytes:
    kind, mode = recipe.file.split()
    image = Image.fromarray(paper)
    if mode == "I;16":
        image = Image.fromarray(paper.astype(np.uint16) * 257)
    elif mode != "L":
        image = image.convert(mode)
    file = BytesIO()
    if kind == "PNG":
        image.save(file, "PNG", compress_level=1)
    else:
        image.save(file, "JPEG", quality=30, progressive=kind == "progressive")
    return file.getvalue()


def _files(recipe: Recipe, overhead: int, scale: float) -> list[bytes]:
    """As many as fit."""
    one = _file(recipe, _paper(recipe))
    last = [_file(recipe, _paper(replace(recipe, height=recipe.more, width=recipe.more)))] if recipe.more else []
    room = UNZIPPED_BYTES - sum(map(len, last)) * scale
    fits = int(room / (scale * len(one) + overhead))
    return [one] * max(min(recipe.count, fits) - len(last), 0) + last


def _form(recipe: Recipe) -> tuple[bytes, str, dict[str, str]]:
    start = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    body = b"".join(start + file + b"\r\n" for file in _files(recipe, 100, 1)) + b"--b--\r\n"
    return body, "/predict/img", {"content-type": "multipart/form-data; boundary=b"}


def _base64(recipe: Recipe) -> tuple[bytes, str, dict[str, str]]:
    texts = [base64.b64encode(file).decode() for file in _files(recipe, 10, 4 / 3)]
    return json.dumps({"images": texts}).encode(), "/predict/batch", {}


def _text(recipe: Recipe, paper: NDArray[np.uint8]) -> bytes:
    values: Any = (paper / 255).round(3) if recipe.fractions else paper
    if recipe.channels:
        values = np.repeat(values[..., np.newaxis], recipe.channels, axis=2)
    return json.dumps(values.tolist(), separators=(",", ":")).encode()


def _arrays(recipe: Recipe) -> tuple[bytes, str, dict[str, str]]:
    one = _text(recipe, _paper(recipe))
    other = _text(recipe, _paper(recipe)[:-1, :-1]) if min(recipe.height, recipe.width) > 1 else one
    count = max(min(recipe.count, UNZIPPED_BYTES // (len(one) + 1) - 1), 1)
    each = [other if recipe.others and index % recipe.others == 0 else one for index in range(count)]
    return b'{"x":[' + b",".join(each) + b"]}", "/predict/batch", {}


def _tensor(recipe: Recipe, in_json: bool) -> tuple[bytes, str, dict[str, str]]:
    values = np.broadcast_to(_paper(replace(recipe, height=28, width=28)).ravel(), (recipe.count, 784))
    tensor: dict[str, Any] = {"name": "images", "shape": [recipe.count, 784]}
    kind = "FP32" if recipe.fractions else "UINT8"
    tensor["datatype"] = kind
    if in_json:
        row = json.dumps((values[0] / 255).round(3).tolist() if recipe.fractions else values[0].tolist())
        data = f"[{','.join([row] * recipe.count)}]".replace(" ", "")
        return json.dumps({"inputs": [tensor | {"data": "here"}]}).replace('"here"', data).encode(), INFER, {}
    raw = ((values / np.float32(255)).astype("<f4") if recipe.fractions else values).tobytes()
    header = json.dumps({"inputs": [tensor | {"parameters": {"binary_data_size": len(raw)}}]}).encode()
    return header + raw, INFER, {"inference-header-content-length": str(len(header))}


CARRIERS: dict[str, Callable[[Recipe], tuple[bytes, str, dict[str, str]]]] = {
    "arrays": _arrays,
    "base64": _base64,
    "form": _form,
    "json": lambda recipe: _tensor(recipe, True),
    "bytes": lambda recipe: _tensor(recipe, False),
}


# Members that don't matter to a carrier.
_OF_FILES, _OF_ARRAYS, _OF_IMAGES = ("file", "more"), ("channels", "others"), ("height", "width")
UNUSED = {
    "arrays": _OF_FILES,
    "base64": (*_OF_ARRAYS, "fractions"),
    "form": (*_OF_ARRAYS, "fractions"),
    "json": (*_OF_FILES, *_OF_ARRAYS, *_OF_IMAGES),
    "bytes": (*_OF_FILES, *_OF_ARRAYS, *_OF_IMAGES),
}


def changed(recipe: Recipe, random: Random) -> Recipe:
    """The recipe with one to three members changed at random."""
    side = random.choice([1, 2, 28, 29, 64, 90, 128, 140, round(2 ** random.uniform(0, 12))])
    choices: dict[str, Any] = {
        "carrier": random.choice(list(CARRIERS)),
        "count": random.choice([8192, 1024, 512, max(1, round(recipe.count * random.uniform(0.5, 1.5)))]),
        "height": side,
        "width": side if random.random() < 0.9 else random.choice([1, 16, 28, 300]),
        "channels": random.choice([0, 1, 3, 4]),
        "file": random.choice(FILES),
        "pattern": random.choice(PATTERNS),
        "amount": round(random.uniform(0, 0.6), 3),
        "size": random.choice([1, 1, 2, 3, 4, 8]),
        "dark": not recipe.dark,
        "fractions": not recipe.fractions,
        "others": random.choice([0, 0, 2, 100]),
        "more": random.choice([0, 0, 2047, 4000]),
        "seed": random.randrange(100),
    }
    names = random.sample([field.name for field in fields(Recipe)], random.randint(1, 3))
    new = replace(recipe, **{name: choices[name] for name in names})
    default = Recipe()
    unused = {name: getattr(default, name) for name in UNUSED[new.carrier]}
    # An array is square.
    square = {"width": new.height} if new.carrier == "arrays" else {}
    return replace(new, **(square | unused), count=min(new.count, 8192))


@cache
def kept() -> list[Case]:
    """The worst that were found, with their right answers."""
    return [
        Recipe(**members["recipe"]).case(members["status"], members["code"]) for members in json.loads(KEPT.read_text())
    ]


def recipes() -> list[Recipe]:
    """How those are made."""
    return [Recipe(**members["recipe"]) for members in json.loads(KEPT.read_text())]


def keep(found: list[tuple[Recipe, int, str]]) -> None:
    """Writes recipes with their statuses and codes in place of those that were kept."""
    default = asdict(Recipe())
    lines = []
    for recipe, status, code in found:
        members = {name: value for name, value in asdict(recipe).items() if value != default[name]}
        lines.append(json.dumps({"status": status, "code": code, "recipe": members}))
    KEPT.write_text("[\n  " + ",\n  ".join(lines) + "\n]\n")
