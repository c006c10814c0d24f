"""Lists the measured servers, and says how each is started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.local.image_environment import image_environment
from scripts.measure.bench import payloads
from scripts.measure.bench.payloads import Payload

ROOT = Path(__file__).resolve().parents[4]
PEERS = Path(__file__).resolve().parent / "peers"
ENVIRONMENTS = ROOT / ".cache" / "bench"
KERAS_MODEL = ENVIRONMENTS / "fastapi_keras" / "model.keras"
# The core of each server, and the core of its clients.
CORE, OTHER_CORE = 0, min(1, (os.cpu_count() or 1) - 1)


@dataclass(frozen=True, slots=True)
class System:
    """A server.

    Attributes:
        name: short, for files and results.
        title: for people.
        command: starts it; "{port}" stands for the port.
        environment: variables beside ours; "{port}", "{port+1}" and "{port+2}" stand for free ports.
        speaks_v2: it takes the numbers only as Open Inference Protocol V2 in JSON.
    """

    name: str
    title: str
    command: tuple[str, ...]
    folder: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)
    speaks_v2: bool = False

    def request(self, payload: Payload) -> Payload:
        """The payload in this system's format."""
        return payload.as_v2_json() if self.speaks_v2 else payload


def ours() -> System:
    return System("ours", "ours (`make serve`)", _python("-m", "scripts.local.serve", "--workers", "1"))


def constant_answer() -> System:
    app = "scripts.measure.bench.over_http.constant_answer:app"
    return System("http", "HTTP alone", _python("-m", "uvicorn", app, "--no-access-log"))


def peers() -> list[System]:
    """The services to compare with, which peer_environments.py sets up."""
    model = {"MODEL": str(payloads.MODEL)}
    keras = {"KERAS_MODEL": str(KERAS_MODEL), "TF_CPP_MIN_LOG_LEVEL": "3"}
    v2 = {
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "{port+1}",
        "MLSERVER_METRICS_PORT": "{port+2}",
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_MODEL_URI": str(payloads.MODEL),
    }
    fastapi = ("-m", "uvicorn", "app:app", "--port", "{port}")
    mlserver = python("mlserver").with_name("mlserver")
    return [
        _peer("fastapi_keras", "FastAPI + Keras", fastapi, keras),
        _peer("fastapi_onnxruntime", "FastAPI + onnxruntime", fastapi, model),
        _peer("litserve", "LitServe", ("app.py",), model | {"PORT": "{port}"}),
        _peer("mlserver", "MLServer (V2 JSON)", (str(mlserver), "start", "."), v2, speaks_v2=True),
    ]


def pinned(command: list[str], core: int = CORE) -> list[str]:
    """The command on one core, where the system has taskset (Linux)."""
    return ["taskset", "--cpu-list", str(core), *command] if shutil.which("taskset") else command


def run_pinned(command: list[str], log: Path) -> None:
    """Runs a child process on one core, its standard output in `log`; raises CalledProcessError."""
    with log.open("wb") as file:
        environment = image_environment() | os.environ
        subprocess.run(pinned(command), cwd=ROOT, env=environment, stdout=file, check=True)


def python(name: str) -> Path:
    """The interpreter in a peer's environment."""
    return ENVIRONMENTS / name / "bin" / "python"


def _python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, *arguments, "--port", "{port}")


def _peer(
    name: str, title: str, arguments: tuple[str, ...], environment: dict[str, str], speaks_v2: bool = False
) -> System:
    command = arguments if arguments[0].startswith("/") else (str(python(name)), *arguments)
    return System(name, title, command, PEERS / name, environment, speaks_v2)
