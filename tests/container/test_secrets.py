"""The image holds no secret in its files, its settings or its history."""

import json
import re
from collections.abc import Callable

from tests.container.conftest import Container, docker
from tests.project.test_secrets import KINDS

OURS = ("/var/task/lambda_fn", "/var/task/model")
READ = """
import pathlib, sys
for file in (file for folder in sys.argv[1:] for file in pathlib.Path(folder).rglob("*") if file.is_file()):
    sys.stdout.buffer.write(file.read_bytes())
"""


def test_the_image_holds_no_secret(image: str, start: Callable[..., Container]) -> None:
    settings = docker("image", "inspect", "--format", "{{json .Config.Env}}", image).stdout
    written = settings + docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image).stdout
    written += docker("exec", start().name, "python", "-c", READ, *OURS).stdout
    assert b"def handler" in written
    assert [kind for kind, pattern in KINDS.items() if re.search(pattern, written)] == []
    names = {variable.partition("=")[0] for variable in json.loads(settings)}
    assert not any(word in name for name in names for word in ("KEY", "SECRET", "TOKEN", "PASSWORD"))
