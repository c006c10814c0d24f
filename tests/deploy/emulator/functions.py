"""Containers of functions: one for each version, which finds the API here and nothing else."""

import os
import re
from typing import Any

from ministack.services import lambda_svc

API_URL = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com/")


def install() -> None:
    """Gives each version containers of its own, the emulator's address of an API, and a resolver that knows no host.

    A template names an API by AWS's own host, which only DNS and a certificate of AWS could lead here.
    """
    lambda_svc.LAMBDA_DOCKER_FLAGS = "--dns 127.0.0.1"
    spawn = lambda_svc._spawn_lambda_container
    here = rf"http://host.docker.internal:{os.environ['GATEWAY_PORT']}/_aws/execute-api/\1/"

    def spawn_container(config: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        variables = (config.get("Environment") or {}).get("Variables") or {}
        local = {name: API_URL.sub(here, value) for name, value in variables.items()}
        return spawn({**config, "Environment": {"Variables": local}}, *arguments, **options)

    lambda_svc._spawn_lambda_container = spawn_container
    key = lambda_svc._warm_pool_key

    # The emulator's own key is the image alone, so a version would answer for another one with other settings.
    def key_of_version(name: str, config: dict[str, Any]) -> str:
        return f"{key(name, config)}:{config.get('Version')}"

    lambda_svc._warm_pool_key = key_of_version
