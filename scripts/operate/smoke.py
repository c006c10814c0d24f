"""`make smoke URL=... API_KEY=...`: a deployment's address in, a line for each thing that it must do out.

For any deployment, local or real. It sends the golden images of the model version that answers, and looks at what only
the gateway before the function decides as well: keys, limits, paths that nothing takes, the form of every error.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

MODELS = Path(__file__).resolve().parents[2] / "model"
MEGABYTE = 1024 * 1024
PATIENCE = 20
NOT_THERE = "not there"  # at the beginning of what a check says of something that this deployment does not have


class Failed(Exception):
    """A check failed; the message says what came instead."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment under test; `client` sends no key by itself."""

    client: httpx.Client
    api_key: str

    def ask(self, method: str, path: str, *, key: bool = True, **options: Any) -> httpx.Response:
        headers = dict(options.pop("headers", {}))
        if key and self.api_key:
            headers["x-api-key"] = self.api_key
        return self.send(self.client.build_request(method, path, headers=headers, **options))

    def send(self, request: httpx.Request) -> httpx.Response:
        """The answer; a stage that is full for the moment is asked again, when it says so."""
        for _ in range(PATIENCE):
            response = self.client.send(request)
            if response.status_code != 429:
                break
            time.sleep(int(response.headers["Retry-After"]))
        return response

    def golden(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], dict[str, Any]]:
        """Images and probabilities of the version that answers, and what `GET /health` says of it."""
        models = _answered(self.ask("GET", "health", key=False))["models"]
        served: dict[str, Any] = next(model for model in models if model["default"])
        folder = MODELS / served["name"] / served["version"]
        if not (folder / "golden.npz").exists():
            raise Failed(f"{served['name']} version {served['version']} answers, which is not in {MODELS}")
        with np.load(folder / "golden.npz") as golden:
            return golden["images"], golden["probabilities"], served


def hello(deployment: Deployment) -> str:
    _equal(_answered(deployment.ask("GET", "", key=False)), {"message": "Hello World"})
    return "Hello World"


def health(deployment: Deployment) -> str:
    _, _, served = deployment.golden()
    contract = json.loads((MODELS / served["name"] / served["version"] / "contract.json").read_bytes())
    _equal(served["sha256"], contract["sha256"])
    return f"{served['name']} version {served['version']}, SHA-256 {served['sha256']}"


def golden_answers(deployment: Deployment) -> str:
    images, expected, served = deployment.golden()
    whole = deployment.ask("POST", "predict/batch?probabilities=true", json={"x": images.tolist()})
    answer = _answered(whole)
    _equal(answer["y"], expected.argmax(axis=1).tolist())
    difference = float(np.abs(np.array(answer["probabilities"]) - expected).max())
    if not difference <= 1e-4:
        raise Failed(f"probabilities differ by {difference}")
    _equal(answer["model"], {"name": served["name"], "version": served["version"]})
    single = _answered(deployment.ask("POST", "predict/batch", json={"x": images[0].tolist()}))
    _equal(single["y"], answer["y"][:1])
    return f"{len(images)} of {len(images)}"


def key_is_needed(deployment: Deployment) -> str:
    if not deployment.api_key:
        return f"{NOT_THERE}: no API_KEY was given, so nothing was tried"
    paths = ("predict/batch", "predict/anything", "v2", "v2/models/digits/infer")
    for path in paths:
        _refused(deployment.ask("POST", path, key=False, json={"x": []}), 403, "forbidden")
    _refused(deployment.ask("POST", "predict/batch", key=False, headers={"x-api-key": "wrong"}), 403, "forbidden")
    return f"403 on {len(paths)} paths without a key, and with a wrong one"


def error_bodies(deployment: Deployment) -> str:
    for body, code in (({"z": []}, "missing_x"), ({"x": []}, "empty"), ({"x": [[0, 1, 2], [3, 4]]}, "ragged")):
        _refused(deployment.ask("POST", "predict/batch", json=body), 400, code)
    _refused(deployment.ask("POST", "predict/batch", content=b"{"), 400, "not_json")
    _refused(deployment.ask("DELETE", "predict/batch"), 405, "method_not_allowed")
    _refused(deployment.ask("GET", "predict/nowhere"), 404, "not_found")
    _refused(deployment.ask("GET", "nowhere", key=False), 404, "not_found")
    return "400, 404 and 405, each with reason, code and request_id"


def limits(deployment: Deployment) -> str:
    image = [[0] * 28] * 28
    fits = deployment.ask("POST", "predict/batch", json={"x": [image] * 1000})
    _equal(len(_answered(fits)["y"]), 1000)
    for size in (7, 11):  # past the function's limit, and past the gateway's
        try:
            _refused(deployment.ask("POST", "predict/batch", content=b" " * size * MEGABYTE), 413, "request_too_large")
        except httpx.WriteError:
            raise Failed(f"the connection broke while {size} MB were sent") from None
    return "1,000 images in a call; 413 at 7 MB and at 11 MB"


def binary_tensors(deployment: Deployment) -> str:
    """A tensor as raw bytes there and back, without Content-Type or Accept, as Triton's client sends it."""
    served = deployment.ask("GET", "v2")
    if served.status_code == 404:
        return f"{NOT_THERE}: this deployment has no /v2, so no binary round trip was tried"
    if "binary_tensor_data" not in _answered(served)["extensions"]:
        raise Failed(f"/v2 says {served.text}")
    images, expected, model = deployment.golden()
    path = f"v2/models/{model['name']}/versions/{model['version']}"
    metadata = _answered(deployment.ask("GET", path))
    head = _infer_head(metadata, images)
    tensor = (images[..., np.newaxis] / np.float32(255)).astype("<f4").tobytes()
    request = deployment.client.build_request("POST", f"{path}/infer", content=head + tensor)
    for name in ("accept", "content-type"):
        request.headers.pop(name, None)
    request.headers["inference-header-content-length"] = str(len(head))
    request.headers["x-api-key"] = deployment.api_key
    plain = _scores(deployment.send(request), expected.shape)
    request.headers["accept"] = "application/octet-stream"
    binary = _scores(deployment.send(request), expected.shape)
    for scores in (plain, binary):
        if not np.abs(scores - expected).max() <= 1e-4:
            raise Failed("the scores are not the golden ones")
    return f"{len(images)} images, with Accept and without"


def _infer_head(metadata: dict[str, Any], images: np.ndarray[Any, Any]) -> bytes:
    size = images.size * 4
    tensor = {
        "name": metadata["inputs"][0]["name"],
        "shape": [*images.shape, 1],
        "datatype": "FP32",
        "parameters": {"binary_data_size": size},
    }
    return json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()


def _scores(response: httpx.Response, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    if response.status_code != 200:
        raise Failed(f"{response.status_code}: {response.text[:200]}")
    length = int(response.headers.get("inference-header-content-length", len(response.content)))
    output = json.loads(response.content[:length])["outputs"][0]
    raw = response.content[length:][: output.get("parameters", {}).get("binary_data_size", 0)]
    return (np.frombuffer(raw, "<f4") if raw else np.array(output["data"], np.float32)).reshape(shape)


CHECKS: dict[str, Callable[[Deployment], str]] = {
    "GET /": hello,
    "GET /health": health,
    "golden answers": golden_answers,
    "API key": key_is_needed,
    "error bodies": error_bodies,
    "limits": limits,
    "binary tensors": binary_tensors,
}


def _answered(response: httpx.Response) -> dict[str, Any]:
    if response.status_code != 200:
        raise Failed(f"{response.request.url.path}: {response.status_code} {response.text[:200]}")
    body: dict[str, Any] = response.json()
    return body


def _refused(response: httpx.Response, status: int, code: str) -> None:
    """An error in our form, and nothing that tells of the inside."""
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
    """Exits with 1 where a check failed."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__.split("\n")[0])
    parser.add_argument("url", help="where the deployment is, with its stage's path")
    parser.add_argument("--api-key", default=os.environ.get("API_KEY", ""), help="default: the variable API_KEY")
    options = parser.parse_args(arguments)
    failures = 0
    with httpx.Client(base_url=options.url.rstrip("/") + "/", timeout=30) as client:
        for name, check in CHECKS.items():
            try:
                said = check(Deployment(client, options.api_key))
                mark = "  --" if said.startswith(NOT_THERE) else "  ok"
            except (Failed, httpx.HTTPError, ValueError, KeyError, TypeError, StopIteration) as error:
                failures, mark, said = failures + 1, "FAIL", f"{type(error).__name__}: {error}"
            print(f"{mark}  {name:<15} {said}", flush=True)
    if failures:
        sys.exit(f"{failures} of {len(CHECKS)} checks failed")


if __name__ == "__main__":
    main()
