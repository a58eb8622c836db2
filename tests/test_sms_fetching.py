"""Fetching from a provider, against a real https server of this machine; and every address that must not be gone to."""

import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings
from urllib3.exceptions import HTTPError

from intake.phone import fetching
from intake.phone.fetching import Away, Refused, fetch

TWILIO = ("*.twilio.com", "*.twiliocdn.com")
LOGIN = ("AC1", "token")
PICTURE = b"\x89PNG" + bytes(50_000)


class Store(ThreadingHTTPServer):
    """Answers by path; `say` holds what is answered, `asked` what came."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.say: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Store

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.say.get(self.path, status(404))(self)

    def log_message(self, *_: object) -> None:
        pass


def gives(data: bytes, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            to.send_header(name.replace("_", "-"), value)
        to.end_headers()
        to.wfile.write(data)

    return answer


def status(code: int, where: str = "") -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(code)
        if where:
            to.send_header("Location", where)
        to.end_headers()

    return answer


def drips(to: BaseHTTPRequestHandler) -> None:
    to.send_response(200)
    to.end_headers()
    for _ in range(100):
        to.wfile.write(b"x")
        to.wfile.flush()
        time.sleep(0.05)


def certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context, and the file that who trusts it needs."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's own")])
    now = dt.datetime.now(dt.UTC)
    known = [x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names]
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, private = folder / "trusted.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context, pem


def serve(tls: ssl.SSLContext | None) -> Iterator[Store]:
    store = Store(tls)
    threading.Thread(target=store.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield store
    store.shutdown()
    store.server_close()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Store]:
    """Twilio, as far as https goes; its certificate is good for "localhost" and "media.twilio.com"."""
    settings.MEDIA_FROM_HERE = True
    tls, trusted = certificate(tmp_path, "localhost", "media.twilio.com")
    monkeypatch.setattr(fetching, "TRUSTED", str(trusted))
    yield from serve(tls)


def at(store: Store, path: str = "/m/1", host: str = "localhost") -> str:
    return f"https://{host}:{store.port}{path}"


def got(url: str, **more: Any) -> bytes:
    return fetch(url, **{"allowed_hosts": TWILIO, "auth": LOGIN, "most_bytes": 100_000, "seconds": 3.0, **more})


def test_a_picture_is_fetched_with_our_login(store: Store) -> None:
    store.say["/m/1?x=1"] = gives(PICTURE)
    assert got(at(store, "/m/1?x=1")) == PICTURE
    ((_path, headers),) = store.asked
    assert headers["authorization"] == "Basic QUMxOnRva2Vu"
    assert headers["host"] == f"localhost:{store.port}"


def test_the_login_goes_to_no_other_host(store: Store) -> None:
    plain = serve(None)
    other = next(plain)
    store.say["/m/1"] = status(307, f"http://127.0.0.1:{other.port}/m/2")
    other.say["/m/2"] = gives(PICTURE)
    assert got(at(store)) == PICTURE
    assert "authorization" not in other.asked[0][1]
    assert next(plain, None) is None


def test_a_certificate_must_name_the_host_and_be_trusted(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to an address; what is proven is the name."""
    store.say["/m/1"] = gives(PICTURE)

    def asked(name: str) -> bytes | str:
        place = fetching._Place(urlsplit(f"https://{name}:{store.port}/m/1"), "127.0.0.1")
        return fetching._get(place, None, 100_000, time.monotonic() + 3)

    assert asked("media.twilio.com") == PICTURE
    with pytest.raises(HTTPError):
        asked("api.twilio.com")
    (tmp_path / "other").mkdir()
    _tls, stranger = certificate(tmp_path / "other", "localhost")
    monkeypatch.setattr(fetching, "TRUSTED", str(stranger))
    with pytest.raises(Away, match="SSLError"):
        got(at(store))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com/m/1", "https://evil.example/m/1", "https://twilio.com.evil.example/", "https://api.twilio.com:8443/",
        "https://user:word@api.twilio.com/", "ftp://api.twilio.com/", "file:///etc/passwd", "https://[::1/", "https://", "",
        "https://api.twilio.com:99999/", "https://nottwilio.com/", "https://127.0.0.1/", "http://localhost:5432/",
        "https://169.254.169.254/latest/meta-data/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_gone_to(url: str, settings: Settings) -> None:
    settings.MEDIA_FROM_HERE = False
    with pytest.raises(Refused):
        got(url)


def test_this_machine_is_no_place_where_a_district_works(store: Store, settings: Settings) -> None:
    store.say["/m/1"] = gives(PICTURE)
    settings.PRODUCTION = True
    with pytest.raises(Refused):
        got(at(store))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "192.168.1.1", "100.64.0.1", "0.0.0.0"]
)
def test_a_name_that_leads_into_our_own_network_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where only one of its addresses does, and where a redirect leads there."""
    monkeypatch.setattr(fetching, "resolve", lambda _host: ["54.172.60.0", address])
    with pytest.raises(Refused, match="not public"):
        got("https://api.twilio.com/m/1")


def test_a_name_nobody_knows_may_be_known_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_host: str) -> list[str]:
        raise OSError("no name server")

    monkeypatch.setattr(fetching, "resolve", unknown)
    with pytest.raises(Away):
        got("https://api.twilio.com/m/1")


@pytest.mark.parametrize("to", ["https://evil.example/x", "http://api.twilio.com/x", "file:///etc/passwd", "https://169.254.169.254/"])
def test_a_redirect_leads_nowhere_else(store: Store, to: str) -> None:
    store.say["/m/1"] = status(302, to)
    with pytest.raises(Refused):
        got(at(store))


def test_redirects_have_an_end(store: Store) -> None:
    store.say["/m/1"] = status(302, "/m/1")
    with pytest.raises(Refused, match="on and on"):
        got(at(store))
    assert len(store.asked) == fetching.HOPS


@pytest.mark.parametrize("headers", [{}, {"Content_Length": "10"}])
def test_what_is_too_large_is_not_read_to_its_end(store: Store, headers: dict[str, str]) -> None:
    """Whatever the headers say."""

    def endless(to: BaseHTTPRequestHandler) -> None:
        to.send_response(200)
        to.end_headers()
        for _ in range(1_000):
            to.wfile.write(bytes(10_000))

    store.say["/m/1"] = gives(bytes(200_000)) if headers else endless
    with pytest.raises(Refused, match="too large"):
        got(at(store))


def test_what_drips_is_given_up_in_time(store: Store) -> None:
    store.say["/m/1"] = drips
    began = time.monotonic()
    with pytest.raises(Away, match="too long"):
        got(at(store), seconds=0.4)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("code", "kind"), [(401, Away), (404, Away), (429, Away), (500, Away), (503, Away), (410, Refused), (400, Refused)]
)
def test_what_the_provider_answers(store: Store, code: int, kind: type[Exception]) -> None:
    store.say["/m/1"] = status(code)
    with pytest.raises(kind, match=str(code)):
        got(at(store))


def test_half_a_file_is_none_and_a_packed_one_is_not_unpacked(store: Store) -> None:
    store.say["/m/1"] = gives(b"half", Content_Length="8")
    with pytest.raises(Away):
        got(at(store))
    store.say["/m/1"] = gives(b"\x1f\x8b bomb", Content_Encoding="gzip")
    with pytest.raises(Refused, match="packed"):
        got(at(store))


def test_nobody_there_is_away(store: Store) -> None:
    store.shutdown()
    store.server_close()
    with pytest.raises(Away):
        got(at(store))
