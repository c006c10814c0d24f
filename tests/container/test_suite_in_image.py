"""The tests that need neither a server nor a repository to write to, once more in the image's own Python."""

import re
import subprocess

from model.digits.data import mnist
from tests.container.conftest import ROOT, docker

SUITE = ("tests/lambda_fn", "tests/model")


def test_the_suite_passes_in_the_images_python(image: str) -> None:
    arguments = ("--build-arg", f"IMAGE={image}", "--tag", "postal-digits-tests", "--quiet")
    docker("build", *arguments, "--file", str(ROOT / "tests/container/Dockerfile"), str(ROOT / "tests"))
    cache = mnist.cache_folder()
    volumes = (f"--volume={ROOT}:/repository:ro", f"--volume={cache}:/cache/postal-digits/mnist:ro")
    where = ("--workdir=/repository", "--env=XDG_CACHE_HOME=/cache", "--network=none")
    command = ["docker", "run", "--rm", *volumes, *where, "postal-digits-tests", "-q", *SUITE]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d{3} passed in", done.stdout)
    assert "skipped" not in done.stdout
