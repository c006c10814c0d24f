"""The OpenAPI document is valid, and the running service does what it says."""

import ast
import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from infra_cdk.api import gateway_responses
from lambda_fn import errors, limits
from lambda_fn.api import routes
from lambda_fn.inference.contract import Contract
from lambda_fn.settings import Settings
from lambda_fn.tasks import TASKS
from lambda_fn.v2 import endpoints
from lambda_fn.web import openapi, pages
from tests.conftest import EVENTS
from tests.server import ROOT, running

Document = dict[str, Any]
KEY = "a-key"


@pytest.fixture(scope="module", params=["", "/v1"])
def keyed(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A server with an API key, at the root and under a stage's path."""
    with running(base=request.param, API_KEY=KEY) as client:
        client.headers["x-api-key"] = KEY
        yield client


@pytest.fixture(scope="module")
def document(server: httpx.Client) -> Document:
    served: Document = server.get("/openapi.json").json()
    return served


@pytest.fixture(scope="module")
def linked_document() -> Document:
    """The document of a stage that allows image_link."""
    with running(IMAGE_LINKS="true") as client:
        served: Document = client.get("/openapi.json").json()
        return served


@pytest.mark.parametrize("name", ["document", "linked_document"])
def test_document_is_valid(name: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(name)
    validate(document)
    assert document["openapi"].startswith("3.1.")
    assert not re.search(r"\$\{|x-if|x-codes", json.dumps(document))


def test_urls_are_relative(document: Document) -> None:
    assert [each["url"] for each in document["servers"]] == ["./"]
    assert "://" not in json.dumps(document["paths"])


def test_every_route_is_described_and_no_other(document: Document) -> None:
    own = {"/", "/health", "/openapi.json", "/docs", "/console"}
    assert set(document["paths"]) == own | TASKS["digit_images"].routes.keys() | endpoints.ROUTES.keys()


def test_methods_that_are_not_described_are_refused(document: Document, server: httpx.Client) -> None:
    for path, operations in document["paths"].items():
        for method in set(routes.METHODS) - {operation.upper() for operation in operations}:
            answer = server.request(method, concrete(document, path))
            assert answer.status_code == 405, (method, path)
            assert answer.headers["allow"].lower().replace(" ", "").split(",") == list(operations)


def test_every_error_code_is_described_and_no_other(document: Document) -> None:
    listed = set()
    for name, response in document["components"]["responses"].items():
        content = response["content"]["application/json"]
        status = int(re.findall(r"\((\d+)\)", response["description"])[0])
        codes = content["schema"]["properties"]["code"]["enum"]
        assert content["example"]["code"] in codes, name
        listed |= {(status, code) for code in codes}
    assert listed == raised() | of_the_gateway()


def test_each_status_refers_to_a_response_of_that_status(document: Document) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if reference := response.get("$ref"):
                    described = document["components"]["responses"][reference.split("/")[-1]]["description"]
                    assert f"({status})" in described, path


def test_image_link_is_described_where_it_is_allowed(document: Document, linked_document: Document) -> None:
    for allowed, each in ((False, document), (True, linked_document)):
        operation = each["paths"]["/predict/img"]["post"]
        assert ({"$ref": "#/components/parameters/imageLink"} in operation["parameters"]) == allowed
        assert ("424" in operation["responses"]) == allowed
        assert operation["requestBody"]["required"] == (not allowed)


def test_only_predict_and_v2_need_a_key(document: Document) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["security"] == ([{"ApiKey": []}] if path.startswith(("/predict", "/v2")) else []), path
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "x-api-key"


def test_the_limits_are_described(document: Document) -> None:
    bounds = (limits.UNZIPPED_BYTES, limits.VALUES, limits.NESTING, limits.PIXELS, limits.PIXEL_BYTES)
    for limit in (Settings().max_inputs, *bounds, limits.JPEG_SCANS, limits.SEARCHES):
        assert f"{limit:,}" in document["info"]["description"]
    for name, extra in TASKS["digit_images"].extras.items():
        if extra.at_most:
            assert f"{extra.at_most:,}" in document["components"]["parameters"][name]["description"]
    batch = document["components"]["schemas"]["Batch"]["oneOf"]
    assert batch[1]["properties"]["images"]["maxItems"] == Settings().max_inputs


def test_the_warnings_of_the_contract_are_described(document: Document) -> None:
    contract = json.loads((ROOT / "model" / "digits" / Settings().models["digits"] / "contract.json").read_bytes())
    warnings = document["components"]["schemas"]["Answer"]["properties"]["warnings"]
    assert warnings["items"]["items"]["enum"] == list(contract["warnings"])
    for code, about in contract["warnings"].items():
        assert f"- `{code}`: {about['meaning']}" in warnings["description"]


def test_tensors_are_described_as_metadata_names_them(document: Document, server: httpx.Client) -> None:
    metadata = server.get("/v2/models/digits").json()
    schemas = document["components"]["schemas"]
    assert schemas["InputTensor"]["properties"]["name"]["enum"] == [each["name"] for each in metadata["inputs"]]
    outputs = schemas["RequestedOutput"]["properties"]["name"]["enum"]
    assert {each["name"] for each in metadata["outputs"]} <= set(outputs)


def test_examples_get_answers_of_their_schema(document: Document, server: httpx.Client) -> None:
    answered = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for example in operation.get("requestBody", {}).get("content", {}).values():
                for name, value in example.get("examples", {}).items():
                    answer = server.request(method, concrete(document, path), json=value["value"])
                    assert answer.status_code == 200, (path, name, answer.text)
                    check(document, answer.json(), operation["responses"]["200"])
                    answered += 1
    assert answered >= 5


def test_the_example_answer_is_the_real_answer(document: Document, server: httpx.Client) -> None:
    answer = server.post("/predict/batch", json={"images": [png(document)]})
    content = document["paths"]["/predict/batch"]["post"]["responses"]["200"]["content"]["application/json"]
    # Processors differ in the sixth decimal.
    confidence = {"confidence": pytest.approx(content["example"]["confidence"], abs=2e-6)}
    assert answer.json() == content["example"] | confidence


@pytest.mark.parametrize("query", ["", "?probabilities=true&seen=true", "?version=1"])
@pytest.mark.parametrize("path", ["/predict/batch", "/predict/img"])
def test_answers_have_no_undescribed_members(document: Document, server: httpx.Client, path: str, query: str) -> None:
    image = png(document)
    file = ("7.png", base64.b64decode(image))
    body = {"json": {"images": [image]}} if path == "/predict/batch" else {"files": {"files": file}}
    answer = server.post(path + query, **body).json()
    check(document, answer, document["paths"][path]["post"]["responses"]["200"])
    assert answer.keys() <= document["components"]["schemas"]["Answer"]["properties"].keys()
    assert answer["y"] == [7]


def test_schemathesis_finds_no_faults(keyed: httpx.Client) -> None:
    url = str(keyed.base_url).rstrip("/")
    config = Path(__file__).with_name("schemathesis.toml")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run", "--no-color"]
    done = subprocess.run([*command, "--url", url, f"{url}/openapi.json"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:]
    assert "No issues found" in done.stdout


def test_a_task_without_a_document_is_described_by_its_tensors() -> None:
    described = json.loads(described_with(None).text)
    validate(described)
    assert not [path for path in described["paths"] if path.startswith("/predict")]
    assert described["components"]["schemas"]["InputTensor"]["properties"]["name"]["enum"] == ["images"]


def test_contradicting_documents_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "openapi.yaml"
    other.write_text("info: {title: Another title}")
    with pytest.raises(ValueError, match="disagree about title"):
        described_with(other)


def described_with(document: Path | None) -> pages.Document:
    contract = Contract.read(ROOT / "model" / "digits" / "2" / "contract.json")
    model = openapi.DescribedModel(contract, replace(TASKS["digit_images"], openapi=document), ("2",))
    return openapi.document((model,), max_inputs=1, image_links=False)


def png(document: Document) -> str:
    """The example of an image file, in base64."""
    content = document["paths"]["/predict/batch"]["post"]["requestBody"]["content"]["application/json"]
    image: str = content["examples"]["file"]["value"]["images"][0]
    return image


def concrete(document: Document, path: str) -> str:
    """The path with an allowed value for each of its parameters."""

    def value(match: re.Match[str]) -> str:
        schema = document["components"]["parameters"][f"{match[1]}InPath"]["schema"]
        return str(schema["enum"][-1])

    return re.sub(r"\{(\w+)\}", value, path)


def check(document: Document, answer: object, response: Document) -> None:
    """Fails if the answer does not match the response's schema."""
    schema = response["content"]["application/json"]["schema"]
    OAS31Validator({"components": document["components"], **schema}).validate(answer)


def raised() -> set[tuple[int, str]]:
    """Status and code of each error in the source of the function and of the local gateway."""
    # These are not arguments of a RequestError: routes.py and the errors' own classes name them.
    found = {(500, "internal"), (503, "deadline"), (405, "method_not_allowed"), (400, "not_ready")}
    for path in [*(ROOT / "lambda_fn").rglob("*.py"), ROOT / "scripts" / "local" / "gateway.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                found |= of_call(node)
    return found


def of_call(node: ast.Call) -> set[tuple[int, str]]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    texts = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
    if name == "GatewayError":
        return {(int(texts[0]), texts[1])}
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.RequestError) and texts:
        return {(kind.status.value, texts[0])}
    return set()


def of_the_gateway() -> set[tuple[int, str]]:
    # Responses without a status are defaults for many.
    return {(error.status, error.code) for error in gateway_responses.RESPONSES if error.status}


def test_the_document_is_returned_as_text() -> None:
    from lambda_fn.handler import handler

    event = json.loads((EVENTS / "health.json").read_bytes()) | {"path": "/openapi.json"}
    response = handler(event, None)  # type: ignore[arg-type]
    assert (response["statusCode"], response["isBase64Encoded"]) == (200, False)
    assert json.loads(response["body"])["openapi"] == "3.1.0"
