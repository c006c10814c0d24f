"""Files are fetched by link from public hosts only, by https.

The check itself is never replaced. Only the network is fake: a name resolves to the addresses that a test gives, and a
connection to a public address reaches a server on the loopback.
"""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from lambda_fn.bodies import image_link
from lambda_fn.bodies.image_link import Network
from lambda_fn.errors import InvalidRequest, OriginFailed, TooLarge
from lambda_fn.limits import LINK_BYTES, LINK_CHARACTERS
from tests.bad_inputs.make_files import png
from tests.lambda_fn.bodies.tls_server import Answer, Authority, serving

HOST, PUBLIC = "images.example", "93.184.215.14"
LINK = f"https://{HOST}/seven.png"
Fetch = Callable[..., bytes]


def response(body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def sends(content: bytes) -> Answer:
    return lambda connection: connection.sendall(content)


def endlessly(start: bytes, again: bytes) -> Answer:
    def answer(connection: ssl.SSLSocket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(again)

    return answer


def slowly(content: bytes) -> Answer:
    """Sends one byte after another until the client leaves."""

    def answer(connection: ssl.SSLSocket) -> None:
        connection.settimeout(0.05)
        for byte in content * 1000:
            connection.sendall(bytes([byte]))
            try:
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                pass

    return answer


class FakeNetwork:
    """Records what it is asked for. Each resolution gets the next of `addresses`, and then the last one again."""

    def __init__(self, port: int, trust: ssl.SSLContext, *addresses: list[str]) -> None:
        self._port, self._trust, self._addresses = port, trust, list(addresses)
        self.resolved: list[str] = []
        self.connected: list[tuple[str, int]] = []

    def resolve(self, host: str) -> list[str]:
        self.resolved.append(host)
        return self._addresses.pop(0) if len(self._addresses) > 1 else self._addresses[0]

    def connect(self, address: tuple[str, int], seconds: float) -> socket.socket:
        self.connected.append(address)
        return socket.create_connection(("127.0.0.1", self._port), seconds)

    @property
    def network(self) -> Network:
        return Network(self.resolve, self.connect, lambda: self._trust)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def fetch(authority: Authority) -> Iterator[Fetch]:
    """Fetches LINK from a server with that answer."""

    def from_server(answer: Answer, *, host: str = HOST, age: int = 0, trust: bool = True, seconds: float = 3) -> bytes:
        client = authority.trust() if trust else ssl.create_default_context()
        with serving(authority.server(host, age=age), answer) as port:
            return image_link.fetch(LINK, seconds, FakeNetwork(port, client, [PUBLIC]).network)

    return from_server


def test_a_file_is_fetched_whole(fetch: Fetch) -> None:
    assert fetch(sends(response(png()))) == png()


def test_a_file_without_a_length_ends_with_the_connection(fetch: Fetch) -> None:
    assert fetch(sends(b"HTTP/1.0 200 OK\r\n\r\n" + png())) == png()


def test_a_file_in_chunks_is_joined(fetch: Fetch) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (png()[:50], png()[50:], b""))
    assert fetch(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)) == png()


def test_the_request_has_only_the_headers_that_it_needs() -> None:
    seen: list[bytes] = []

    class Plain(ssl.SSLContext):
        def wrap_socket(self, sock: socket.socket, **_: object) -> socket.socket:  # type: ignore[override]
            return sock

    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(response(b"x"))
        network = Network(lambda _: [PUBLIC], lambda *_: ours, lambda: Plain(ssl.PROTOCOL_TLS_CLIENT))
        image_link.fetch(f"https://{HOST}/a%20b?c=d", 3, network)
        seen.append(theirs.recv(10_000))
    assert seen[0].decode().splitlines() == [
        "GET /a%20b?c=d HTTP/1.1",
        f"Host: {HOST}",
        "Accept: image/png, image/jpeg",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
    ]


REFUSED = [
    *("", "seven.png", "//images.example/", "file:///proc/self/environ", "ftp://images.example/7.png"),
    *("gopher://images.example/", "data:image/png;base64,e30=", "javascript:alert(1)", "https:", "https://"),
    *(
        "http://images.example/7.png",
        "HTTP://images.example/",
        "https:/images.example/",
        "https:images.example",
    ),
    *("https://127.0.0.1/", "https://127.0.0.1:9001/2018-06-01/runtime/invocation/next", "https://localhost/"),
    *("https://localhost./", "https://localhost:9001/", "https://127.1/", "https://2130706433/", "https://0x7f000001/"),
    *("https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://0/", "https://①②⑦.⓪.⓪.①/", "https://[::1]/"),
    *(
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://93.184.215.14/",
    ),
    *("https://169.254.169.254/latest/meta-data/", "https://169.254.170.2/v2/credentials"),
    *("https://images.example\\@127.0.0.1/", "https://images.example@127.0.0.1/", "https://a:b@images.example/"),
    *("https://127.0.0.1#@images.example/", "https://images.example#x", "https://images.example/#x"),
    *(f"https://images.example:{port}/" for port in ("99999", "22", "9001", "80", "", "0443", "443x")),
    *(f"https://images{space}.example/" for space in ("\t", "\n", "\r\n", "\0", " ", "%00", "\u3002", "_")),
    *(f"https://images.example/a{space}b" for space in ("\t", "\n", "\r\nHost: evil.example\r\n", "\0", " ", "é")),
    *("https://.example/", "https://images..example/", "https://-a.example/", "https://a-.example/"),
    *(f"https://{'a' * 64}.example/", "https://images.123/"),
    *(" https://images.example/", "https://images.example/\n", "https://ⓘmages.example/", "https://localhost?x"),
]


@pytest.mark.parametrize("link", REFUSED)
def test_a_link_of_another_form_is_refused_without_using_the_network(link: str) -> None:
    fake = FakeNetwork(0, ssl.create_default_context(), [PUBLIC])
    with pytest.raises(InvalidRequest, match="image_link must be"):
        image_link.fetch(link, 3, fake.network)
    assert fake.resolved == fake.connected == []


def test_a_link_that_is_too_long_is_refused_with_its_length() -> None:
    fake = FakeNetwork(0, ssl.create_default_context(), [PUBLIC])
    link = f"https://{HOST}/".ljust(LINK_CHARACTERS + 1, "a")
    with pytest.raises(InvalidRequest, match="image_link has 2,049 characters; it takes 2,048 at most"):
        image_link.fetch(link, 3, fake.network)
    with pytest.raises(OriginFailed):
        image_link.fetch(link[:-1], 3, Network(lambda _: []))
    assert fake.resolved == fake.connected == []


@pytest.mark.parametrize(
    "link",
    [
        "https://images.example",
        "https://images.example:443/a",
        "HTTPS://Images.Example?a=%0d",
        "https://a.b.c-d.ef",
    ],
)
def test_a_link_of_the_right_form_is_resolved(link: str) -> None:
    fake = FakeNetwork(0, ssl.create_default_context(), ["10.0.0.1"])
    with pytest.raises(OriginFailed):
        image_link.fetch(link, 3, fake.network)
    assert len(fake.resolved) == 1


PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.0.1", "100.64.0.1", "100.127.255.255", "169.254.169.254", "169.254.170.2", "169.254.79.129"),
    *("192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_with_a_private_address_is_never_connected_to(address: str) -> None:
    for addresses in ([address], [PUBLIC, address], [address, PUBLIC]):
        fake = FakeNetwork(0, ssl.create_default_context(), addresses)
        with pytest.raises(OriginFailed):
            image_link.fetch(LINK, 3, fake.network)
        assert fake.connected == []


@pytest.mark.parametrize(
    "address", ["::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2606:2800:21f:cb07::1", "no address"]
)
def test_only_ipv4_is_connected_to(address: str) -> None:
    fake = FakeNetwork(0, ssl.create_default_context(), [address])
    with pytest.raises(OriginFailed):
        image_link.fetch(LINK, 3, fake.network)
    assert fake.connected == []


def test_a_name_is_resolved_once_and_the_checked_address_is_connected_to(authority: Authority) -> None:
    """A name that is public at first and then the loopback gains nothing."""
    with serving(authority.server(HOST), sends(response(png()))) as port:
        fake = FakeNetwork(port, authority.trust(), [PUBLIC], ["127.0.0.1"])
        assert image_link.fetch(LINK, 3, fake.network) == png()
    assert (fake.resolved, fake.connected) == ([HOST], [(PUBLIC, 443)])


def test_the_default_resolver_gives_ipv4_only() -> None:
    assert set(image_link.INTERNET.resolve("localhost")) == {"127.0.0.1"}


def test_an_unknown_name_fails() -> None:
    def unknown(_host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(OriginFailed):
        image_link.fetch(LINK, 3, Network(unknown))


FAILS: dict[str, Answer] = {
    "a redirect to the loopback": sends(response(status="302 Found\r\nLocation: https://127.0.0.1:9001/")),
    "a redirect to itself": sends(response(status=f"301 Moved\r\nLocation: {LINK}")),
    "a redirect to http": sends(response(status=f"307 Moved\r\nLocation: http://{HOST}/")),
    "not found": sends(response(png(), status="404 Not Found")),
    "its own failure": sends(response(png(), status="500 Internal Server Error")),
    "nothing, with 204": sends(response(status="204 No Content")),
    "a part, with 206": sends(response(png(), status="206 Partial Content")),
    "method not allowed, as our own API says": sends(response(b"{}", status="405 Method Not Allowed")),
    "less than it promised": sends(response(png(), length=len(png()) + 1)),
    "an early end of chunks": sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"),
    "chunks that are none": sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
    "a gzip bomb": sends(response(gzip.compress(bytes(10_000_000)), "Content-Encoding: gzip")),
    "no HTTP": sends(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "nothing at all": sends(b""),
    "headers without end": endlessly(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "one header without end": endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1000),
    "continue without end": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("answer", FAILS.values(), ids=FAILS)
def test_every_failure_has_the_same_message(answer: Answer, fetch: Fetch) -> None:
    with pytest.raises(OriginFailed) as caught:
        fetch(answer)
    assert (caught.value.status, caught.value.code) == (424, "link_failed")
    assert caught.value.message == "the image could not be fetched from image_link"


SLOW: dict[str, bytes] = {"header": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100, "body": response(length=100_000) + b"a"}


@pytest.mark.parametrize("content", SLOW.values(), ids=SLOW)
def test_a_slow_origin_has_one_deadline_for_everything(content: bytes, fetch: Fetch) -> None:
    """A byte each 50 ms: no single wait is long, and together they would take a minute."""
    with pytest.raises(OriginFailed):
        fetch(slowly(content), seconds=0.5)


def test_a_slow_resolver_has_the_same_deadline() -> None:
    given_up = threading.Event()
    with pytest.raises(OriginFailed):
        image_link.fetch(LINK, 0.1, Network(lambda _: [PUBLIC] if given_up.wait(30) else []))
    given_up.set()


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n\r\n", response(length=10**12)])
def test_an_endless_file_is_too_large(start: bytes, fetch: Fetch) -> None:
    with pytest.raises(TooLarge, match=f"{LINK_BYTES:,} bytes"):
        fetch(endlessly(start, bytes(100_000)))


def test_a_certificate_must_be_for_the_name(fetch: Fetch) -> None:
    with pytest.raises(OriginFailed):
        fetch(sends(response(png())), host="other.example")


def test_a_certificate_must_be_valid_now(fetch: Fetch) -> None:
    with pytest.raises(OriginFailed):
        fetch(sends(response(png())), age=11)


def test_a_certificate_must_be_from_a_trusted_authority(fetch: Fetch) -> None:
    with pytest.raises(OriginFailed):
        fetch(sends(response(png())), trust=False)


def test_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch, fetch: Fetch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert fetch(sends(response(png()))) == png()


def test_by_default_the_checked_address_of_the_systems_resolver_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connected: list[object] = []

    def resolve(host: str, port: int, *_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ({HOST: PUBLIC}.get(host, host), port))]

    def connect(_: socket.socket, address: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(OriginFailed):
        image_link.fetch(LINK)
    assert connected == [(PUBLIC, 443)]


def test_by_default_the_loopback_is_refused() -> None:
    assert not any(map(image_link.is_public, image_link.INTERNET.resolve("localhost")))
    for link in REFUSED:
        with pytest.raises(InvalidRequest):
            image_link.fetch(link)


@pytest.mark.parametrize(("allowed", "expected"), [(29, 3.0), (1.5, 1.5)])
def test_no_link_takes_longer_than_three_seconds_or_the_time_left(allowed: float, expected: float) -> None:
    given: list[float] = []

    def connect(_: tuple[str, int], timeout: float) -> socket.socket:
        given.append(timeout)
        raise OSError

    with pytest.raises(OriginFailed):
        image_link.fetch(LINK, allowed, Network(resolve=lambda _: [PUBLIC], connect=connect))
    assert expected - 0.5 < given[0] <= expected
