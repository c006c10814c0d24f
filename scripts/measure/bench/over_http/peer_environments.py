"""Sets up an environment for each peer from its locked requirements."""

import hashlib
import re
import subprocess
import sys

import numpy as np
from tqdm import tqdm

from scripts.measure.bench.over_http.systems import ENVIRONMENTS, KERAS_MODEL, PEERS, System, peers, python
from scripts.measure.bench.payloads import MODEL


def set_up() -> tuple[list[System], dict[str, str]]:
    """The peers that can run, and for the others, by title, the reason."""
    ready, failed = [], {}
    progress = tqdm(peers(), desc="environments of the peers", unit="peer", disable=None)
    for peer in progress:
        progress.set_postfix_str(peer.name)
        try:
            _install(peer.name)
            if peer.name == "fastapi_keras":
                _prepare_keras()
            ready.append(peer)
        except subprocess.CalledProcessError as error:
            lines = (error.stderr or "").strip().splitlines()
            failed[peer.title] = next((line for line in reversed(lines) if "ERROR" in line), lines[-1] if lines else "")
    return ready, failed


def versions(peer: System) -> str:
    """The peer's direct requirements with their installed versions."""
    lines = (PEERS / peer.name / "requirements.in").read_text().splitlines()
    names = [re.match(r"[\w-]+", line)[0] for line in lines]  # type: ignore[index]
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    done = subprocess.run([python(peer.name), "-c", code, *names], capture_output=True, text=True, check=True)
    return ", ".join(f"{name} {version}" for name, version in zip(names, done.stdout.split(), strict=True))


def _install(name: str) -> None:
    requirements = PEERS / name / "requirements.txt"
    stamp = ENVIRONMENTS / name / "ready"
    locked = hashlib.sha256(requirements.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == locked:
        return
    print(f"bench: setting up {name} (once) ...", file=sys.stderr, flush=True)
    _run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENTS / name))
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes")
    _run(str(python(name)), *pip, "-r", str(requirements))
    stamp.write_text(locked)


def _prepare_keras() -> None:
    """Writes the served weights as a .keras file: ONNX has filters as O×I×H×W, Keras as H×W×I×O."""
    import onnx
    from onnx import numpy_helper

    if KERAS_MODEL.exists() and KERAS_MODEL.stat().st_mtime > MODEL.stat().st_mtime:
        return
    graph = onnx.load(MODEL).graph
    arrays = {initializer.name: numpy_helper.to_array(initializer) for initializer in graph.initializer}
    weights = [
        arrays[name].transpose(2, 3, 1, 0) if arrays[name].ndim == 4 else arrays[name]
        for node in graph.node
        if node.op_type in ("Conv", "MatMul", "Add")
        for name in node.input[1:]
    ]
    file = KERAS_MODEL.with_suffix(".npz")
    np.savez(file, *weights)
    _run(str(python("fastapi_keras")), str(PEERS / "fastapi_keras" / "prepare.py"), str(file), str(KERAS_MODEL))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
