"""`make smoke URL=... API_KEY=... STAGE=...`: checks a deployment, local or real, and prints a line for each check.

It sends the golden requests of the models that answer, and checks what only the gateway decides: keys, limits, unknown
paths, the form of every error. With a stage it asks AWS whether the stage's alarms reach somebody.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from lambda_fn.errors import ModelRejected
from lambda_fn.inference import golden
from lambda_fn.inference.contract import Contract

MODELS = Path(__file__).resolve().parents[2] / "model"
MEGABYTE = 1024 * 1024
ATTEMPTS = 20
SKIPPED = "skipped"  # begins the result of a check that this deployment does not allow


class Failed(Exception):
    """A check failed; the message says how."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment under test; `client` sends no key by itself. `stage` is "" where AWS is not asked."""

    client: httpx.Client
    api_key: str
    stage: str = ""

    def ask(self, method: str, path: str, *, key: bool = True, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if key and self.api_key:
            headers["x-api-key"] = self.api_key
        return self.send(self.client.build_request(method, path, headers=headers, **options))

    def send(self, request: httpx.Request) -> httpx.Response:
        """The answer; a 429 is repeated after the time that it names."""
        for _ in range(ATTEMPTS):
            response = self.client.send(request)
            if response.status_code != 429:
                break
            time.sleep(int(response.headers["Retry-After"]))
        return response

    def models(self) -> list[tuple[Path, Contract, dict[str, Any]]]:
        """Each default model version: its folder and contract on this disk, and its entry in `GET /health`."""
        served = [model for model in _answered(self.ask("GET", "health", key=False))["models"] if model["default"]]
        folders = [MODELS / model["name"] / model["version"] for model in served]
        return [(folder, golden.read_contract(folder), model) for folder, model in zip(folders, served, strict=True)]

    def post_golden(self, request: golden.GoldenRequest) -> httpx.Response:
        return self.ask("POST", request.path.lstrip("/"), params=request.query, json=request.body)


def hello(deployment: Deployment) -> str:
    _equal(_answered(deployment.ask("GET", "", key=False)), {"message": "Hello World"})
    return "Hello World"


def health(deployment: Deployment) -> str:
    found = []
    for _, contract, served in deployment.models():
        _equal(served["sha256"], contract.sha256)
        found.append(f"{served['name']} version {served['version']}, SHA-256 {served['sha256']}")
    return "; ".join(found)


def golden_answers(deployment: Deployment) -> str:
    count = 0
    for folder, contract, _ in deployment.models():
        for request in golden.read_requests(folder):
            answer = _answered(deployment.post_golden(request))
            if wrong := request.mismatches(answer):
                raise Failed(f"{request.name}: {len(wrong)} of {request.count} wrong: {next(iter(wrong.values()))}")
            _equal(answer["model"], {"name": contract.name, "version": contract.version})
            count += request.count
    return f"{count} of {count}"


def key_is_needed(deployment: Deployment) -> str:
    if not deployment.api_key:
        return f"{SKIPPED}: no API_KEY was given"
    folder, contract, _ = deployment.models()[0]
    path = golden.read_requests(folder)[0].path.lstrip("/")
    paths = (path, "predict/anything", "v2", f"v2/models/{contract.name}/infer")
    for each in paths:
        _refused(deployment.ask("POST", each, key=False, json={}), 403, "forbidden")
    _refused(deployment.ask("POST", path, key=False, headers={"x-api-key": "wrong"}), 403, "forbidden")
    return f"403 on {len(paths)} paths without a key, and with a wrong one"


def error_bodies(deployment: Deployment) -> str:
    for body, code in (({"z": []}, "missing_x"), ({"x": []}, "empty"), ({"x": [[0, 1, 2], [3, 4]]}, "ragged")):
        _refused(deployment.ask("POST", "predict/batch", json=body), 400, code)
    _refused(deployment.ask("POST", "predict/batch", content=b"{"), 400, "not_json")
    _refused(deployment.ask("DELETE", "predict/batch"), 405, "method_not_allowed")
    _refused(deployment.ask("GET", "predict/nowhere"), 404, "not_found")
    _refused(deployment.ask("GET", "nowhere", key=False), 404, "not_found")
    return "400, 404 and 405, each with error, code and request_id"


def limits(deployment: Deployment) -> str:
    image = [[0] * 28] * 28
    fits = deployment.ask("POST", "predict/batch", json={"x": [image] * 1000})
    _equal(len(_answered(fits)["y"]), 1000)
    for size in (7, 11):  # above the function's limit, and above the gateway's
        try:
            response = deployment.ask("POST", "predict/batch", content=b" " * size * MEGABYTE)
        except httpx.WriteError:
            raise Failed(f"the connection broke while {size} MB were sent") from None
        if size < 10 or response.status_code != 413:  # API Gateway's own 413 is plain text
            _refused(response, 413, "request_too_large")
    return "1,000 images in a call; 413 at 7 MB and at 11 MB"


def binary_tensors(deployment: Deployment) -> str:
    """Sends and receives raw tensors, with neither Content-Type nor Accept at first, like Triton's client."""
    server = deployment.ask("GET", "v2")
    if server.status_code == 404:
        return f"{SKIPPED}: this deployment has no /v2"
    if "binary_tensor_data" not in _answered(server)["extensions"]:
        raise Failed(f"/v2 says {server.text}")
    for folder, contract, _ in deployment.models():
        tensors = golden.read_tensors(folder, contract)
        head, body = _infer_body(contract, tensors)
        path = f"v2/models/{contract.name}/versions/{contract.version}/infer"
        request = deployment.client.build_request("POST", path, content=head + body)
        for name in ("accept", "content-type"):
            request.headers.pop(name, None)
        request.headers["inference-header-content-length"] = str(len(head))
        request.headers["x-api-key"] = deployment.api_key
        plain = deployment.send(request)
        request.headers["accept"] = "application/octet-stream"
        output = contract.outputs[0].name
        for response in (plain, deployment.send(request)):
            found = _first_output(response).reshape(tensors[output].shape)
            if not np.abs(found - tensors[output]).max() <= contract.golden_tolerance:
                raise Failed(f"{output} differs from the golden one")
    return "golden tensors, with Accept and without"


def alarms_mail(deployment: Deployment) -> str:
    if not deployment.stage:
        return f"{SKIPPED}: no STAGE was given"
    import boto3  # no other check needs it
    from botocore.exceptions import BotoCoreError, ClientError

    from scripts.operate import subscriptions

    try:
        found = subscriptions.read(deployment.stage, boto3.client("cloudformation"), boto3.client("sns"))
    except (BotoCoreError, ClientError) as error:
        raise Failed(str(error)) from None
    if not found:
        return f"{SKIPPED}: {deployment.stage} has no alarm_email, so its alarms reach nobody"
    if problems := [each.problem for each in found if each.problem]:
        raise Failed("; ".join(problems))
    return "; ".join(map(str, found))


def _infer_body(contract: Contract, tensors: Mapping[str, NDArray[np.float32]]) -> tuple[bytes, bytes]:
    inputs, content = [], b""
    for tensor in contract.inputs:
        values = tensors[tensor.name]
        size = {"binary_data_size": values.nbytes}
        inputs.append({"name": tensor.name, "shape": values.shape, "datatype": tensor.datatype, "parameters": size})
        content += values.tobytes()
    return json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode(), content


def _first_output(response: httpx.Response) -> NDArray[np.float32]:
    if response.status_code != 200:
        raise Failed(f"{response.status_code}: {response.text[:200]}")
    length = int(response.headers.get("inference-header-content-length", len(response.content)))
    output = json.loads(response.content[:length])["outputs"][0]
    raw = response.content[length:][: output.get("parameters", {}).get("binary_data_size", 0)]
    return np.frombuffer(raw, "<f4") if raw else np.array(output["data"], np.float32)


CHECKS: dict[str, Callable[[Deployment], str]] = {
    "GET /": hello,
    "GET /health": health,
    "golden answers": golden_answers,
    "API key": key_is_needed,
    "error bodies": error_bodies,
    "limits": limits,
    "binary tensors": binary_tensors,
    "alarms' mail": alarms_mail,
}


def _answered(response: httpx.Response) -> dict[str, Any]:
    if response.status_code != 200:
        raise Failed(f"{response.request.url.path}: {response.status_code} {response.text[:200]}")
    body: dict[str, Any] = response.json()
    return body


def _refused(response: httpx.Response, status: int, code: str) -> None:
    """Checks the status, and that the body has our form and nothing more."""
    what = f"{response.request.method} {response.request.url.path}"
    try:
        body = response.json()
        found = (response.status_code, body["code"], set(body))
    except (ValueError, KeyError, TypeError):
        raise Failed(f"{what}: {response.status_code} {response.text[:200]!r}, not our error body") from None
    if found != (status, code, {"error", "code", "request_id"}) or not body["error"] or not body["request_id"]:
        raise Failed(f"{what}: {response.status_code} {response.text[:200]}, not {status} {code}")


def _equal(found: object, expected: object) -> None:
    if found != expected:
        raise Failed(f"{str(found)[:200]}, not {str(expected)[:200]}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits with 1 if a check failed."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__.split("\n")[0])
    parser.add_argument("url", help="of the deployment, with its stage's path")
    parser.add_argument("--api-key", default=os.environ.get("API_KEY", ""), help="default: the variable API_KEY")
    parser.add_argument("--stage", default="", help="also asks AWS whether the stage's alarms reach somebody")
    options = parser.parse_args(arguments)
    failures = 0
    with httpx.Client(base_url=options.url.rstrip("/") + "/", timeout=30) as client:
        for name, check in CHECKS.items():
            try:
                result = check(Deployment(client, options.api_key, options.stage))
                mark = "  --" if result.startswith(SKIPPED) else "  ok"
            except (Failed, ModelRejected, httpx.HTTPError, ValueError, KeyError, TypeError, IndexError) as error:
                failures, mark, result = failures + 1, "FAIL", f"{type(error).__name__}: {error}"
            print(f"{mark}  {name:<15} {result}", flush=True)
    if failures:
        sys.exit(f"{failures} of {len(CHECKS)} checks failed")


if __name__ == "__main__":
    main()
