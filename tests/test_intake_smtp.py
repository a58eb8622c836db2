"""The SMTP door, spoken to as a mail server would."""

import asyncio
import os
import signal
import smtplib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import OperationalError

from districts.scope import district_scope
from intake.mail import smtp
from intake.models import Channel, Envelope
from intake.receiving import receive
from tests.conftest import Cast, a_ticket
from tests.test_intake_mail import PAT, a_mail
from tickets import reply_token
from tickets.models import Ticket

HELP = "help@cedar.localhost"


class Running:
    """The door in a thread with a loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.server, self.handler = self.run(smtp.listen("127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def close(self) -> None:
        self.run(smtp.shut(self.server, self.handler))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=10)


@pytest.fixture
def doors(transactional_db: Any, cedar: Cast, oak: Cast) -> Cast:
    for cast in (cedar, oak):
        with district_scope(cast.district.id):
            Channel.objects.create(kind="email", address=f"help@{cast.district.host}", name="Help")
    with district_scope(cedar.district.id):
        Channel.objects.create(kind="email", address="buses@cedar.localhost", name="Buses", team=cedar.transportation)
    return cedar


@pytest.fixture
def door(doors: Cast) -> Iterator[Running]:
    running = Running()
    yield running
    running.close()


def envelopes(cast: Cast) -> list[Envelope]:
    with district_scope(cast.district.id):
        return list(Envelope.objects.all())


def code(client: smtplib.SMTP, *to: str, raw: bytes | None = None, sender: str = PAT) -> int:
    """The answer to the first command that was refused, else to the mail."""
    try:
        refused = client.sendmail(sender, list(to or [HELP]), raw if raw is not None else a_mail())
    except smtplib.SMTPRecipientsRefused as error:
        return next(iter(error.recipients.values()))[0]
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    return next(iter(refused.values()))[0] if refused else 250


def test_250_means_that_it_is_written_down(door: Running, doors: Cast) -> None:
    raw = a_mail().replace(b"\n", b"\r\n")
    with door.client() as client:
        assert code(client, raw=raw) == 250
    (envelope,) = envelopes(doors)
    assert bytes(envelope.raw) == raw
    assert envelope.meta == {"return_path": PAT, "recipients": [HELP], "remote": "127.0.0.1"}
    assert receive.drain(doors.district.id) == 1
    with district_scope(doors.district.id):
        assert Ticket.objects.get().requester == doors.pat


ADDRESSES = {
    "help@cedar.localhost": 250,
    "HELP@Cedar.Localhost": 250,
    "help+from-the-poster@cedar.localhost": 250,
    "buses@cedar.localhost": 250,
    "postmaster@cedar.localhost": 250,
    "nobody@cedar.localhost": 550,
    "buses@oak.localhost": 550,
    "help@unknown.example": 550,
    "ticket+1001-aaaaaaaaaaaaaaaaaaaaaaaaaa@cedar.localhost": 250,
    "ticket+1001-short@cedar.localhost": 550,
    "help": 550,
}


def test_only_addresses_that_somebody_reads_are_taken(door: Running, doors: Cast) -> None:
    with door.client() as client:
        assert {address: code(client, address) for address in ADDRESSES} == ADDRESSES
    assert len(envelopes(doors)) == sum(answer == 250 for answer in ADDRESSES.values())


def test_a_refused_address_does_not_stop_the_others(door: Running, doors: Cast) -> None:
    with door.client() as client:
        assert code(client, "nobody@cedar.localhost", HELP, "buses@cedar.localhost") == 550
    assert envelopes(doors)[0].meta["recipients"] == [HELP, "buses@cedar.localhost"]


def test_one_mail_to_two_districts_is_one_envelope_in_each(door: Running, doors: Cast, oak: Cast) -> None:
    with door.client() as client:
        assert code(client, HELP, "help@oak.localhost") == 250
    assert [len(envelopes(cast)) for cast in (doors, oak)] == [1, 1]
    assert envelopes(oak)[0].meta["recipients"] == ["help@oak.localhost"]


def test_a_reply_address_is_good_and_another_districts_opens_nothing(door: Running, doors: Cast, oak: Cast) -> None:
    with district_scope(doors.district.id):
        ticket = a_ticket(doors)
        local = reply_token.local_part(ticket)
    with door.client() as client:
        assert code(client, f"{local}@cedar.localhost", raw=a_mail("mine")) == 250
        assert code(client, f"{local}@oak.localhost", raw=a_mail("not theirs")) == 250
    assert [receive.drain(cast.district.id) for cast in (doors, oak)] == [1, 1]
    with district_scope(doors.district.id):
        assert Envelope.objects.get().ticket_ref == ticket.id
    with district_scope(oak.district.id):
        assert Envelope.objects.get().ticket_ref != ticket.id


def test_sent_again_it_is_answered_like_the_first_and_kept_once(door: Running, doors: Cast) -> None:
    raw = a_mail()
    with door.client() as client:
        assert [code(client, raw=raw), code(client, "buses@cedar.localhost", raw=raw)] == [250, 250]
    (envelope,) = envelopes(doors)
    assert envelope.meta["recipients"] == [HELP, "buses@cedar.localhost"]


def test_the_size_is_told_and_kept(doors: Cast, settings: Any) -> None:
    settings.MAX_MAIL_BYTES = 100_000
    door = Running()
    try:
        with door.client() as client:
            client.ehlo()
            assert client.esmtp_features["size"] == "100000"
            assert code(client, raw=a_mail() + b"x" * 200_000) == 552  # told with MAIL FROM
        with door.client() as client:
            client.helo()
            lines = b"long line after long line\r\n" * 8_000
            assert code(client, raw=a_mail() + lines) == 552  # not told: measured
            client.rset()
            assert code(client) == 250
    finally:
        door.close()
    assert len(envelopes(doors)) == 1


MALFORMED = [
    b"",
    b"no header at all",
    b"\0\0\0\0",
    b"From: " + PAT.encode() + b"\r\n\r\n" + b"x" * 500_000,
    b"Content-Type: multipart/mixed\r\n\r\n--\r\n",
    b"From: a@b.example\r\nMessage-ID: <" + b"m" * 900 + b"@x>\r\n\r\nlong id",
    b"From: a@b.example\r\n" + b"X: y\r\n" * 20_000 + b"\r\nmany headers",
    b"From: a@b.example\r\nMessage-ID: <\xff\xfe\0@x>\r\nSubject: =?x-no?Q?=FF?=\r\n\r\n\xff\xfe\0",
    b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 500,
]


def test_malformed_mail_is_written_down_all_the_same(door: Running, doors: Cast) -> None:
    with door.client() as client:
        assert {code(client, raw=raw) for raw in MALFORMED} == {250}
    assert receive.drain(doors.district.id) == len(MALFORMED)
    assert {envelope.state for envelope in envelopes(doors)} == {"done"}


def test_with_the_database_away_the_sender_is_told_to_come_again(door: Running, doors: Cast, monkeypatch: Any) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as broken, door.client() as client:
        broken.setattr(smtp, "accept", away)
        assert code(client) == 451
    with monkeypatch.context() as broken, door.client() as client:
        broken.setattr(smtp, "mailbox", away)
        assert code(client, "buses@cedar.localhost") == 451, "an address that was not asked for before"
    with monkeypatch.context() as broken, door.client() as client:
        broken.setattr(smtp, "accept", lambda **_: 1 / 0)
        assert code(client) == 451
        assert code(client, "help@unknown.example") == 550
    assert envelopes(doors) == []
    with door.client() as client:
        assert code(client) == 250


def test_the_null_sender_of_a_bounce_is_taken(door: Running, doors: Cast) -> None:
    with door.client() as client:
        assert code(client, sender="") == 250
    assert envelopes(doors)[0].meta["return_path"] == ""


def test_one_connection_too_many_is_told_to_come_again(door: Running, monkeypatch: Any) -> None:
    monkeypatch.setattr(smtp, "MAX_CONNECTIONS", 2)
    with door.client() as first, door.client():
        with pytest.raises(smtplib.SMTPConnectError) as told:
            door.client()
        assert told.value.smtp_code == 421
        assert code(first) == 250
    for _try in range(50):
        if not door.handler.open:
            break
        threading.Event().wait(0.05)
    with door.client() as again:
        assert code(again) == 250


def test_many_senders_at_once_are_all_kept(door: Running, doors: Cast) -> None:
    def send(n: int) -> None:
        with door.client() as client:
            answers.append(code(client, raw=a_mail(f"number {n}")))

    answers: list[int] = []
    senders = [threading.Thread(target=send, args=(n,)) for n in range(12)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert answers == [250] * 12
    assert len(envelopes(doors)) == 12


def test_a_sender_that_breaks_off_leaves_nothing(door: Running, doors: Cast) -> None:
    client = door.client()
    client.ehlo()
    client.mail(PAT)
    client.rcpt(HELP)
    client.docmd("DATA")
    client.send(b"From: a@b.example\r\n\r\nhalf a")
    client.close()
    with door.client() as another:
        assert code(another) == 250
    assert len(envelopes(doors)) == 1


def test_the_command_opens_the_door_and_closes_it_on_sigterm(doors: Cast) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root = Path(__file__).parent.parent
    url = configured.DATABASES["owner"]
    owner = f"postgres://{url['USER']}:{url['PASSWORD']}@{url['HOST']}:{url['PORT']}/{url['NAME']}"
    environment = {**os.environ, "SMTP_DOOR_PORT": str(port), "DATABASE_URL": owner, "DATABASE_APP_URL": "", "REDIS_URL": ""}
    door = subprocess.Popen([sys.executable, "manage.py", "smtp_door"], cwd=root, env=environment, stdout=subprocess.PIPE)
    try:
        assert door.stdout is not None
        assert f":{port}".encode() in door.stdout.readline()
        client = smtplib.SMTP("127.0.0.1", port, timeout=20)
        assert code(client) == 250
        door.send_signal(signal.SIGTERM)
        assert door.wait(20) == 0
        client.close()
        assert b"closed" in door.stdout.read()
    finally:
        door.kill()
        door.communicate()
    assert len(envelopes(doors)) == 1


@pytest.mark.parametrize(("relays", "believed"), [(["127.0.0.0/8"], True), (["203.0.113.0/24"], False)])
def test_whose_word_on_a_sender_is_believed_depends_on_who_passed_it_on(
    doors: Cast, door: Running, settings: Any, relays: list[str], believed: bool
) -> None:
    settings.SMTP_RELAYS = relays
    with district_scope(doors.district.id):
        Channel.objects.filter(address=HELP).update(trusted_hop="mx.cedar.example")
    with door.client() as client:
        client.sendmail(PAT, [HELP], a_mail())
    with district_scope(doors.district.id):
        told = Envelope.objects.get().meta
    assert (told.get("trusted_hop"), told.get("direct")) == (("mx.cedar.example", None) if believed else (None, True))
