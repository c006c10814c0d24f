"""The function's own tests, again in the image's Python."""

import re
import subprocess

from model.digits.data import mnist
from tests.container.conftest import ROOT, docker

PACKAGES = ("api", "bodies", "digits", "inference", "observers", "v2", "vision")
SUITE = [f"tests/lambda_fn/{name}" for name in PACKAGES]
# These need scipy, tritonclient, or a server that writes its log into the repository.
WITHOUT = ("digits/test_paper.py", "v2/test_tritonclient.py", "observers/test_logs.py")


def test_the_suite_passes_in_the_images_python(image: str) -> None:
    arguments = ("--build-arg", f"IMAGE={image}", "--tag", "postal-digits-tests", "--quiet")
    docker("build", *arguments, "--file", str(ROOT / "tests/container/Dockerfile"), str(ROOT / "tests"))
    cache = mnist.cache_folder()
    volumes = (f"--volume={ROOT}:/repository:ro", f"--volume={cache}:/cache/postal-digits/mnist:ro")
    where = ("--workdir=/repository", "--env=XDG_CACHE_HOME=/cache", "--network=none")
    command = ["docker", "run", "--rm", *volumes, *where, "postal-digits-tests", "-q", *SUITE]
    command += [f"--ignore=tests/lambda_fn/{path}" for path in WITHOUT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d{3} passed in", done.stdout)
    assert "skipped" not in done.stdout
