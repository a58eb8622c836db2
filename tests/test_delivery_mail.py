"""Mail, against a real SMTP server on loopback."""

import asyncio
import email
import email.policy
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from email.message import Message
from typing import Any
from uuid import UUID

import pytest
import structlog
from aiosmtpd.controller import Controller
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from delivery import actions, quiet, return_path, sending
from delivery.models import Delivery, OptOut
from delivery.transports import email as by_mail
from districts.jobs import MAX_ATTEMPTS
from districts.scope import district_scope
from tests.conftest import Cast

OUTLOOK_ID = "BN8PR12MB3456ABCDEF0123456789ABCDEF0123456789ABCDEF@BN8PR12MB3456.namprd12.prod.outlook.com"  # longer than a line


class Mailbox:
    """What the server took, how many connections it saw, and what it says to each receiver."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.from_: list[str] = []  # on the envelope
        self.answers: dict[str, str] = {}
        self.connections = 0
        self.on_data: Callable[[], None] = lambda: None

    async def handle_EHLO(self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.on_data()
        self.taken.append(email.message_from_bytes(envelope.content))
        self.from_.append(envelope.mail_from)
        return "250 OK"


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    point_at(settings, port)
    yield box
    asyncio.run_coroutine_threadsafe(hung_up(), server.loop).result(5)
    server.stop()


async def hung_up() -> None:
    """Every connection has ended on the server's side too."""
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.01)


def point_at(settings: Settings, port: int) -> None:
    options = {"host": "127.0.0.1", "port": port, "timeout": 5}
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}
    settings.DELIVERY_KEEP = False
    settings.REDIS_URL = ""  # nobody is nudged: the tests send themselves


@pytest.fixture(autouse=True)
def _awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hour."""
    sending._rests.clear()
    monkeypatch.setattr(quiet, "DAY", (time.min, time.max))


def queue(to: str = "pat@cedar-family.example", **more: Any) -> Delivery:
    number = Delivery.objects.count()
    values: dict[str, Any] = {"channel": "email", "purpose": "ack", "subject": "Your request", "body": "We have it.", **more}
    row = actions.send(address=to, dedupe_key=f"test:{number}", now=timezone.now(), **values)
    assert row is not None
    return row


def make_due(row: Delivery) -> None:
    Delivery.objects.filter(id=row.id).update(not_before=timezone.now())


def test_an_acknowledgement_arrives_with_its_thread_and_says_that_a_machine_wrote_it(here: Cast, box: Mailbox) -> None:
    row = queue(
        message_id="ack.1@cedar.localhost", references=["first@elsewhere.example", OUTLOOK_ID], reply_to="ticket+1-x@cedar.localhost"
    )
    assert sending.drain(here.district.id) == 1
    mail = box.taken[0]
    assert (mail["From"], mail["To"]) == ("Cedar <help@cedar.localhost>", "pat@cedar-family.example")
    assert mail["Reply-To"] == "ticket+1-x@cedar.localhost"
    assert mail["Message-ID"] == "<ack.1@cedar.localhost>"
    assert mail["In-Reply-To"] == f"<{OUTLOOK_ID}>"
    assert mail["References"].split() == ["<first@elsewhere.example>", f"<{OUTLOOK_ID}>"]
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert str(mail.get_payload()).strip() == "We have it."
    row.refresh()
    assert (row.state, row.attempts, row.lease_until) == ("sent", 1, None)
    assert row.sent_at is not None


def test_a_persons_reply_is_not_marked_as_a_machines_and_a_notice_is(here: Cast, box: Mailbox) -> None:
    queue(purpose="reply")
    queue(purpose="notice")
    sending.drain(here.district.id)
    assert {mail["Auto-Submitted"] for mail in box.taken} == {None, "auto-generated"}


def test_a_notice_by_mail_leads_to_what_it_speaks_of(here: Cast, box: Mailbox) -> None:
    actions.notify(people=[here.alice], subject="Late", body="Please answer.", link="/desk/7/", dedupe_key="late", now=timezone.now())
    sending.drain(here.district.id)
    assert str(box.taken[0].get_payload()).split() == ["Please", "answer.", "http://cedar.localhost/desk/7/"]
    assert Delivery.objects.get(channel="inapp").body == "Please answer."
    assert sending.words(Delivery(channel="email", body="http://cedar.localhost/desk/7/", link="/desk/7/", district=here.district)) == (
        "http://cedar.localhost/desk/7/"
    ), "not twice"


def test_names_and_words_beyond_ascii_arrive_whole(here: Cast, box: Mailbox) -> None:
    here.district.name = "Peñón Valley, Unified"
    here.district.save()
    queue(subject="Su solicitud está aquí", body="¡Ya la tenemos!\nhttps://cedar.localhost/r/abc")
    sending.drain(here.district.id)
    mail = email.message_from_bytes(box.taken[0].as_bytes(), policy=email.policy.default)
    assert mail["From"].addresses[0].display_name == "Peñón Valley, Unified"
    assert mail["Subject"] == "Su solicitud está aquí"
    assert "¡Ya la tenemos!\nhttps" in mail.get_content().replace("\r\n", "\n")


def test_a_batch_of_fifty_goes_over_one_connection(here: Cast, box: Mailbox) -> None:
    for number in range(50):
        queue(f"family{number}@example.com")
    assert sending.drain(here.district.id) == 50
    assert (len(box.taken), box.connections) == (50, 1)


def test_a_mail_that_names_no_id_gets_one_that_stays_the_same(here: Cast, box: Mailbox) -> None:
    row = queue()
    box.answers[row.address] = "451 4.7.1 greylisted"
    sending.drain(here.district.id)
    box.answers.clear()
    make_due(row)
    sending.drain(here.district.id)
    row.refresh()
    assert row.message_id == f"ack.{row.id}@cedar.localhost"
    assert [mail["Message-ID"] for mail in box.taken] == [f"<{row.message_id}>"]


def test_a_temporary_no_is_tried_later_and_a_permanent_one_is_not(here: Cast, box: Mailbox) -> None:
    later, never, fine = queue("full@example.com"), queue("gone@example.com"), queue("fine@example.com")
    box.answers = {"full@example.com": "452 4.2.2 mailbox full", "gone@example.com": "550 5.1.1 no such user"}
    assert sending.drain(here.district.id) == 3
    for row in (later, never, fine):
        row.refresh()
    assert (later.state, never.state, fine.state) == ("pending", "failed", "sent")
    assert later.not_before > timezone.now()
    assert later.lease_until is None
    assert later.error == "452 4.2.2 mailbox full"
    assert never.error == "550 5.1.1 no such user"
    assert box.connections == 1


def test_a_message_out_of_attempts_is_dead_and_stays_to_be_seen(here: Cast, box: Mailbox) -> None:
    row = queue()
    box.answers[row.address] = "451 4.3.0 try again"
    for _ in range(MAX_ATTEMPTS):
        make_due(row)
        sending.drain(here.district.id)
    row.refresh()
    assert (row.state, row.attempts, row.error) == ("dead", MAX_ATTEMPTS, "451 4.3.0 try again")
    assert actions.send_again(row.id, now=timezone.now())
    box.answers.clear()
    sending.drain(here.district.id)
    assert row.refresh().state == "sent"


def test_an_address_no_mail_can_carry_is_refused_and_stops_nobody(here: Cast, box: Mailbox) -> None:
    bad, good = queue("two@example.com, three@example.com"), queue()
    sending.drain(here.district.id)
    assert (bad.refresh().state, good.refresh().state) == ("failed", "sent")


def test_a_server_nobody_reaches_costs_no_attempts(here: Cast, box: Mailbox, settings: Settings) -> None:
    row, old = queue(), queue()
    Delivery.objects.filter(id=old.id).update(created_at=timezone.now() - timedelta(days=4))
    good = settings.MAILERS
    point_at(settings, 9)  # nobody listens there
    sending.drain(here.district.id)
    row.refresh()
    assert (row.state, row.attempts, row.lease_until) == ("pending", 0, None)
    assert "ConnectionRefusedError" in row.error
    assert old.refresh().state == "dead"
    settings.MAILERS = good
    make_due(row)
    assert sending.drain(here.district.id) == 0, "an unreachable server is left alone for a while"
    sending._rests.clear()
    assert sending.drain(here.district.id) == 1
    assert row.refresh().state == "sent"


def test_a_row_nobody_foresaw_does_not_stop_those_behind_it(here: Cast, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = queue("bad@example.com"), queue("good@example.com")
    send = by_mail.send

    def trip(message: Any, over: Any) -> Any:
        if message.address == "bad@example.com":
            raise KeyError("surprise")
        return send(message, over)

    monkeypatch.setattr(by_mail, "send", trip)
    sending.drain(here.district.id)
    assert (bad.refresh().state, good.refresh().state) == ("pending", "sent")
    assert "surprise" in bad.error


@pytest.mark.parametrize("words", ["550 5.1.1 <gone@example.com>: no such user", "451 4.3.0 gone@example.com: later"])
def test_the_log_has_the_servers_code_and_not_whom_it_names(here: Cast, box: Mailbox, words: str) -> None:
    row = queue("gone@example.com")
    Delivery.objects.filter(id=row.id).update(attempts=MAX_ATTEMPTS - 1)
    box.answers["gone@example.com"] = words
    with structlog.testing.capture_logs() as logged:
        sending.drain(here.district.id)
    told = [entry["error"] for entry in logged if entry["event"] == "not_delivered"]
    assert told == [f"SMTPRecipientsRefused {words[:9]}"]
    assert "gone@" not in str(logged)
    assert row.refresh().error == words


def test_a_failure_nobody_foresaw_is_logged_without_its_words(here: Cast, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def trip(_message: Any, _over: Any) -> Any:
        raise KeyError("pat@cedar-family.example")

    monkeypatch.setattr(by_mail, "send", trip)
    queue()
    with structlog.testing.capture_logs() as logged:
        sending.drain(here.district.id)
    (entry,) = [entry for entry in logged if entry["event"] == "sending_failed"]
    assert entry["error"] == "KeyError"
    assert entry["at"][-1].endswith(" trip")
    assert "pat@" not in str(logged)


@pytest.mark.parametrize("backend", ["no.such.Backend", "django.core.mail.backends.smtp.EmailBackend"])
def test_a_slip_in_the_set_up_is_a_server_nobody_reaches(here: Cast, box: Mailbox, settings: Settings, backend: str) -> None:
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"host": "127.0.0.1", "port": "no number"}}}
    row = queue()
    sending.drain(here.district.id)
    row.refresh()
    assert (row.state, row.attempts, row.lease_until) == ("pending", 0, None)
    assert row.error.startswith(("mail set-up: ", "mail server: "))


def test_a_mail_whose_senders_all_died_is_given_up(here: Cast, box: Mailbox) -> None:
    row = queue()
    for _ in range(MAX_ATTEMPTS):
        make_due(row)
        Delivery.objects.update(lease_until=None)
        assert len(sending.claim(here.district.id, now=timezone.now())[1]) == 1  # and never heard of again
    Delivery.objects.update(lease_until=None)
    assert sending.drain(here.district.id) == 1
    assert row.refresh().state == "dead"
    assert box.taken == []


def test_what_is_not_due_waits(here: Cast, box: Mailbox) -> None:
    row = queue(not_before=timezone.now() + timedelta(minutes=1))
    assert sending.drain(here.district.id) == 0
    assert row.refresh().state == "pending"


def test_an_address_that_opted_out_meanwhile_is_not_written_to(here: Cast, box: Mailbox) -> None:
    row = queue()
    actions.opt_out(channel="email", address=row.address, reason="bounced", now=timezone.now())
    sending.drain(here.district.id)
    assert row.refresh().state == "suppressed"
    assert queue().state == "suppressed"
    actions.opt_in(channel="email", address=row.address)
    assert not OptOut.objects.exists()
    queue()
    sending.drain(here.district.id)
    assert len(box.taken) == 1


def test_kept_mail_never_leaves_the_house(here: Cast, box: Mailbox, settings: Settings) -> None:
    settings.DELIVERY_KEEP = True
    mail, text = queue(purpose="sign-in", body="code 123"), queue("+15095550100", channel="sms")
    assert sending.drain(here.district.id) == 2
    assert {mail.refresh().state, text.refresh().state} == {"kept"}
    assert mail.body == "code 123"
    assert (box.taken, box.connections) == ([], 0)


def test_what_becomes_due_while_others_are_kept_is_kept_too(
    here: Cast, box: Mailbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DELIVERY_KEEP = True
    monkeypatch.setattr(sending, "BATCH", 1)
    late = [queue(f"p{n}@example.com", not_before=timezone.now() + timedelta(milliseconds=40 * n)) for n in range(4)]
    claim = sending.claim

    def slow(*args: Any, **more: Any) -> Any:
        threading.Event().wait(0.05)
        return claim(*args, **{**more, "now": timezone.now()})

    monkeypatch.setattr(sending, "claim", slow)
    while any(row.refresh().state == "pending" for row in late):
        sending.drain(here.district.id)
    assert {row.refresh().state for row in late} == {"kept"}
    assert (box.taken, box.connections) == ([], 0)


def test_the_demo_keeps_nothing_that_would_not_have_been_sent(here: Cast, settings: Settings) -> None:
    settings.DELIVERY_KEEP = True
    text = queue("+15095550100", channel="sms")
    actions.opt_out(channel="sms", address="+15095550100", reason="texted STOP", now=timezone.now())
    sending.drain(here.district.id)
    assert text.refresh().state == "suppressed"


def test_a_notice_in_the_app_is_sent_where_it_lies(here: Cast) -> None:
    row = queue("", channel="inapp", person=here.alice)
    sending.drain(here.district.id)
    assert row.refresh().state == "sent"


def test_a_sign_in_mail_forgets_its_secret_once_sent_or_given_up(here: Cast, box: Mailbox) -> None:
    sent, refused = queue(purpose="sign-in", body="code 123"), queue("gone@example.com", purpose="sign-in", body="code 456")
    box.answers["gone@example.com"] = "550 no"
    sending.drain(here.district.id)
    assert "code 123" in str(box.taken[0].get_payload())
    assert (sent.refresh().body, refused.refresh().body) == ("", "")
    assert not actions.send_again(refused.id, now=timezone.now())


def test_an_overtaken_sender_changes_nothing(here: Cast) -> None:
    row = queue()
    first = sending.claim(here.district.id, now=timezone.now())[1][0]
    later = timezone.now() + timedelta(minutes=2)
    second = sending.claim(here.district.id, now=later)[1][0]
    assert sending.record(first, state="failed", error="too late", now=later) == 0
    assert sending.give_back([first], now=later) == 0
    row.refresh()
    assert (row.state, row.attempts, row.lease_until) == ("pending", 2, second.lease_until)
    assert sending.record(second, state="sent", now=later) == 1


def test_other_districts_letters_are_not_sent(here: Cast, oak: Cast, box: Mailbox) -> None:
    with district_scope(oak.district.id):
        theirs = queue("theirs@example.com")
    sending.drain(here.district.id)
    with district_scope(oak.district.id):
        assert theirs.refresh().state == "pending"


# --- real transactions ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_senders_at_once_share_the_work_and_hold_no_transaction_while_sending(cedar: Cast, box: Mailbox) -> None:
    with district_scope(cedar.district.id):
        rows = [queue(f"family{number}@example.com") for number in range(80)]
    sent: list[int] = []
    inside: list[bool] = []
    send = by_mail.send

    def watched(message: Any, over: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return send(message, over)

    def work() -> None:
        try:
            sent.append(sending.drain(cedar.district.id))
        finally:
            connections["default"].close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_mail, "send", watched)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert sum(sent) == len(box.taken) == len({mail["To"] for mail in box.taken}) == len(rows)
    assert len(inside) == 80
    assert not any(inside)
    with district_scope(cedar.district.id):
        assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_sender_that_died_is_followed_by_another_after_its_lease(cedar: Cast, box: Mailbox) -> None:
    with district_scope(cedar.district.id):
        row: UUID = queue(not_before=timezone.now() - timedelta(minutes=5)).id
    assert sending.claim(cedar.district.id, now=timezone.now() - timedelta(minutes=2))[0] == 1  # and never heard of again
    assert sending.drain(cedar.district.id) == 1
    with district_scope(cedar.district.id):
        assert Delivery.objects.get(id=row).attempts == 2


def test_the_return_path_is_on_the_envelope_alone_and_proves_which_letter_it_was(
    here: Cast, oak: Cast, box: Mailbox, settings: Settings
) -> None:
    row = queue(message_id="ack.1@cedar.localhost")
    sending.drain(here.district.id)
    (path,) = box.from_
    assert path.startswith("help+b-")
    assert len(path.partition("@")[0]) <= 64  # RFC 5321 4.5.3.1.1
    assert path not in box.taken[0].as_string()
    assert box.taken[0]["From"] == "Cedar <help@cedar.localhost>"
    assert return_path.delivery_of(path.upper(), here.district) == row.id
    assert return_path.delivery_of(path, oak.district) is None
    changed = f"{path[:-20]}{'a' if path[-20] != 'a' else 'b'}{path[-19:]}"
    for made_up in (path.replace("+b-", "+c-"), changed, "help@cedar.localhost", ""):
        assert return_path.delivery_of(made_up, here.district) is None
    settings.MAIL_RETURN_TAGS = False
    queue()
    sending.drain(here.district.id)
    assert box.from_[1] == "help@cedar.localhost"
