"""The bytes of large mail: taken in pieces, written and read in pieces, and the same in the end."""

import hashlib
import io
import os
import re
import socket
import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from districts.scope import district_scope
from intake import actions
from intake.channels.fingerprint import PIECE, digest, digest_of
from intake.mail import smtp
from intake.mail.data import MailData
from intake.models import Channel, Envelope
from intake.receiving import bulk, receive
from tests.conftest import Cast
from tests.test_intake_smtp import HELP, Running, code, door, doors

__all__ = ["door", "doors"]
BITS = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\n.\n", b"..", b"a", b"word"]), max_size=40).map(b"".join)
AT_LEISURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=20)


def taken(wire: bytes, cuts: list[int], most: int = 10_000) -> tuple[bytes, bytes | None]:
    """(the mail, what came behind it), fed in pieces of these lengths in turn."""
    data, at, turn = MailData(most), 0, 0
    with data.file:
        while at < len(wire):
            piece = wire[at : at + cuts[turn % len(cuts)]]
            at, turn = at + len(piece), turn + 1
            rest = data.feed(piece)
            if rest is not None:
                data.file.seek(0)
                return data.file.read(), rest + wire[at:]
    return b"", None


def stuffed(mail: bytes) -> bytes:
    """As a sender writes it (RFC 5321, 4.5.2)."""
    lines = mail.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)


@AT_LEISURE
@given(mail=BITS, cuts=CUTS, behind=st.sampled_from([b"", b"QUIT\r\n", b".\r\n"]))
def test_what_was_sent_is_what_is_kept_however_the_pieces_fall(mail: bytes, cuts: list[int], behind: bytes) -> None:
    mail = mail if mail.endswith(b"\r\n") or not mail else mail + b"\r\n"
    assert taken(stuffed(mail) + b".\r\n" + behind, cuts) == (mail, behind)


def test_no_other_dot_ends_a_mail() -> None:
    """A server that takes LF.LF for the end lets one mail carry another past its sender's checks."""
    for not_the_end in (b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r"):
        wire = b"one" + not_the_end + b"MAIL FROM:<evil@x.example>\r\n.\r\n"
        assert taken(wire, [1])[1] == b"", not_the_end


def test_too_much_is_counted_and_not_kept() -> None:
    data = MailData(100)
    with data.file:
        for _ in range(10):
            assert data.feed(b"x" * 30) is None
        assert data.feed(b"\r\n.\r\n") == b""
        assert data.too_much
        data.file.seek(0)
        assert data.file.read() == b""


def plain_digest(raw: bytes) -> str:
    """As it was written first, all at once."""
    end = re.search(rb"\r?\n\r?\n", raw)
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (b"", raw)
    written = hashlib.sha256()
    for line in re.sub(rb"\n[ \t]+", b" ", head.replace(b"\r\n", b"\n")).split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"from", b"date", b"subject", b"message-id"):
            written.update(name.lower() + b":" + b" ".join(value.split()) + b"\n")
    written.update(b"\n" + body.replace(b"\r\n", b"\n").rstrip())
    return written.hexdigest()


@AT_LEISURE
@given(body=BITS, head=st.sampled_from([b"", b"From: a\r\nSubject: b\r\n c\r\n\r\n", b"Subject: x\n\n"]), pieces=st.integers(1, 7))
def test_the_digest_of_a_file_is_that_of_its_bytes(body: bytes, head: bytes, pieces: int) -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, pieces) if self.tell() else size)

    raw = head + body
    assert digest(raw) == plain_digest(raw)
    first = Dripping(raw)
    first_piece = raw[:PIECE]
    assert first_piece == raw
    assert digest_of(first) == plain_digest(raw)


def test_the_digest_of_much_is_that_of_its_bytes() -> None:
    raw = b"From: a\r\n\r\n" + (b"x" * 75 + b"\r\n") * 20_000 + b"\r\n \r\n" * 200_000
    assert digest(raw) == plain_digest(raw)


@pytest.mark.parametrize("as_file", [True, False])
def test_much_is_written_and_read_back_in_pieces(here: Cast, as_file: bool) -> None:
    raw = b"From: Pat <pat@cedar-family.example>\r\nMessage-ID: <big@x.example>\r\n\r\n" + os.urandom(3 * bulk.PIECE + 17)
    source = Channel.objects.create(kind="email", address=HELP, name="Help")

    def write() -> tuple[Envelope, bool]:
        given = io.BytesIO(raw) if as_file else raw
        return actions.accept(source=source, channel="email", external_id="big@x.example", raw=given, meta={}, now=timezone.now())

    envelope, new = write()
    assert new
    assert bytes(Envelope.objects.get(id=envelope.id).raw) == raw
    assert bulk.bytes_of(envelope.id, attempts=0, size=len(raw)) == raw
    again, new = write()
    assert (again.id, new) == (envelope.id, False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_largeobject_metadata")
        assert cursor.fetchone() == (0,), "what it was put together in is gone"
    with pytest.raises(Envelope.DoesNotExist):
        bulk.bytes_of(envelope.id, attempts=7, size=len(raw))


def test_a_large_mail_comes_in_by_the_door(door: Running, doors: Cast) -> None:
    text = b"The boiler leaks.\r\n" + b"..dots\r\n.more\r\n" * 50_000
    raw = b"From: Pat <pat@cedar-family.example>\r\nMessage-ID: <large@x.example>\r\nSubject: Boiler\r\n\r\n" + text
    with door.client() as client:
        assert [code(client, raw=raw), code(client, raw=raw)] == [250, 250]
    with district_scope(doors.district.id):
        assert bytes(Envelope.objects.get().raw) == raw
    receive.drain(doors.district.id)
    with district_scope(doors.district.id):
        assert Envelope.objects.get().state == "done"


def test_a_mail_that_breaks_off_is_not_kept(door: Running, doors: Cast) -> None:
    with door.client() as client:
        client.ehlo()
        client.mail("pat@cedar-family.example")
        client.rcpt(HELP)
        client.docmd("DATA")
        client.send(b"From: Pat <pat@cedar-family.example>\r\n\r\nThe boiler")
        assert client.sock is not None
        client.sock.shutdown(socket.SHUT_RDWR)
    time.sleep(0.2)
    with district_scope(doors.district.id):
        assert not Envelope.objects.exists()


def test_commands_behind_a_mail_are_answered(door: Running, doors: Cast) -> None:
    """Of a sender that does not wait for our answer."""
    with door.client() as client:
        client.ehlo()
        client.mail("pat@cedar-family.example")
        client.rcpt(HELP)
        client.docmd("DATA")
        client.send(b"From: Pat <pat@cedar-family.example>\r\n\r\nThe boiler\r\n.\r\nNOOP\r\n")
        assert [client.getreply()[0], client.getreply()[0]] == [250, 250]
        assert client.docmd("DATA")[0] == 503, "nobody was named"


def test_an_address_that_lives_here_is_asked_for_once(door: Running, doors: Cast, monkeypatch: Any) -> None:
    asked: list[str] = []
    real = smtp.find_door

    def find_door(address: str) -> Any:
        asked.append(address)
        return real(address)

    monkeypatch.setattr(smtp, "find_door", find_door)
    with door.client() as client:
        for n in range(3):
            assert code(client, raw=b"From: a@x.example\r\nMessage-ID: <%d@x.example>\r\n\r\nHello" % n) == 250
    assert asked == [HELP]
