"""A copy of this repository whose model is not the one that was tested."""

import shutil
import subprocess
from pathlib import Path

from lambda_fn.settings import Settings
from tests.deploy.cloud import ROOT

LINKS = (".venv", "node_modules", ".cache")


def copy(folder: Path) -> Path:
    """Copies what git knows, and what it would add; tools are linked."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in listed.stdout.decode().splitlines():
        source = ROOT / name
        if source.is_file() and not source.is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)  # with its time, or make would set up again
    for name in LINKS:
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


def serve_model(folder: Path, model: Path) -> None:
    """Puts another default version there; its golden requests stay."""
    version = Settings().models["digits"]
    for name in ("model.onnx", "contract.json", "golden.npz"):
        shutil.copy(model / "digits" / version / name, folder / "model/digits" / version / name)
