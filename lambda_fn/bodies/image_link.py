"""Fetches a file by https link, where a stage allows it, from public hosts only.

A client that chooses what a server fetches may try to reach what only the server can: the Runtime API on 127.0.0.1,
credentials on 169.254.0.0/16, a private network. So the form of a link is narrow, its name is resolved once, all its
addresses are checked, the connection goes to the checked address, and redirects are not followed.
"""

import http.client
import io
import re
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network

from lambda_fn.deadline import Deadline
from lambda_fn.errors import InvalidRequest, OriginFailed, TooLarge
from lambda_fn.limits import LINK_BYTES, LINK_CHARACTERS, LINK_SECONDS

PORT = 443
# Two labels or more, the last beginning with a letter: no address in any notation, and not localhost. Without user,
# fragment, backslash or space, every parser reads the same host.
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_LINK = re.compile(
    rf"https://(?P<host>(?:{_LABEL}\.)+(?=[a-z]){_LABEL})(?::443)?(?P<target>[/?][!-\"$-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
# Addresses of no public server, whatever this version of Python calls global.
_NEVER = [
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
    )
]
# Headers, beside the file.
_HEADER_BYTES = 64 * 1024


def _resolve(host: str) -> list[str]:
    found = socket.getaddrinfo(host, PORT, socket.AF_INET, socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Network:
    """Access to the network.

    Attributes:
        resolve: a name's IPv4 addresses; raises OSError.
        connect: opens a connection to an address and port within a timeout in seconds; raises OSError.
        tls: makes the TLS context.
    """

    resolve: Callable[[str], list[str]] = _resolve
    connect: Callable[[tuple[str, int], float], socket.socket] = socket.create_connection
    tls: Callable[[], ssl.SSLContext] = _trust


INTERNET = Network()


def fetch(link: str, seconds: float = LINK_SECONDS, network: Network = INTERNET) -> bytes:
    """Fetches a file by GET: https, port 443, one host, no redirect, no proxy, no cookie.

    Args:
        seconds: for everything together, at most LINK_SECONDS.

    Raises:
        InvalidRequest: not a link of the allowed form, or more than LINK_CHARACTERS.
        OriginFailed: the file can't be fetched, for whatever reason.
        TooLarge: more than LINK_BYTES.
    """
    if len(link) > LINK_CHARACTERS:
        message = f"image_link has {len(link):,} characters; it takes {LINK_CHARACTERS:,} at most"
        raise InvalidRequest("invalid_link", message)
    parts = _LINK.fullmatch(link)
    if parts is None:
        raise InvalidRequest(
            "invalid_link", "image_link must be https://host/path: a host's name, port 443, no user, no fragment"
        )
    deadline = Deadline(min(seconds, LINK_SECONDS))
    try:
        address = _checked(_resolve_in_time(network.resolve, parts["host"], deadline))
        with network.connect((address, PORT), deadline.timeout()) as plain:
            plain.settimeout(deadline.timeout())
            with network.tls().wrap_socket(plain, server_hostname=parts["host"]) as secure:
                return _get(secure, parts["host"], parts["target"] or "/", deadline)
    except (OSError, ValueError, http.client.HTTPException):
        raise OriginFailed("link_failed", "the image could not be fetched from image_link") from None


def is_public(address: str) -> bool:
    """Whether an IPv4 address belongs to the public internet."""
    found = IPv4Address(address)
    return found.is_global and not any(found in network for network in _NEVER)


def _checked(addresses: list[str]) -> str:
    """The first address, if all are public. A name with a private one is an attack."""
    if not addresses or not all(map(is_public, addresses)):
        raise OSError
    return addresses[0]


def _resolve_in_time(resolve: Callable[[str], list[str]], host: str, deadline: Deadline) -> list[str]:
    """The system's resolver takes no timeout, so it runs in a thread, which is left behind when it is slow."""
    thread = ThreadPoolExecutor(1)
    try:
        return thread.submit(resolve, host).result(deadline.timeout())
    finally:
        thread.shutdown(wait=False)


def _get(connection: ssl.SSLSocket, host: str, target: str, deadline: Deadline) -> bytes:
    request = f"GET {target if target[0] == '/' else '/' + target} HTTP/1.1\r\nHost: {host}\r\n"
    connection.settimeout(deadline.timeout())
    connection.sendall(
        f"{request}Accept: image/png, image/jpeg\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
    )
    with http.client.HTTPResponse(_Incoming(connection, deadline)) as response:  # type: ignore[arg-type]
        response.begin()
        if response.status != http.HTTPStatus.OK or response.getheader("Content-Encoding", "identity") != "identity":
            raise OSError
        content = response.read(LINK_BYTES + 1)
        if len(content) > LINK_BYTES:
            raise TooLarge("link_too_large", f"the file behind image_link has more than {LINK_BYTES:,} bytes")
        if response.length:
            raise OSError  # cut short
        return content


class _Incoming(io.RawIOBase):
    """Reads a connection under one deadline and one limit of bytes, headers included."""

    def __init__(self, connection: ssl.SSLSocket, deadline: Deadline) -> None:
        super().__init__()
        self._connection, self._deadline, self._allowed = connection, deadline, LINK_BYTES + _HEADER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        self._connection.settimeout(self._deadline.timeout())
        count = self._connection.recv_into(buffer)
        self._allowed -= count
        if self._allowed < 0:
            raise OSError
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What http.client calls on a socket."""
        return io.BufferedReader(self)
