"""The emulator looks up no name but this machine's, so it can't call AWS, nor anybody else."""

import ipaddress
import os
import socket
from typing import Any
from urllib.parse import urlsplit


def install() -> None:
    """Refuses to resolve other names. Docker's own host, if it is a remote one, stays."""
    look_up = socket.getaddrinfo
    allowed = {"", "localhost", socket.gethostname(), urlsplit(os.environ.get("DOCKER_HOST", "")).hostname or ""}

    def look_up_this_machine(host: str | bytes | None, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name not in allowed and not _is_address(name):
            raise socket.gaierror(socket.EAI_NONAME, f"the emulator looks up no name: {name}")
        return look_up(host, *arguments, **options)

    socket.getaddrinfo = look_up_this_machine


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
