"""Runs a notebook, and removes all traces of this machine from what is saved of it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

Notebook = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
INJECTED = "injected-parameters"
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


def execute(source: Path, folder: Path, parameters: Mapping[str, object]) -> Notebook:
    """Runs the notebook with `folder` as its working directory. Raises papermill's error if a cell fails."""
    papermill = import_module("papermill")
    os.environ.update(QUIET)  # the kernel inherits it
    blank, executed = folder / "blank.ipynb", folder / "executed.ipynb"
    write(without_outputs(read(source)), blank)
    defaults = {name: known["default"] for name, known in papermill.inspect_notebook(str(blank)).items()}
    papermill.execute_notebook(
        str(blank),
        str(executed),
        parameters={name: value for name, value in parameters.items() if defaults.get(name) != repr(value)},
        kernel_name="python3",
        cwd=str(folder),
        stdout_file=_AboveTheBar(sys.stdout),
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    return clean(read(executed), {str(folder): ".", str(ROOT): ".", str(Path.home()): "~"})


def read(path: Path) -> Notebook:
    notebook: Notebook = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def write(notebook: Notebook, path: Path) -> None:
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def without_outputs(notebook: Notebook) -> Notebook:
    """The notebook as people wrote it: no outputs, and no parameters of an earlier run, which would apply again."""
    cells = [_blank(cell) for cell in notebook["cells"] if not _is_injected(cell)]
    return {**notebook, "cells": cells}


def clean(notebook: Notebook, local_paths: Mapping[str, str]) -> Notebook:
    """The executed notebook without warnings, timings, paths and kernel names."""
    cells = [_clean_cell(cell, local_paths) for cell in notebook["cells"]]
    return {**notebook, "cells": cells, "metadata": {**KERNEL, "language_info": {"name": "python"}}}


def source_sha256(notebook: Notebook) -> str:
    """The digest of the cells as people wrote them, the same before and after a run."""
    cells = [[cell["cell_type"], "".join(cell["source"])] for cell in notebook["cells"] if not _is_injected(cell)]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _is_injected(cell: Notebook) -> bool:
    return INJECTED in cell["metadata"].get("tags", [])


def _blank(cell: Notebook) -> Notebook:
    return cell if cell["cell_type"] != "code" else {**cell, "execution_count": None, "outputs": []}


def _clean_cell(cell: Notebook, local_paths: Mapping[str, str]) -> Notebook:
    tags = [tag for tag in cell["metadata"].get("tags", []) if not tag.startswith("papermill")]
    cleaned = {**cell, "metadata": {"tags": tags} if tags else {}}
    if "outputs" in cell:
        kept = [_portable(output, local_paths) for output in cell["outputs"] if output.get("name") != "stderr"]
        cleaned["outputs"] = _join(kept)
    return cleaned


def _portable(output: Notebook, local_paths: Mapping[str, str]) -> Notebook:
    if output["output_type"] != "stream":  # an image's base64 may hold any letters
        return output
    text = "".join(output["text"])
    for path, name in local_paths.items():
        text = text.replace(path, name)
    return {**output, "text": text.splitlines(keepends=True)}


def _join(outputs: list[Notebook]) -> list[Notebook]:
    """Joins text that was printed in pieces: where it is cut differs from run to run."""
    joined: list[Notebook] = []
    for output in outputs:
        if output["output_type"] == "stream" and joined and joined[-1]["output_type"] == "stream":
            text = "".join([*joined[-1]["text"], *output["text"]])
            joined[-1] = {**joined[-1], "text": text.splitlines(keepends=True)}
        else:
            joined.append(output)
    return joined


class _AboveTheBar:
    """A stream that prints above the progress bar."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tqdm = import_module("tqdm").tqdm

    def write(self, text: str) -> None:
        self._tqdm.write(text, file=self._stream, end="")

    def flush(self) -> None:
        self._stream.flush()
