"""An inference request is read: its input tensor and the outputs it asks for. A refusal names the reason."""

import json
import tracemalloc
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lambda_fn.digits.task import DIGIT, TASK, WARNINGS
from lambda_fn.errors import RequestError
from lambda_fn.v2 import request as v2_request
from lambda_fn.v2.request import ID_CHARACTERS, Request
from tests.conftest import CONTRACT

ROUTE = TASK.tensor_route
SHAPES = ([3, 28, 28, 1], [3, 28, 28], [3, 784])
LIMIT = 8192


def body(data: object = None, shape: Any = (1, 784), datatype: Any = "FP32", **members: object) -> dict[str, Any]:
    tensor = {"name": "images", "shape": list(shape), "datatype": datatype, "data": [0] * 784 if data is None else data}
    return {"inputs": [tensor]} | members


def twice(key: str, value: str, beside: str = "id") -> bytes:
    """A request with a key twice in the object that has the key `beside`."""
    request = body(id="a", parameters={"classification": 0, "binary_data_output": False}) | {"outputs": []}
    return json.dumps(request).replace(f'"{beside}":', f'"{key}": {value}, "{beside}":', 1).encode()


def read(request: object, raw: bytes = b"", length: object = None, limit: int = LIMIT) -> Request:
    text = request if isinstance(request, bytes) else json.dumps(request).encode()
    header = str(len(text) if length is None else length) if raw or length is not None else ""
    return v2_request.read(text + raw, header, ROUTE, CONTRACT, limit)


def read_raw(pixels: NDArray[Any], shape: Any, datatype: str, **parameters: object) -> Request:
    content = pixels.tobytes()
    tensor = {"name": "images", "shape": list(shape), "datatype": datatype}
    tensor["parameters"] = {"binary_data_size": len(content)} | parameters
    return read({"inputs": [tensor]}, content)


def images(request: Request) -> Any:
    """As the task decodes them."""
    return ROUTE.decode(request.values, CONTRACT)


def refusal(*arguments: Any, **named: Any) -> tuple[int, str, str]:
    with pytest.raises(RequestError) as caught:
        images(read(*arguments, **named))
    return caught.value.status, caught.value.code, caught.value.message


@pytest.fixture(scope="module")
def pixels() -> NDArray[np.uint8]:
    random = np.random.default_rng(0)
    return random.integers(0, 256, (3, 28, 28, 1), np.uint8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_uint8_is_the_same_in_binary_flat_and_nested(pixels: NDArray[np.uint8], shape: list[int]) -> None:
    nested = pixels.reshape(shape).tolist()
    flat = pixels.reshape(-1).tolist()
    for request in (
        read_raw(pixels, shape, "UINT8"),
        read(body(flat, shape, "UINT8")),
        read(body(nested, shape, "UINT8")),
    ):
        assert images(request).dtype == np.uint8
        assert np.array_equal(images(request), pixels)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_fp32_is_the_same_in_binary_flat_and_nested(pixels: NDArray[np.uint8], shape: list[int]) -> None:
    expected = pixels.astype("<f4") / np.float32(255)
    for floats in (expected, pixels.astype("<f4")):
        for request in (
            read_raw(floats, shape, "FP32"),
            read(body(floats.reshape(-1).tolist(), shape)),
            read(body(floats.reshape(shape).tolist(), shape)),
        ):
            assert images(request).dtype == np.float32
            assert np.array_equal(images(request), expected)


def test_each_fp32_image_has_its_own_scale() -> None:
    batch = np.zeros((2, 784), "<f4")
    batch[0, 0], batch[1, 0] = 0.5, 51
    found = images(read_raw(batch, batch.shape, "FP32"))
    assert found[:, 0, 0, 0].tolist() == [0.5, np.float32(51 / 255)]


def test_a_faint_uint8_image_stays_faint() -> None:
    found = images(read_raw(np.ones((1, 784), np.uint8), (1, 784), "UINT8"))
    assert found.dtype == np.uint8
    assert found.max() == 1


def test_raw_bytes_are_not_copied() -> None:
    count = 6000
    content = json.dumps(
        {
            "inputs": [
                {
                    "name": "images",
                    "shape": [count, 784],
                    "datatype": "UINT8",
                    "parameters": {"binary_data_size": count * 784},
                }
            ]
        }
    ).encode()
    whole = content + bytes(count * 784)
    tracemalloc.start()
    try:
        v2_request.read(whole, str(len(content)), ROUTE, CONTRACT, LIMIT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_the_id_is_kept() -> None:
    assert read(body(id="42")).id == "42"
    assert read(body(id="")).id == ""
    assert read(body()).id is None


@pytest.mark.parametrize(
    ("members", "outputs"),
    [
        ({}, {"probabilities": False, DIGIT: False}),
        ({"outputs": []}, {"probabilities": False, DIGIT: False}),
        ({"parameters": {"binary_data_output": True}}, {"probabilities": True, DIGIT: True}),
        ({"outputs": [{"name": DIGIT}]}, {DIGIT: False}),
        ({"outputs": [{"name": DIGIT, "parameters": {"binary_data": True}}]}, {DIGIT: True}),
        (
            {
                "parameters": {"binary_data_output": True},
                "outputs": [{"name": WARNINGS, "parameters": {"binary_data": False}}, {"name": DIGIT}],
            },
            {WARNINGS: False, DIGIT: True},
        ),
    ],
)
def test_outputs_keep_the_order_and_form_of_the_request(members: dict[str, Any], outputs: dict[str, bool]) -> None:
    found = read(body(**members)).outputs
    assert list(found.items()) == list(outputs.items())


def test_parameters_for_other_servers_are_ignored() -> None:
    parameters = {"priority": 1, "sequence_id": "a", "binary_data_output": False}
    assert read(body(parameters=parameters, model_name="x")).id is None


WIDE = [0] * 784
REFUSED: list[tuple[dict[str, Any] | bytes, int, str, str]] = [
    (b"{", 400, "not_json", "the body is not JSON"),
    (b"[]", 400, "not_an_object", "the body is an array of 0"),
    ({}, 400, "invalid_inputs", "inputs must be a list of one tensor, images"),
    ({"inputs": []}, 400, "invalid_inputs", "one tensor"),
    ({"inputs": [1]}, 400, "invalid_inputs", "one tensor"),
    ({"inputs": body()["inputs"] * 2}, 400, "invalid_inputs", "one tensor"),
    ({"inputs": [body()["inputs"][0] | {"name": "x"}]}, 400, "unknown_input", "it takes images"),
    (body(datatype="FP64"), 400, "invalid_datatype", "images takes the datatypes FP32 and UINT8"),
    (body(datatype=None), 400, "invalid_datatype", "FP32 and UINT8"),
    (body(shape=[784]), 400, "invalid_shape", "must be [n, 28, 28, 1] or [n, 28, 28] or [n, 784]"),
    (body(shape=[1, 28, 27]), 400, "invalid_shape", "[n, 28, 28]"),
    (body(shape=[-1, 784]), 400, "invalid_shape", "[n, 784]"),
    (body(shape=[1.0, 784]), 400, "invalid_shape", "[n, 784]"),
    (body(shape=[True, 784]), 400, "invalid_shape", "[n, 784]"),
    (body(shape=[1, 784, "1"]), 400, "invalid_shape", "[n, 784]"),
    (body(shape=[1] * 100), 400, "invalid_shape", "[n, 784]"),
    ({"inputs": [body()["inputs"][0] | {"shape": 784}]}, 400, "invalid_shape", "[n, 784]"),
    (body([], shape=[0, 784]), 400, "empty", "at least one image"),
    (body(shape=[8193, 784]), 413, "too_many_images", "8193 images in one request; at most 8192"),
    (body(shape=[2, 784]), 400, "invalid_data", "data has 784 elements; the shape says 2×784"),
    (body([WIDE], shape=[1, 28, 28]), 400, "invalid_data", "data has 1×784 elements; the shape says 1×28×28"),
    (body("x"), 400, "invalid_data", "data is a string"),
    (body([*WIDE[:-1], "x"]), 400, "not_a_number", "data[783] is a string, not a number"),
    (body([*WIDE[:-1], None]), 400, "not_a_number", "data[783] is null"),
    (body([*WIDE[:-1], True]), 400, "not_a_number", "data[783] is a boolean"),
    (body([*WIDE[:-1], []]), 400, "ragged", "data[783] is an array of 0, not a number"),
    (body([*WIDE[:-1], float("nan")]), 400, "not_a_number", "data[783] is NaN, not a number"),
    (body([[*WIDE[:-1], float("inf")]]), 400, "not_a_number", "data[0][783] is infinite, not a number"),
    (body([WIDE, WIDE[1:]], shape=[2, 784]), 400, "ragged", "data[1] has 783 elements, those before it have 784"),
    (body([WIDE, 1], shape=[2, 784]), 400, "ragged", "data[1] is a number, not an array of 784"),
    (body([WIDE, [*WIDE[1:], -1]], shape=[2, 784]), 400, "out_of_range", "image 1 holds a negative value"),
    (body([WIDE, [*WIDE[1:], 256]], shape=[2, 784]), 400, "out_of_range", "image 1 holds a value above 255"),
    (body([*WIDE[1:], 0.5], datatype="UINT8"), 400, "out_of_range", "image 0 holds a value that is not UINT8"),
    (body([*WIDE[1:], 256], datatype="UINT8"), 400, "out_of_range", "image 0 holds a value that is not UINT8"),
    (body([*WIDE[1:], -1], datatype="UINT8"), 400, "out_of_range", "image 0 holds a value that is not UINT8"),
    (body(id=1), 400, "invalid_id", "id must be a string"),
    (body(id="x" * (ID_CHARACTERS + 1)), 400, "invalid_id", "at most 1,024 characters"),
    (body(parameters=[]), 400, "invalid_parameter", "parameters is an array of 0"),
    (body(parameters={"binary_data_output": 1}), 400, "invalid_parameter", "binary_data_output takes true or false"),
    (body(outputs={}), 400, "invalid_outputs", "outputs must be a list"),
    (body(outputs=["digit"]), 400, "unknown_output", "there is probabilities, digit, warnings"),
    (body(outputs=[{"name": "logits"}]), 400, "unknown_output", "there is probabilities, digit, warnings"),
    (body(outputs=[{"name": DIGIT}] * 2), 400, "invalid_outputs", "digit is asked for twice"),
    (
        body(outputs=[{"name": DIGIT, "parameters": {"shared_memory_region": "r"}}]),
        400,
        "invalid_parameter",
        "shared_mem",
    ),
    (
        body(outputs=[{"name": DIGIT, "parameters": {"classification": 3}}]),
        400,
        "invalid_parameter",
        "classification is",
    ),
    (twice("id", '"a"'), 400, "repeated_key", "id is given twice"),
    (twice("inputs", "[]"), 400, "repeated_key", "inputs is given twice"),
    (twice("parameters", "{}"), 400, "repeated_key", "parameters is given twice"),
    (twice("name", '"images"', "name"), 400, "repeated_key", "name is given twice"),
    (twice("datatype", '"UINT8"', "name"), 400, "repeated_key", "datatype is given twice"),
    (twice("data", "[1]", "name"), 400, "repeated_key", "data is given twice"),
    (twice("shape", "[1, 784]", "name"), 400, "repeated_key", "shape is given twice"),
    (twice("binary_data_output", "true", "classification"), 400, "repeated_key", "binary_data_output is given twice"),
    (
        body(outputs=[{"name": DIGIT, "parameters": {"binary_data": "yes"}}]),
        400,
        "invalid_parameter",
        "binary_data takes true or false",
    ),
    (
        body(outputs=[{"name": DIGIT, "parameters": {"classification": 3}}]),
        400,
        "invalid_parameter",
        "classification is not served here",
    ),
]


@pytest.mark.parametrize(("request_body", "status", "code", "words"), REFUSED)
def test_a_refusal_names_the_reason(request_body: dict[str, Any] | bytes, status: int, code: str, words: str) -> None:
    found = refusal(request_body)
    assert found[:2] == (status, code)
    assert words in found[2]


def raw(shape: Any = (1, 784), size: object = 784, datatype: str = "UINT8", **members: object) -> dict[str, Any]:
    tensor = {"name": "images", "shape": list(shape), "datatype": datatype, "parameters": {"binary_data_size": size}}
    return {"inputs": [tensor | members]}


@pytest.mark.parametrize(
    ("request_body", "content", "length", "code"),
    [
        (raw(), b"", None, "invalid_length"),
        (raw(), bytes(783), None, "invalid_length"),
        (raw(), bytes(785), None, "invalid_length"),
        (raw(size=783), bytes(783), None, "invalid_length"),
        (raw(size=783), bytes(784), None, "invalid_length"),
        (raw(size=784.0), bytes(784), None, "invalid_length"),
        (raw(size="784"), bytes(784), None, "invalid_length"),
        (raw(datatype="FP32"), bytes(784), None, "invalid_length"),
        (raw(shape=(2, 784)), bytes(784), None, "invalid_length"),
        (raw(data=WIDE), bytes(784), None, "invalid_data"),
        (body(), bytes(1), None, "invalid_length"),
        (raw(), bytes(784), 0, "invalid_header"),
        (raw(), bytes(784), -1, "invalid_header"),
        (raw(), bytes(784), "x", "invalid_header"),
        (raw(), bytes(784), "²", "invalid_header"),
        (raw(), bytes(784), "9" * 5000, "invalid_header"),
        (raw(), bytes(784), 100_000, "invalid_header"),
        (raw(), bytes(784), 20, "not_json"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_raw_bytes_must_have_the_right_length(
    request_body: dict[str, Any], content: bytes, length: object, code: str
) -> None:
    assert refusal(request_body, content, length)[:2] == (400, code)


def test_raw_bytes_without_the_header_are_refused_with_its_name() -> None:
    text = json.dumps(raw()).encode()
    with pytest.raises(RequestError, match="no header Inference-Header-Content-Length"):
        v2_request.read(text + bytes(784), "", ROUTE, CONTRACT, LIMIT)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), -1, 255.5])
def test_a_raw_float_that_is_not_a_pixel_names_its_image(value: float) -> None:
    batch = np.zeros((3, 784), "<f4")
    batch[2, 100] = value
    with pytest.raises(RequestError, match="image 2 holds") as caught:
        images(read_raw(batch, batch.shape, "FP32"))
    assert caught.value.code == "out_of_range"


def test_a_signalling_nan_is_refused_too() -> None:
    batch = np.zeros((1, 784), "<u4")
    batch[0, 5] = 0x7FA00001
    with pytest.raises(RequestError, match="image 0 holds NaN"):
        images(read_raw(batch, batch.shape, "FP32"))


def test_a_deeply_nested_tensor_is_refused() -> None:
    deep = b'{"inputs": [{"name": "images", "shape": [1, 784], "datatype": "FP32", "data": %s%s%s}]}'
    for inner in (b"1", b"NaN"):
        with pytest.raises(RequestError):
            read(deep % (b"[" * 1000, inner, b"]" * 1000))


SCALARS = st.none() | st.booleans() | st.integers(-3, 300) | st.floats() | st.text(max_size=5)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner))
TENSORS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.just("images") | VALUES,
        "shape": st.sampled_from([[1, 784], [1, 28, 28], [1, 28, 28, 1], [2, 784]]) | VALUES,
        "datatype": st.sampled_from(["FP32", "UINT8", "INT64"]) | VALUES,
        "parameters": st.fixed_dictionaries({"binary_data_size": st.sampled_from([784, 3136]) | VALUES}) | VALUES,
        "data": st.lists(st.integers(0, 255), min_size=784, max_size=784) | VALUES,
    },
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.text(max_size=5) | VALUES,
        "parameters": st.fixed_dictionaries({"binary_data_output": st.booleans() | VALUES}) | VALUES,
        "inputs": st.lists(TENSORS, min_size=1, max_size=2) | VALUES,
        "outputs": st.lists(st.fixed_dictionaries({"name": st.sampled_from(["digit", "x"]) | VALUES})) | VALUES,
    },
)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    request=REQUESTS,
    content=st.sampled_from([b"", bytes(784), b"\xff" * 3136, b"x"]),
    length=st.none() | st.integers(-2, 200) | st.text(max_size=4),
)
def test_any_request_is_read_or_refused(request: dict[str, Any], content: bytes, length: object) -> None:
    with suppress(RequestError):
        assert images(read(request, content, length)).shape[1:] == (28, 28, 1)
