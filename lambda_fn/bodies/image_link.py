"""An https link in, the bytes behind it out; only where a stage allows links, and only from public hosts.

Who may choose what a server fetches may try to reach what only the server can: the Runtime API on 127.0.0.1, the
credentials on 169.254.0.0/16, a private network. So the link's form is narrow, the name is resolved once, every address
of it is checked, and the connection goes to the very address that was checked; nothing is followed from there.
"""

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network

from lambda_fn.errors import InvalidRequest, OriginFailed, TooLarge
from lambda_fn.limits import LINK_BYTES, LINK_CHARACTERS, LINK_SECONDS

PORT = 443
# A name of two labels or more, the last beginning with a letter: neither an address in any notation, nor localhost.
# Without user, fragment, backslash or space, every parser reads the same host in it.
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_LINK = re.compile(
    rf"https://(?P<host>(?:{_LABEL}\.)+(?=[a-z]){_LABEL})(?::443)?(?P<target>[/?][!-\"$-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
# Beside what Python calls not global: addresses that no public server has, whatever a version of Python says.
_NEVER = [
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
    )
]
# Headers come on top of the picture.
_HEADER_BYTES = 64 * 1024


def _resolve(host: str) -> list[str]:
    found = socket.getaddrinfo(host, PORT, socket.AF_INET, socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Network:
    """The world outside.

    Attributes:
        resolve: a name's IPv4 addresses; raises OSError.
        connect: a connection to an address and port, within so many seconds; raises OSError.
        tls: whom to trust.
    """

    resolve: Callable[[str], list[str]] = _resolve
    connect: Callable[[tuple[str, int], float], socket.socket] = socket.create_connection
    tls: Callable[[], ssl.SSLContext] = _trust


INTERNET = Network()


def fetch(link: str, seconds: float = LINK_SECONDS, network: Network = INTERNET) -> bytes:
    """Fetches a file by GET: https, port 443, one host, no redirect, no proxy, no cookie.

    Args:
        seconds: for all of it together, at most LINK_SECONDS.

    Raises:
        InvalidRequest: not a link of that form.
        OriginFailed: it can't be had, whatever the reason.
        TooLarge: more than LINK_BYTES.
    """
    parts = _LINK.fullmatch(link) if len(link) <= LINK_CHARACTERS else None
    if parts is None:
        raise InvalidRequest(
            "invalid_link", "image_link must be https://host/path: a host's name, port 443, no user, no fragment"
        )
    until = time.monotonic() + min(seconds, LINK_SECONDS)
    try:
        address = _checked(_in_time(network.resolve, parts["host"], until))
        with network.connect((address, PORT), _left(until)) as plain:
            plain.settimeout(_left(until))
            with network.tls().wrap_socket(plain, server_hostname=parts["host"]) as secure:
                return _get(secure, parts["host"], parts["target"] or "/", until)
    except (OSError, ValueError, http.client.HTTPException):
        raise OriginFailed("link_failed", "the picture could not be fetched from image_link") from None


def is_public(address: str) -> bool:
    """Whether an IPv4 address is one that servers of the internet have."""
    found = IPv4Address(address)
    return found.is_global and not any(found in network for network in _NEVER)


def _checked(addresses: list[str]) -> str:
    """The first address, if all are public: a name with one that is not is a trap."""
    if not addresses or not all(map(is_public, addresses)):
        raise OSError
    return addresses[0]


def _in_time(resolve: Callable[[str], list[str]], host: str, until: float) -> list[str]:
    """The system's resolver knows no deadline: a thread of its own is left behind where it is slow."""
    thread = ThreadPoolExecutor(1)
    try:
        return thread.submit(resolve, host).result(_left(until))
    finally:
        thread.shutdown(wait=False)


def _left(until: float) -> float:
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _get(connection: ssl.SSLSocket, host: str, target: str, until: float) -> bytes:
    request = f"GET {target if target[0] == '/' else '/' + target} HTTP/1.1\r\nHost: {host}\r\n"
    connection.settimeout(_left(until))
    connection.sendall(
        f"{request}Accept: image/png, image/jpeg\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
    )
    with http.client.HTTPResponse(_Incoming(connection, until)) as response:  # type: ignore[arg-type]
        response.begin()
        if response.status != http.HTTPStatus.OK or response.getheader("Content-Encoding", "identity") != "identity":
            raise OSError
        content = response.read(LINK_BYTES + 1)
        if len(content) > LINK_BYTES:
            raise TooLarge("link_too_large", f"the file behind image_link has more than {LINK_BYTES:,} bytes")
        if response.length:
            raise OSError  # it ended before it should
        return content


class _Incoming(io.RawIOBase):
    """What a connection sends, within one deadline for all of it and a limit of bytes, headers included."""

    def __init__(self, connection: ssl.SSLSocket, until: float) -> None:
        super().__init__()
        self._connection, self._until, self._allowed = connection, until, LINK_BYTES + _HEADER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]
        self._connection.settimeout(_left(self._until))
        count = self._connection.recv_into(buffer)
        self._allowed -= count
        if self._allowed < 0:
            raise OSError
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As http.client asks a socket."""
        return io.BufferedReader(self)
