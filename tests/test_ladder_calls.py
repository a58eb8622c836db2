"""Where calls are asked for: outside our own network, in a time that has an end, whatever the other side does."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.urls import reverse

from delivery import calls
from delivery.transports import TryLater, voice
from districts.editing import fingerprint
from districts.models import ContactPoint
from ownership.ladders import rehearsal
from ownership.models import Rung
from tests.conftest import NOW, Cast, sign_in
from tests.test_ladders import outgoing
from tests.test_ownership import make_sync

HOST = "calls.school.example"
UNSET = fingerprint({"url": ""})  # the page of calls, where there is no address yet
INSIDE = [
    "https://127.0.0.1/", "https://10.0.0.5/x", "https://169.254.169.254/latest", "https://[::1]/", "https://[::ffff:10.0.0.5]/",
    "https://localhost/",
]  # fmt: skip


def leads_to(*found: str) -> Callable[..., list[Any]]:
    """A resolver that knows one name, and tells numbers from names as the real one does."""
    real = socket.getaddrinfo

    def answer(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        if more.get("flags") == socket.AI_NUMERICHOST or host != HOST:
            return list(real(host, port, *args, **more))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    return answer


@pytest.mark.parametrize("url", [*INSIDE, "https://calls.school.example:99999/", "https://calls.school.example:0/"])
def test_an_address_that_no_call_goes_to_is_refused_with_words(here: Cast, url: str) -> None:
    answer = sign_in(here.ada, here.district).post(reverse("setup_calls"), {"url": url, "seen": UNSET})
    assert answer.status_code == 422
    assert calls.hook() is None
    page = answer.content.decode()
    assert any(words in page for words in ("our own network", "a port that does not exist", "no address that calls", "valid URL"))


def test_a_name_that_leads_inside_is_refused_and_one_that_nobody_knows_is_kept_with_a_warning(
    here: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = sign_in(here.ada, here.district)
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", leads_to("93.184.216.34", "10.0.0.5"))
        refused = ada.post(reverse("setup_calls"), {"url": f"https://{HOST}/", "seen": UNSET})
    assert (refused.status_code, calls.hook()) == (422, None)
    assert f"{HOST} leads into our own network" in refused.content.decode()
    page = ada.post(reverse("setup_calls"), {"url": "https://nobody.invalid/", "seen": UNSET}, follow=True).content.decode()
    assert "nobody.invalid: nobody knows this name. Until somebody does, nobody is called." in page


@pytest.mark.parametrize("url", [*INSIDE, "https://calls.school.example:99999/", f"https://{HOST}/"])
def test_a_ladder_of_calls_that_go_nowhere_does_not_pass_its_test(here: Cast, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = make_sync(here)
    for n, someone in enumerate((sync.rosa, sync.dan, sync.dora)):
        ContactPoint.objects.create(person=someone, kind="phone", value=f"+1530555010{n}")
    Rung.objects.filter(ladder=sync.ladder).update(channels=["voice"])
    calls.set_hook(url)
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", leads_to("10.0.0.5"))
        test = rehearsal.rehearse(sync.ladder, process=sync.process, by=here.lee, now=NOW)
        with pytest.raises(TryLater):
            voice.send(outgoing(here, calls.hook()), None)
    assert not test.passed
    assert sync.ladder.refresh().tested_at is None
    assert {one["mend"] for one in test.stale} == {"Enter another address under Set-up, Ladders, Phone calls."}
    calls.set_hook(f"https://{HOST}/")
    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", leads_to("93.184.216.34"))
        assert rehearsal.rehearse(sync.ladder, process=sync.process, by=here.lee, now=NOW).passed


# --- a real server ----------------------------------------------------------------------------------------------------


class Server(threading.Thread):
    """Speaks TLS with a certificate of its own, reads one request, and answers as `says` does."""

    def __init__(self, certificate: Path, says: Callable[[ssl.SSLSocket], None]) -> None:
        super().__init__(daemon=True)
        self.says, self.read = says, b""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]

    def run(self) -> None:
        try:
            with self.door.accept()[0] as plain, self.context.wrap_socket(plain, server_side=True) as line:
                while not self.read.endswith(b"}"):
                    got = line.recv(65_536)
                    if not got:
                        return
                    self.read += got
                self.says(line)
        except OSError:
            return


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    own, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    begins = datetime.now(UTC) - timedelta(days=1)
    built = x509.CertificateBuilder(name, name, own.public_key(), 1, begins, begins + timedelta(days=9))
    for critical, extension in (
        (False, x509.SubjectAlternativeName([x509.DNSName(HOST)])), (True, x509.BasicConstraints(ca=True, path_length=0)),
        (False, x509.SubjectKeyIdentifier.from_public_key(own.public_key())),
        (True, x509.KeyUsage(True, False, False, False, False, True, False, False, False)),
    ):  # fmt: skip
        built = built.add_extension(extension, critical=critical)
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(key + built.sign(own, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def asked(here: Cast, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[Server, calls.Hook]]]:
    monkeypatch.setattr(certifi, "where", lambda: str(certificate))
    monkeypatch.setattr(voice, "addresses", lambda _url: ["127.0.0.1"])
    monkeypatch.setattr(voice, "TIMEOUT", 1.5)
    begun: list[Server] = []

    def begin(says: Callable[[ssl.SSLSocket], None], host: str = HOST) -> tuple[Server, calls.Hook]:
        server = Server(certificate, says)
        server.start()
        begun.append(server)
        return server, calls.Hook(f"https://{host}:{server.port}/ring?to=us", "k")

    yield begin
    for server in begun:
        server.join(20)
        server.door.close()


def slowly(text: bytes) -> Callable[[ssl.SSLSocket], None]:
    def says(line: ssl.SSLSocket) -> None:
        for byte in text:
            line.sendall(bytes([byte]))
            time.sleep(0.3)

    return says


def test_a_call_is_posted_to_the_address_that_was_checked_under_its_name(here: Cast, asked: Any) -> None:
    server, hook = asked(lambda line: line.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 7\r\n\r\nringing"))
    assert voice.send(outgoing(here, hook), None).ref == "ringing"
    assert server.read.startswith(b"POST /ring?to=us HTTP/1.1\r\n")
    assert b"\r\nHost: calls.school.example:%d\r\n" % server.port in server.read
    assert server.read.lower().count(b"host:") == 1


def test_a_certificate_of_another_name_is_none(here: Cast, asked: Any) -> None:
    server, hook = asked(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\n\r\n"), "other.school.example")
    with pytest.raises(TryLater, match="SSLCertVerificationError"):
        voice.send(outgoing(here, hook), None)
    assert server.read == b""


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 100, b"H" * 100])
def test_a_byte_now_and_then_is_not_waited_for(here: Cast, asked: Any, head: bytes) -> None:
    _server, hook = asked(slowly(head))
    began = time.monotonic()
    with pytest.raises(TryLater, match="TimeoutError"):
        voice.send(outgoing(here, hook), None)
    assert time.monotonic() - began < 4, "the time is for all of it, not for each byte"


def test_words_that_come_too_slowly_are_done_without(here: Cast, asked: Any) -> None:
    def says(line: ssl.SSLSocket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
        slowly(b"x" * 100)(line)

    _server, hook = asked(says)
    began = time.monotonic()
    assert voice.send(outgoing(here, hook), None).ref == "", "its status said that it rings"
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("more", [b"X-Long: " + b"x" * 900 + b"\r\n", b"\r\nHTTP/1.1 100 Continue\r\n"])
def test_an_answer_without_an_end_is_read_so_far_and_no_further(here: Cast, asked: Any, more: bytes) -> None:
    def says(line: ssl.SSLSocket) -> None:
        line.sendall(b"HTTP/1.1 100 Continue\r\n")
        while True:
            line.sendall(more * 20)

    _server, hook = asked(says)
    with pytest.raises(TryLater, match="OSError"):
        voice.send(outgoing(here, hook), None)
