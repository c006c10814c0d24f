"""The OpenAPI document beside the code that it describes, and a server that is asked what the document says."""

import ast
import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from infra_cdk.api import gateway_responses
from lambda_fn import errors, limits
from lambda_fn.api import routes
from lambda_fn.digits import prepare
from lambda_fn.handler import app
from lambda_fn.settings import Settings
from lambda_fn.v2 import endpoints
from lambda_fn.web import examples
from tests.conftest import EVENTS
from tests.server import ROOT, running

Document = dict[str, Any]
KEY = "a-key"


@pytest.fixture(scope="module", params=["", "/v1"])
def keyed(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A server with a key, at the root and under a stage's path."""
    with running(base=request.param, API_KEY=KEY) as client:
        client.headers["x-api-key"] = KEY
        yield client


@pytest.fixture(scope="module")
def document(server: httpx.Client) -> Document:
    served: Document = server.get("/openapi.json").json()
    return served


def test_it_is_valid(document: Document) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1.")


def test_its_addresses_are_relative(document: Document) -> None:
    assert [each["url"] for each in document["servers"]] == ["./"]
    assert "://" not in json.dumps(document["paths"])


def test_it_has_the_routes_that_there_are_and_no_other(document: Document) -> None:
    """Of the protocol's the resolver has one pattern for all, and their own module the list."""
    registered = {route.path for route in app._static_routes + app._dynamic_routes}
    patterns = {path for path in registered if path.startswith("/v2")}
    assert len(patterns) == 1
    assert set(document["paths"]) == registered - patterns | endpoints.ROUTES.keys()


def test_it_has_the_methods_that_there_are_and_no_other(document: Document, server: httpx.Client) -> None:
    for path, operations in document["paths"].items():
        for method in set(routes.METHODS) - {operation.upper() for operation in operations}:
            answer = server.request(method, concrete(document, path))
            assert answer.status_code == 405, (method, path)
            assert answer.headers["allow"].lower().replace(" ", "").split(",") == list(operations)


def test_it_has_the_codes_that_the_code_has_and_no_other(document: Document) -> None:
    listed = set()
    for name, response in document["components"]["responses"].items():
        content = response["content"]["application/json"]
        status = int(re.findall(r"\((\d+)\)", response["description"])[0])
        codes = content["schema"]["properties"]["code"]["enum"]
        assert content["example"]["code"] in codes, name
        listed |= {(status, code) for code in codes}
    assert listed == raised() | of_the_gateway()


def test_each_status_leads_to_the_response_of_its_own(document: Document) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if reference := response.get("$ref"):
                    described = document["components"]["responses"][reference.split("/")[-1]]["description"]
                    assert f"({status})" in described, path


def test_where_links_are_fetched_it_says_how() -> None:
    with running(IMAGE_LINKS="true") as client:
        document = client.get("/openapi.json").json()
    validate(document)
    described = document["paths"]["/predict/img"]["post"]
    assert {"$ref": "#/components/parameters/imageLink"} in described["parameters"]
    assert not described["requestBody"]["required"]
    assert "424" in described["responses"]


def test_what_needs_a_key_says_so(document: Document) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["security"] == ([{"ApiKey": []}] if path.startswith(("/predict", "/v2")) else []), path
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "x-api-key"


def test_it_states_the_limits_that_hold(document: Document) -> None:
    bounds = (limits.UNZIPPED_BYTES, limits.VALUES, limits.NESTING, limits.PIXELS, limits.PIXELS_OF_BATCH)
    for limit in (Settings().max_images, *bounds, limits.JPEG_SCANS):
        assert f"{limit:,}" in document["info"]["description"]
    assert f"{prepare.SEEN_AT_MOST:,}" in document["components"]["parameters"]["seen"]["description"]
    batch = document["components"]["schemas"]["Batch"]["oneOf"]
    assert batch[1]["properties"]["images"]["maxItems"] == Settings().max_images


def test_it_knows_each_warning(document: Document) -> None:
    constants = {value for name, value in vars(prepare).items() if name.isupper() and isinstance(value, str)}
    listed = document["components"]["schemas"]["Answer"]["properties"]["warnings"]["items"]["items"]["enum"]
    assert set(listed) == constants | {"low_confidence"}


def test_its_examples_work_as_pasted(document: Document, server: httpx.Client) -> None:
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


def test_its_example_of_an_answer_is_the_answer(document: Document, server: httpx.Client) -> None:
    answer = server.post("/predict/batch", json={"images": [examples.PNG]})
    content = document["paths"]["/predict/batch"]["post"]["responses"]["200"]["content"]["application/json"]
    # Processors round the sixth decimal differently.
    confidence = {"confidence": pytest.approx(content["example"]["confidence"], abs=2e-6)}
    assert answer.json() == content["example"] | confidence


@pytest.mark.parametrize("query", ["", "?probabilities=true&seen=true", "?version=1"])
@pytest.mark.parametrize("path", ["/predict/batch", "/predict/img"])
def test_an_answer_has_what_the_document_says_and_no_more(
    document: Document, server: httpx.Client, path: str, query: str
) -> None:
    png = base64.b64decode(examples.PNG)
    body = {"json": {"images": [examples.PNG]}} if path == "/predict/batch" else {"files": {"files": ("7.png", png)}}
    answer = server.post(path + query, **body).json()  # type: ignore[arg-type]
    check(document, answer, document["paths"][path]["post"]["responses"]["200"])
    assert answer.keys() <= document["components"]["schemas"]["Answer"]["properties"].keys()
    assert answer["y"] == [7]


def test_schemathesis_finds_no_fault(keyed: httpx.Client) -> None:
    url = str(keyed.base_url).rstrip("/")
    config = Path(__file__).with_name("schemathesis.toml")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run", "--no-color"]
    done = subprocess.run([*command, "--url", url, f"{url}/openapi.json"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-20_000:]
    assert "No issues found" in done.stdout


def concrete(document: Document, path: str) -> str:
    """The path with a value that the document allows for each parameter in it."""

    def value(match: re.Match[str]) -> str:
        schema = document["components"]["parameters"][f"{match[1]}InPath"]["schema"]
        return str(schema["enum"][-1])

    return re.sub(r"\{(\w+)\}", value, path)


def check(document: Document, answer: object, response: Document) -> None:
    """Fails where the answer is not as the response's schema says."""
    schema = response["content"]["application/json"]["schema"]
    OAS31Validator({"components": document["components"], **schema}).validate(answer)


def raised() -> set[tuple[int, str]]:
    """Status and code of each error that the function or the local gateway makes, as their source has them."""
    found = {(500, "internal"), (503, "deadline")}  # made of what nobody foresaw, and of a clock
    for path in [*(ROOT / "lambda_fn").rglob("*.py"), ROOT / "scripts" / "gateway.py"]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                found |= of_call(node)
    found.add((405, "method_not_allowed"))  # its class names it
    return found


def of_call(node: ast.Call) -> set[tuple[int, str]]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
    if name == "GatewayError":
        return {(int(texts[0]), str(texts[1]))}
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, errors.RequestError) and texts:
        return {(kind.status.value, str(texts[0]))}
    return set()


def of_the_gateway() -> set[tuple[int, str]]:
    # Those with no status of their own answer for any other one.
    return {(error.status, error.code) for error in gateway_responses.ERRORS if error.status}


def test_a_client_of_the_handler_gets_the_document_in_one_event() -> None:
    """As the gateway asks: the answer is text, so that nothing has to be decoded."""
    from lambda_fn.handler import handler

    event = json.loads((EVENTS / "health.json").read_bytes()) | {"path": "/openapi.json"}
    response = handler(event, None)  # type: ignore[arg-type]
    assert (response["statusCode"], response["isBase64Encoded"]) == (200, False)
    assert json.loads(response["body"])["openapi"] == "3.1.0"
