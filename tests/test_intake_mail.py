"""Mail from an envelope to a ticket: threads, loops, bounces, copies."""

import uuid
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import timezone

from delivery import actions as delivery
from delivery import return_path, sending
from delivery.models import Delivery, OptOut, Receipt
from districts.models import ContactPoint, Person
from districts.scope import district_scope
from intake import actions
from intake.mail.smtp import message_id
from intake.models import Channel, Envelope
from intake.queries import link_sent_by
from intake.receiving import receive
from intake.standing import forget_standing
from routing import actions as routing
from tests.conftest import Cast, a_ticket, sign_in
from tickets import actions as tickets
from tickets import reply_token
from tickets.letters import mail_id
from tickets.models import Follower, Link, Message, ThreadId, Ticket

PAT = "pat@cedar-family.example"
HELP = "help@cedar.localhost"


@pytest.fixture
def doors(here: Cast) -> Cast:
    Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    Channel.objects.create(kind="email", address="buses@cedar.localhost", name="Buses", team=here.transportation)
    return here


def a_mail(
    text: str = "The bus did not come.", *, sender: str = f"Pat Parent <{PAT}>", to: str = "help@cedar.localhost", **headers: str
) -> bytes:
    mail = EmailMessage()
    values = {"From": sender, "To": to, "Subject": "Bus", "Message-ID": f"<{uuid.uuid4()}@family.example>"}
    for name, value in (values | {key.replace("_", "-"): value for key, value in headers.items()}).items():
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def deliver(cast: Cast, raw: bytes, *to: str, return_path: str = PAT) -> Envelope:
    """As the SMTP door and a worker do it."""
    recipients = list(to or ("help@cedar.localhost",))
    source = Channel.objects.filter(kind="email").order_by("id")[0]
    meta = {"recipients": recipients, "return_path": return_path}
    now = timezone.now()
    envelope, _new = actions.accept(source=source, channel="email", external_id=message_id(raw) or "none", raw=raw, meta=meta, now=now)
    receive.drain(cast.district.id)
    return envelope.refresh()


def ticket_of(envelope: Envelope) -> Ticket:
    assert envelope.state == Envelope.State.DONE, (envelope.state, envelope.reason, envelope.error)
    assert envelope.ticket_ref is not None
    return Ticket.objects.get(id=envelope.ticket_ref)


# --- a new need ---------------------------------------------------------------------------------------------------------


def test_a_mail_becomes_one_acknowledged_ticket(doors: Cast) -> None:
    envelope = deliver(doors, a_mail("El autobús no llegó esta mañana a la escuela."))
    ticket = ticket_of(envelope)
    assert (ticket.subject, ticket.requester, ticket.channel, ticket.language) == ("Bus", doors.pat, "email", "es")
    assert ticket.due_at is not None
    assert Delivery.objects.get(about=ticket.id).purpose == "ack"
    assert Message.objects.get(ticket=ticket).text == "El autobús no llegó esta mañana a la escuela."


@pytest.mark.parametrize(("reason", "state"), [("bounced 5.1.1", "pending"), ("opted out", "suppressed")])
def test_who_writes_from_an_address_can_be_answered_there_though_mail_came_back(doors: Cast, reason: str, state: str) -> None:
    delivery.opt_out(channel="email", address=PAT, reason=reason, now=timezone.now() - timedelta(days=1))
    ticket = ticket_of(deliver(doors, a_mail()))
    sending.claim(doors.district.id, now=timezone.now() + timedelta(minutes=1))
    assert Delivery.objects.get(about=ticket.id, channel="email").state == state


def test_mail_to_a_departments_own_address_starts_with_its_team(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail(to="buses@cedar.localhost"), "buses@cedar.localhost"))
    assert ticket.team == doors.transportation


def test_one_mail_to_two_addresses_is_one_ticket_and_both_are_noted(doors: Cast) -> None:
    raw = a_mail(to="help@cedar.localhost, buses@cedar.localhost")
    first = deliver(doors, b"Received: from mx1\r\nDelivered-To: help@cedar.localhost\r\n" + raw, "help@cedar.localhost")
    second = deliver(doors, b"Received: from mx2\r\n" + raw.replace(b"\n", b"\r\n"), "buses@cedar.localhost")
    assert first == second
    assert second.meta["recipients"] == ["help@cedar.localhost", "buses@cedar.localhost"]
    assert Ticket.objects.count() == 1
    assert ticket_of(first).team == doors.transportation


def test_a_copy_with_a_lists_footer_is_no_second_ticket(doors: Cast) -> None:
    raw = a_mail(Message_ID="<one@family.example>")
    first, second = deliver(doors, raw), deliver(doors, raw.replace(b"Subject: Bus", b"Subject: [Staff] Bus"))
    assert first != second
    assert (second.state, second.reason, second.ticket_ref) == ("done", "copy of a mail", first.ticket_ref)
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("below", "copy"),
    [
        ("\n\n_______________\nStaff mailing list\nhttps://lists.example/staff", True),
        ("\n\nYou received this message because you are subscribed to the group Staff.", True),
        ("\n\n--\nhe has a gun in his backpack", False),
        (" he has a gun in his backpack and says he will shoot his teacher", False),
        ("\nCome to the office before three.", False),
        (" unsubscribe", False),
    ],
)
def test_what_goes_on_beyond_the_first_mail_is_a_copy_only_with_a_lists_footer(doors: Cast, below: str, *, copy: bool) -> None:
    said = "Please call me about Tim"
    deliver(doors, a_mail(said, Message_ID="<one@family.example>"))
    second = deliver(doors, a_mail(said + below, Message_ID="<one@family.example>"))
    assert (second.reason == "copy of a mail") is copy
    assert Message.objects.count() == (1 if copy else 2)


@pytest.mark.parametrize("subject", ["Gun in his bag", "[he has a gun] Bus", "Something else"])
def test_another_subject_is_another_mail(doors: Cast, subject: str) -> None:
    deliver(doors, a_mail(Message_ID="<one@family.example>"))
    assert deliver(doors, a_mail(Message_ID="<one@family.example>", Subject=subject)).reason != "copy of a mail"


def test_a_reused_message_id_with_other_content_is_another_ticket(doors: Cast) -> None:
    first = ticket_of(deliver(doors, a_mail("The bus is late", Message_ID="<same@scanner.example>")))
    second = ticket_of(deliver(doors, a_mail("My password is lost", Message_ID="<same@scanner.example>")))
    assert first != second


def test_the_same_delivery_twice_is_once(doors: Cast) -> None:
    raw = a_mail()
    assert deliver(doors, raw) == deliver(doors, raw)
    assert Ticket.objects.count() == 1
    assert Envelope.objects.count() == 1


def test_people_in_copy_take_part_and_their_reply_all_makes_no_series(doors: Cast) -> None:
    first = ticket_of(deliver(doors, a_mail(Cc="grandma@family.example, buses@cedar.localhost", Message_ID="<a@family.example>")))
    assert [f.person.contact_points.get().value for f in Follower.objects.filter(ticket=first)] == ["grandma@family.example"]
    again = a_mail("Me too", sender="grandma@family.example", In_Reply_To="<a@family.example>")
    assert ticket_of(deliver(doors, again)) == first


# --- a reply ------------------------------------------------------------------------------------------------------------


def reply_address(ticket: Ticket) -> str:
    return f"{reply_token.local_part(ticket)}@cedar.localhost"


def test_a_reply_to_the_token_joins_whatever_the_subject(doors: Cast) -> None:
    ticket = a_ticket(doors)
    envelope = deliver(doors, a_mail("Still waiting", Subject="Something else"), reply_address(ticket))
    assert ticket_of(envelope) == ticket
    assert Message.objects.filter(ticket=ticket).count() == 2
    assert not Delivery.objects.filter(purpose="ack").exists()


def test_a_reply_to_the_acknowledgement_joins_by_its_message_id(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    ack = mail_id(ticket, "ack", doors.district)
    again = a_mail(
        "Thanks!\n\nOn Tue, Nov 3, 2026 at 10:00 AM Cedar <help@cedar.localhost> wrote:\n> We have it", In_Reply_To=f"<{ack}>"
    )
    assert ticket_of(deliver(doors, again)) == ticket
    newest = Message.objects.filter(ticket=ticket).latest("at")
    assert (newest.text, "We have it" in newest.quoted) == ("Thanks!", True)


def test_a_strangers_number_in_the_subject_joins_nothing(doors: Cast) -> None:
    ticket = a_ticket(doors)
    other = ticket_of(deliver(doors, a_mail("Hello", sender="stranger@example.org", Subject=f"Re: Your request #{ticket.number}")))
    assert other != ticket
    assert not Link.objects.exists()


def test_a_stranger_with_the_token_gets_a_ticket_of_their_own_with_a_hint(doors: Cast) -> None:
    ticket = a_ticket(doors)
    other = ticket_of(deliver(doors, a_mail("Hello", sender="stranger@example.org"), reply_address(ticket)))
    assert other != ticket
    assert (Link.objects.get().ticket, Link.objects.get().other, Link.objects.get().kind) == (other, ticket, "may_belong")
    assert Message.objects.filter(ticket=ticket).count() == 1


def test_another_districts_token_opens_nothing_here(doors: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        theirs = Ticket.objects.get()
        their_address = f"{reply_token.local_part(theirs)}@cedar.localhost"
    mine = ticket_of(deliver(doors, a_mail(sender="pat@oak-family.example"), their_address))
    assert mine.district_id == doors.district.id
    assert not Link.objects.exists()
    with district_scope(oak.district.id):
        assert Message.objects.filter(ticket=theirs).count() == 1


def test_mails_with_an_ancestor_we_never_saw_find_each_other(doors: Cast) -> None:
    first = ticket_of(deliver(doors, a_mail("One", References="<root@elsewhere.example> <x@elsewhere.example>")))
    assert ThreadId.objects.filter(ticket=first, message_id="root@elsewhere.example").exists()
    assert ticket_of(deliver(doors, a_mail("Two", References="<root@elsewhere.example> <y@elsewhere.example>"))) == first


def test_a_reply_within_14_days_reopens_and_later_follows_up(doors: Cast) -> None:
    now = timezone.now()
    early, late = a_ticket(doors), a_ticket(doors)
    tickets.resolve(early, by=doors.alice, now=now - timedelta(days=13))
    tickets.resolve(late, by=doors.alice, now=now - timedelta(days=15))
    assert ticket_of(deliver(doors, a_mail("again"), reply_address(early))) == early
    assert early.refresh().status == Ticket.Status.OPEN
    follow_up = ticket_of(deliver(doors, a_mail("once more"), reply_address(late)))
    assert follow_up != late
    assert late.refresh().status == Ticket.Status.RESOLVED
    assert Link.objects.get(ticket=follow_up).kind == "follows_up"


def test_a_reply_to_a_merged_ticket_lands_in_the_survivor(doors: Cast) -> None:
    gone, stays = a_ticket(doors), a_ticket(doors, requester=doors.alice)
    Ticket.objects.filter(id=gone.id).update(merged_into=stays, status="merged")
    assert ticket_of(deliver(doors, a_mail("more"), reply_address(gone))) == stays


def test_the_assignee_hears_of_a_reply(doors: Cast) -> None:
    ticket = a_ticket(doors, team=doors.transportation)
    tickets.assign(ticket, to=doors.alice, by=doors.lena, now=timezone.now())
    deliver(doors, a_mail("more"), reply_address(ticket))
    assert Delivery.objects.get(person=doors.alice, channel="inapp").link == f"/desk/{ticket.id}/"


# --- machines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto-reply"),
        ({"X_Autoreply": "yes"}, "auto-reply"),
        ({"Precedence": "auto_reply"}, "auto-reply"),
    ],
)
def test_answering_machines_make_no_ticket(doors: Cast, headers: dict[str, str], reason: str) -> None:
    envelope = deliver(doors, a_mail("I am on vacation", **headers))
    assert (envelope.state, envelope.reason) == ("screened", reason)
    assert not Ticket.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("headers", "sender"),
    [
        ({"Auto_Submitted": "auto-generated"}, "copier@school.example"),
        ({"Precedence": "bulk"}, "news@vendor.example"),
        ({}, "no-reply@vendor.example"),
    ],
)
def test_other_machines_make_a_ticket_and_get_no_answer(doors: Cast, headers: dict[str, str], sender: str) -> None:
    assert ticket_of(deliver(doors, a_mail("Toner is low", sender=sender, **headers)))
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "no"}, {"List_Id": "<staff.googlegroups.example>", "Precedence": "list", "List_Unsubscribe": "<mailto:x@y>"}],
)
def test_people_are_answered_even_through_a_group(doors: Cast, headers: dict[str, str]) -> None:
    ticket = ticket_of(deliver(doors, a_mail(**headers)))
    assert Delivery.objects.get(about=ticket.id).address == PAT


def test_a_group_that_writes_in_its_own_name_is_seen_through(doors: Cast) -> None:
    raw = a_mail(sender="'Pat Parent' via Help <help-group@district.example>", List_Id="<help>", X_Original_From=f"Pat Parent <{PAT}>")
    assert ticket_of(deliver(doors, raw)).requester == doors.pat


def test_our_own_mail_coming_back_makes_nothing(doors: Cast) -> None:
    envelope = deliver(doors, a_mail(sender="Cedar <help@cedar.localhost>"))
    assert (envelope.state, envelope.reason) == ("screened", "our own address")


def test_the_null_sender_is_never_answered(doors: Cast) -> None:
    envelope = deliver(doors, a_mail("Mailbox full"), return_path="")
    assert (envelope.state, envelope.reason) == ("screened", "null sender")


def dsn(about: str, recipient: str, status: str = "5.1.1", action: str = "failed") -> bytes:
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: help@cedar.localhost
Subject: Undelivered Mail Returned to Sender
Message-ID: <{uuid.uuid4()}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-ID: <{about}>
Subject: Your request

--b--
""".encode()


def test_a_bounce_of_our_mail_stops_writing_to_the_dead_address(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    ack = mail_id(ticket, "ack", doors.district)
    envelope = deliver(doors, dsn(ack, PAT), returns_to(sent(ticket)), return_path="")
    assert (envelope.state, envelope.reason) == ("screened", "bounce")
    assert OptOut.objects.get().address == PAT
    assert Receipt.objects.get().detail == "5.1.1"
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("case", ["other address", "unknown mail", "full mailbox", "delayed"])
def test_a_bounce_that_proves_nothing_silences_nobody(doors: Cast, case: str) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    ack = mail_id(ticket, "ack", doors.district)
    raw = {
        "other address": dsn(ack, "alice@cedar.localhost"),
        "unknown mail": dsn("made-up@example.org", PAT),
        "full mailbox": dsn(ack, PAT, status="5.2.2"),
        "delayed": dsn(ack, PAT, status="4.4.1", action="delayed"),
    }[case]
    to = () if case == "unknown mail" else (returns_to(sent(ticket)),)
    assert deliver(doors, raw, *to, return_path="").state == "screened"
    assert not OptOut.objects.exists()


def returns_to(letter: Delivery) -> str:
    return return_path.address_of(letter.district, letter.id)


@pytest.mark.parametrize("given_back", ["Return-Path: <%s>", "Original-Mail-From: <%s>"])
def test_a_report_that_gives_back_the_return_path_is_proven_too(doors: Cast, given_back: str) -> None:
    """Where a mailbox elsewhere takes in what comes to help@, or a complaint goes to an address of its own."""
    letter = sent(ticket_of(deliver(doors, a_mail())))
    field = (given_back % returns_to(letter)).encode()
    deliver(doors, dsn(letter.message_id, PAT).replace(b"Subject: Your request", field + b"\nSubject: Your request"), return_path="")
    assert OptOut.objects.get().address == PAT


def test_what_an_answer_quotes_silences_nobody(doors: Cast) -> None:
    """Who follows gets the receiver's answer to all: our letter's Message-ID in References, its reply address in To."""
    ticket = ticket_of(deliver(doors, a_mail(Cc="Gran <gran@family.example>")))
    letter = sent(ticket)
    for forged in (dsn(letter.message_id, PAT), without_id(PAT, letter.reply_to), dsn(letter.message_id, PAT)):
        assert deliver(doors, forged, return_path="").state == "screened"
    assert not OptOut.objects.exists()
    assert {one.kind for one in Receipt.objects.filter(delivery=letter)} == {"said bounced"}, "it is written down, as said"
    assert letter.refresh().state == "sent", "what anybody can write changes nothing"
    assert link_sent_by(ticket, now=timezone.now()) == "email"
    shown = sign_in(doors.ada, doors.district).get("/notices/not-arrived/").text
    assert shown.count("Somebody says it came back") == 1
    assert PAT in shown


@pytest.mark.parametrize(("days", "answered", "silenced"), [(2, False, True), (0, False, False), (2, True, False)])
def test_what_comes_back_another_day_too_silences(doors: Cast, days: int, answered: bool, silenced: bool) -> None:
    """Where nothing proves it: two letters, a day apart, and nobody there who writes."""
    ticket = ticket_of(deliver(doors, a_mail()))
    deliver(doors, dsn(sent(ticket).message_id, PAT), return_path="")
    Receipt.objects.update(at=timezone.now() - timedelta(days=days))
    reply = tickets.reply(ticket, by=doors.alice, words=tickets.Words(text="We look"), now=timezone.now())
    mine = Delivery.objects.get(dedupe_key=f"reply-{reply.id}:{ticket.id}")
    Delivery.objects.filter(id=mine.id).update(state="sent", sent_at=timezone.now())
    if answered:
        deliver(doors, a_mail("Thank you"), mine.reply_to)
    deliver(doors, dsn(mine.message_id, PAT), return_path="")
    assert OptOut.objects.exists() is silenced


def test_a_loop_ends(doors: Cast) -> None:
    """A machine that answers every answer: five acknowledgements, thirty tickets, then silence."""
    states = [deliver(doors, a_mail(f"Your mail {n} was received")).state for n in range(33)]
    assert states == ["done"] * 30 + ["screened"] * 3
    assert Delivery.objects.filter(purpose="ack").count() == 5


# --- trouble ------------------------------------------------------------------------------------------------------------


def test_mail_without_a_sender_is_dead_in_sight_and_the_next_one_is_received(doors: Cast) -> None:
    source = Channel.objects.filter(kind="email")[0]
    now = timezone.now()
    for n, raw in enumerate([b"Subject: from nobody\r\n\r\nhello", b"\xff\xfe\x00 not a mail at all", a_mail()]):
        actions.accept(source=source, channel="email", external_id=str(n), raw=raw, meta={}, now=now)
    receive.drain(doors.district.id)
    assert sorted(Envelope.objects.values_list("state", flat=True)) == ["dead", "dead", "done"]
    assert Envelope.objects.filter(state="dead")[0].reason == "Unreadable"


def test_a_poisoned_envelope_waits_and_is_given_up_after_its_attempts(doors: Cast, monkeypatch: Any) -> None:
    real = receive.read

    def read(envelope: Envelope, raw: bytes) -> Any:
        if envelope.external_id.startswith("poison"):
            raise RuntimeError("poison")
        return real(envelope, raw)

    monkeypatch.setattr(receive, "read", read)
    poison = deliver(doors, a_mail(Message_ID="<poison@x.example>"))
    assert (poison.state, poison.attempts) == ("pending", 1)
    assert poison.lease_until is not None
    assert poison.lease_until > timezone.now()
    assert "poison" in poison.error
    assert deliver(doors, a_mail()).state == "done"
    Envelope.objects.filter(id=poison.id).update(attempts=7, lease_until=None)
    receive.drain(doors.district.id)
    assert (poison.refresh().state, poison.reason) == ("dead", "RuntimeError")


def test_one_that_kills_its_worker_every_time_is_given_up(doors: Cast) -> None:
    source = Channel.objects.filter(kind="email")[0]
    envelope, _new = actions.accept(source=source, channel="email", external_id="x", raw=a_mail(), meta={}, now=timezone.now())
    Envelope.objects.filter(id=envelope.id).update(attempts=8, lease_until=timezone.now() - timedelta(seconds=1))
    assert receive.drain(doors.district.id) == 0
    assert (envelope.refresh().state, envelope.reason) == ("dead", "too many attempts")


def test_a_worker_that_was_overtaken_leaves_nothing(doors: Cast) -> None:
    source = Channel.objects.filter(kind="email")[0]
    envelope, _new = actions.accept(source=source, channel="email", external_id="x", raw=a_mail(), meta={}, now=timezone.now())
    (first,) = receive.claim(now=timezone.now())
    (second,) = receive.claim(now=timezone.now() + timedelta(minutes=2))
    assert (first.id, first.attempts, second.id, second.attempts) == (envelope.id, 1, envelope.id, 2)
    assert receive.attempt(doors.district.id, first) is False
    assert not Ticket.objects.exists()
    assert receive.attempt(doors.district.id, second) is True
    assert receive.attempt(doors.district.id, second) is False
    assert Ticket.objects.count() == 1


def test_files_that_are_refused_are_told_and_the_mail_is_kept(doors: Cast, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = PAT, "help@cedar.localhost", "Files"
    mail.set_content("see attached")
    mail.add_attachment(b"MZ\x90\0 program", maintype="application", subtype="pdf", filename="bill.pdf")
    mail.add_attachment(b"%PDF-1.4 fine", maintype="application", subtype="octet-stream", filename="../../etc/form.pdf")
    ticket = ticket_of(deliver(doors, mail.as_bytes()))
    message = Message.objects.get(ticket=ticket)
    assert message.text.startswith("see attached\n\n[File not kept: bill.pdf.")
    assert [(a.name, a.content_type) for a in message.attachments.all()] == [("form.pdf", "application/pdf")]


def test_null_bytes_and_wild_characters_do_no_harm(doors: Cast) -> None:
    raw = (
        a_mail()
        .replace(b"The bus did not come.", b"The bus\0 did not come. \xed\xa0\x80 \xff")
        .replace(b"Subject: Bus", b"Subject: B\0us \xf0\x9f")
    )
    ticket = ticket_of(deliver(doors, raw))
    assert ticket.subject.startswith("Bus")
    assert Message.objects.get(ticket=ticket).text.startswith("The bus did not come.")


def test_a_new_sender_is_a_new_person_known_next_time(doors: Cast) -> None:
    first = ticket_of(deliver(doors, a_mail(sender='"Lopez, Ana" <ANA@Family.Example>')))
    second = ticket_of(deliver(doors, a_mail("more", sender="ana@family.example")))
    assert first.requester == second.requester
    assert Person.objects.get(id=first.requester_id).name == "Lopez, Ana"
    assert ContactPoint.objects.get(person=first.requester).value == "ana@family.example"


# --- reports without an id, addresses, private ones -------------------------------------------------------------------------------


def without_id(recipient: str, reply_to: str) -> bytes:
    """As some servers still write it: the address in a field, our letter's header in the text, without its id."""
    return f"""From: Mail Delivery Subsystem <mailer-daemon@mx.example>
To: help@cedar.localhost
Subject: Delivery failure
Message-ID: <{uuid.uuid4()}@mx.example>
X-Failed-Recipients: {recipient}

A message that you sent could not be delivered to one or more of its recipients.

  {recipient}
    550 5.1.1 no such user here

------ This is a copy of the message, including all the headers. ------

From: Cedar <help@cedar.localhost>
Reply-To: {reply_to}
To: {recipient}
Subject: Your request
""".encode()


def sent(ticket: Ticket) -> Delivery:
    letter: Delivery = Delivery.objects.get(about=ticket.id, purpose="ack")
    Delivery.objects.filter(id=letter.id).update(state="sent", sent_at=timezone.now())
    return letter


def test_a_report_without_an_id_is_of_the_letter_whose_reply_address_it_gives_back(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    letter = sent(ticket)
    assert deliver(doors, without_id(PAT, letter.reply_to), return_path="").state == "screened"
    assert Receipt.objects.get().delivery == letter
    assert letter.refresh().state == "sent", "it proves nothing"


@pytest.mark.parametrize("case", ["no token", "wrong token", "another's", "another address", "another district"])
def test_a_report_is_never_believed_by_the_address_alone(doors: Cast, oak: Cast, case: str) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    local, _at, host = sent(ticket).reply_to.partition("@")
    theirs = f"{reply_token.local_part(ticket, to='gran@family.example')}@{host}"
    raw = {
        "no token": without_id(PAT, "help@cedar.localhost"),
        "wrong token": without_id(PAT, f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{host}"),
        "another's": without_id(PAT, theirs),
        "another address": without_id("alice@cedar.localhost", f"{local}@{host}"),
        "another district": without_id(PAT, f"{local}@oak.localhost"),
    }[case]
    deliver(doors, raw, return_path="")
    assert not Receipt.objects.exists()
    assert not OptOut.objects.exists()


def test_who_follows_cannot_forge_the_bounce_of_another_letter(doors: Cast) -> None:
    """Their copies tell the ticket's id and the conversation, not the key of a letter to somebody else."""
    ticket = ticket_of(deliver(doors, a_mail(Cc="Gran <gran@family.example>")))
    ack = sent(ticket)
    reply = tickets.reply(ticket, by=doors.alice, words=tickets.Words(text="We look"), now=timezone.now())
    copy = Delivery.objects.get(about=ticket.id, address="gran@family.example")
    told = f"{copy.message_id} {copy.references} {copy.reply_to} {copy.body}"
    mine = Delivery.objects.get(dedupe_key=f"reply-{reply.id}:{ticket.id}")
    assert ack.message_id in mine.references
    for letter in (ack, mine):
        assert letter.message_id.partition("@")[0].rpartition(".")[2] not in told
        assert letter.reply_to not in told
    key = copy.message_id.partition("@")[0].rpartition(".")[2]
    for forged in (f"ack.{ticket.id}@cedar.localhost", f"ack.{ticket.id}.{key}@cedar.localhost"):
        deliver(doors, dsn(forged, PAT), return_path="")
    deliver(doors, without_id(PAT, copy.reply_to), return_path="")
    assert not OptOut.objects.exists()
    assert ticket_of(deliver(doors, a_mail("Thank you"), copy.reply_to)) == ticket, "a reply finds its way by any of them"


def test_an_id_that_was_given_without_a_key_still_threads_and_proves_no_bounce(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    old = f"ack.{ticket.id}@cedar.localhost"
    Delivery.objects.filter(id=sent(ticket).id).update(message_id=old)
    tickets.remember_thread(ticket, [old])
    deliver(doors, dsn(old, PAT), return_path="")
    assert not OptOut.objects.exists()
    assert ticket_of(deliver(doors, a_mail("And now?", In_Reply_To=f"<{old}>"))) == ticket


def test_a_letter_that_came_back_is_told_as_not_arrived(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    letter, ack = sent(ticket), mail_id(ticket, "ack", doors.district)
    deliver(doors, dsn(ack, PAT, status="4.4.1", action="delayed"), returns_to(letter), return_path="")
    assert letter.refresh().state == "sent", "it may still arrive"
    deliver(doors, dsn(ack, PAT), returns_to(letter), return_path="")
    letter.refresh_from_db()
    assert (letter.state, letter.error) == ("failed", "came back 5.1.1")


def test_a_private_address_keeps_what_is_told_to_its_team(doors: Cast) -> None:
    Channel.objects.create(
        kind="email", address="counsel@cedar.localhost", name="Counseling", team=doors.safety, options={"private": True}
    )
    forget_standing()
    raw = a_mail("The bus did not come, my boy cries.", to=f"{HELP}, Counsel+x@cedar.localhost", Cc="alice@cedar.localhost")
    ticket = ticket_of(deliver(doors, raw, "help@cedar.localhost", "counsel+x@cedar.localhost"))
    assert (ticket.sensitive, ticket.team) == (True, doors.safety)
    assert not Follower.objects.exists(), "a copy lets no member of staff in"
    routing.place(ticket.id, now=timezone.now())
    ticket.refresh_from_db()
    assert (ticket.sensitive, ticket.team) == (True, doors.safety), "no rule and no machine sends it on"
    assert "cries" not in Delivery.objects.filter(channel="inapp").values_list("body", flat=True)


def test_an_address_elsewhere_is_known_by_its_whole_name(doors: Cast) -> None:
    """Mail that a school's own server forwards to ours names the school's address."""
    Channel.objects.create(kind="email", address="tech@school.example", name="Tech", team=doors.technology)
    forget_standing()
    raw = a_mail("My projector is dark", to="Tech+room4@School.example", Cc="other@school.example")
    ticket = ticket_of(deliver(doors, raw, "help@cedar.localhost"))
    assert ticket.team == doors.technology
    assert [one.person.contact_points.get().value for one in Follower.objects.filter(ticket=ticket)] == ["other@school.example"]
    assert deliver(doors, a_mail("loop", sender="tech@school.example")).reason == "our own address"


def test_an_ordinary_mail_asks_no_more_of_the_database_than_before(doors: Cast, django_assert_max_num_queries: Any) -> None:
    """Once its sender is known: envelope, claim, bytes and end apart, what its ticket costs."""
    deliver(doors, a_mail("first"))
    with django_assert_max_num_queries(11):
        deliver(doors, a_mail("second"))
