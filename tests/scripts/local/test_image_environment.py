"""Local processes run with the environment of the container image."""

from scripts.local.image_environment import image_environment


def test_it_has_the_variables_of_the_dockerfile() -> None:
    found = image_environment()
    assert found["ORT_DISABLE_TELEMETRY"] == "1"
    assert set(found) >= {"OPENBLAS_NUM_THREADS", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}
