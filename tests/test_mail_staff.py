"""What people who work here may do by mail: little, and only with a mail that is proven to be theirs."""

from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from districts.models import ContactPoint, Person
from intake.mail import smtp
from intake.models import Channel
from intake.receiving import rereading
from routing import actions as routing
from tests.conftest import Cast, a_ticket, sign_in
from tests.test_intake_mail import PAT, a_mail, deliver, doors, reply_address, ticket_of
from tickets import actions as tickets
from tickets.models import Event, Follower, Link, Message, Ticket

__all__ = ["doors"]
HOP = "mx.cedar.example"
ALICE = "alice@cedar.localhost"
_PROOF = f"spf=pass smtp.mailfrom={ALICE}; dkim=pass header.d=cedar.localhost; dmarc=pass header.from=cedar.localhost"
PASSED = {"Authentication_Results": f"{HOP}; {_PROOF}"}
FAILED = {"Authentication_Results": f"{HOP}; spf=softfail; dmarc=fail (p=none) header.from=cedar.localhost"}
FORWARD = f"""Please help her. I told her that you would.

---------- Forwarded message ---------
From: Dana Doe <dana@family.example>
Date: Tue, Nov 3, 2026 at 9:12 AM
Subject: Lost lunch box
To: Alice <{ALICE}>

My son lost his lunch box on bus 12 this morning.
"""


@pytest.fixture
def trusting(doors: Cast) -> Cast:
    Channel.objects.filter(kind="email").update(trusted_hop=HOP)
    return doors


def from_alice(text: str = "He is on the list of stop 5.", **more: str) -> bytes:
    return a_mail(text, sender=f"Alice <{ALICE}>", **more)


def notes(ticket: Ticket) -> list[Message]:
    return list(Message.objects.filter(ticket=ticket, kind="note").order_by("at", "id"))


# --- on a conversation --------------------------------------------------------------------------------------------------


def test_a_confirmed_agents_answer_becomes_an_internal_note(trusting: Cast) -> None:
    ticket = a_ticket(trusting, team=trusting.transportation)
    assert ticket_of(deliver(trusting, from_alice(**PASSED), reply_address(ticket), return_path=ALICE)) == ticket
    (note,) = notes(ticket)
    assert (note.author, note.text, note.channel) == (trusting.alice, "He is on the list of stop 5.", "email")
    assert note.sender_check == "spf=pass dkim=pass dmarc=pass proven"
    assert not Delivery.objects.filter(person=trusting.pat).exists(), "nothing leaves the house"
    assert [one.person for one in Delivery.objects.filter(channel="inapp")] == [trusting.lena], "the team hears, the writer does not"


def test_an_answer_to_a_notice_finds_the_ticket_it_spoke_of(trusting: Cast) -> None:
    ticket = a_ticket(trusting, team=trusting.transportation)
    notice = Delivery.objects.create(
        channel="email", purpose="notice", person=trusting.alice, address=ALICE, about=ticket.id, body="…", dedupe_key="n",
        state="sent", message_id="notice.01890000@cedar.localhost",
    )  # fmt: skip
    raw = a_mail("Mine too", sender="bob@cedar.localhost", In_Reply_To=f"<{notice.message_id}>", **PASSED)
    assert ticket_of(deliver(trusting, raw)) != ticket, "it was not sent to Bob"
    raw = from_alice(In_Reply_To=f"<{notice.message_id}>", **PASSED)
    assert ticket_of(deliver(trusting, raw, return_path=ALICE)) == ticket
    assert notes(ticket)[0].author == trusting.alice


@pytest.mark.parametrize("results", [{}, FAILED, {"Authentication_Results": "mx.evil.example; dmarc=pass"}])
def test_an_unconfirmed_one_acts_with_no_rights(trusting: Cast, results: dict[str, str]) -> None:
    """Of somebody who knows the reply address, as every requester does."""
    ticket = a_ticket(trusting, team=trusting.transportation)
    tickets.wait_for(ticket, on=Ticket.Status.WAITING_REQUESTER, by=trusting.alice, now=timezone.now())
    other = ticket_of(deliver(trusting, from_alice("Let him leave early.", **results), reply_address(ticket), return_path=ALICE))
    assert other != ticket
    assert Message.objects.filter(ticket=ticket).count() == 1
    assert ticket.refresh().status == "wait_asker"
    assert (Link.objects.get().other, Link.objects.get().kind) == (ticket, "may_belong")
    assert f"did not go into #{ticket.number}" in notes(other)[0].text
    assert notes(other)[0].author is None


def test_an_unconfirmed_one_of_a_follower_is_noted_in_nobodys_name(trusting: Cast) -> None:
    ticket = a_ticket(trusting, team=trusting.transportation)
    tickets.resolve(ticket, by=trusting.lena, now=timezone.now())
    tickets.follow(ticket, person=trusting.alice, now=timezone.now())
    raw = from_alice("Let him leave early.")
    assert ticket_of(deliver(trusting, raw, reply_address(ticket), return_path=ALICE)) == ticket
    (note,) = notes(ticket)
    assert note.author is None
    assert note.text == f"In the name of Alice <{ALICE}>, not confirmed.\n\nLet him leave early."
    assert ticket.refresh().status == "resolved", "it wakes and opens nothing"
    told = Delivery.objects.filter(channel="inapp", about=ticket.id)
    assert {one.person for one in told} == {trusting.alice, trusting.lena}, "also who it is in the name of"
    assert ticket_of(deliver(trusting, raw.replace(b"Subject: Bus", b"Subject: [x] Bus"), reply_address(ticket))) == ticket
    assert len(notes(ticket)) == 1, "a copy by another way is one"
    page = sign_in(trusting.lena, trusting.district).get(f"/r/{ticket.token}").content.decode()
    assert "leave early" not in page


def test_a_confirmed_one_who_may_not_see_a_sensitive_ticket_may_not_write_there(trusting: Cast) -> None:
    ticket = a_ticket(trusting, team=trusting.safety, service=trusting.counseling)
    other = ticket_of(deliver(trusting, from_alice(**PASSED), reply_address(ticket), return_path=ALICE))
    assert other != ticket
    tickets.follow(ticket, person=trusting.alice, now=timezone.now())
    assert ticket_of(deliver(trusting, from_alice("And now?", **PASSED), reply_address(ticket), return_path=ALICE)) == ticket


def test_their_own_request_is_theirs_as_a_parents_is(trusting: Cast) -> None:
    ticket = a_ticket(trusting, requester=trusting.alice, team=trusting.technology)
    assert ticket_of(deliver(trusting, from_alice("Still dark", **FAILED), reply_address(ticket), return_path=ALICE)) == ticket
    newest = Message.objects.filter(ticket=ticket).latest("at")
    assert (newest.kind, newest.author, newest.sender_check) == ("request", trusting.alice, "spf=softfail dmarc=fail")


def test_words_of_danger_in_a_note_by_mail_are_heard(trusting: Cast) -> None:
    ticket = a_ticket(trusting, team=trusting.transportation)
    deliver(trusting, from_alice("She told me she wants to kill herself.", **PASSED), reply_address(ticket), return_path=ALICE)
    ticket.refresh_from_db()
    assert (ticket.crisis, ticket.team) == (True, trusting.safety)
    assert not Delivery.objects.filter(purpose="danger").exists(), "no crisis line to staff"


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Original_From": f"Alice <{ALICE}>", "Reply_To": f"Alice <{ALICE}>", "sender": "evil@evil.example"},
        {"sender": f"evil@evil.example, {ALICE}"},
    ],
)
def test_what_is_proven_of_one_address_proves_nothing_of_another(trusting: Cast, headers: dict[str, str]) -> None:
    """The domain in From stands behind it; who it names besides is the sender's word."""
    ticket = a_ticket(trusting, team=trusting.transportation)
    proof = f"{HOP}; spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example; dmarc=pass header.from=evil.example"
    raw = a_mail("Let him go", **{**headers, "Authentication_Results": proof})
    assert ticket_of(deliver(trusting, raw, reply_address(ticket), return_path="evil@evil.example")) != ticket
    assert "proven" not in Message.objects.exclude(ticket=ticket).filter(kind="request").get().sender_check


def test_dkim_of_another_domain_proves_nothing(trusting: Cast) -> None:
    ticket = a_ticket(trusting, team=trusting.transportation)
    proof = {"Authentication_Results": f"{HOP}; spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example"}
    other = ticket_of(deliver(trusting, from_alice(**proof), reply_address(ticket), return_path="evil@evil.example"))
    assert other != ticket
    assert Message.objects.filter(ticket=other, kind="request").get().sender_check == "spf=pass dkim=pass"


# --- what they pass on --------------------------------------------------------------------------------------------------


def test_what_a_confirmed_agent_passes_on_is_the_request_of_whoever_wrote_it(trusting: Cast) -> None:
    envelope = deliver(trusting, from_alice(FORWARD, Subject="Fwd: Lost lunch box", **PASSED), return_path=ALICE)
    ticket = ticket_of(envelope)
    dana = Person.objects.get(contact_points__value="dana@family.example")
    assert (ticket.requester, ticket.opened_by, ticket.subject) == (dana, trusting.alice, "Lost lunch box")
    assert dana.name == "Dana Doe"
    asked = Message.objects.get(ticket=ticket, kind="request")
    assert (asked.author, asked.text, asked.sender_check) == (dana, "My son lost his lunch box on bus 12 this morning.", "")
    assert [(note.author, note.text) for note in notes(ticket)] == [(trusting.alice, "Please help her. I told her that you would.")]
    assert notes(ticket)[0].sender_check.endswith("proven")
    assert Follower.objects.get(ticket=ticket).person == trusting.alice
    assert Event.objects.get(ticket=ticket, kind="opened").by == trusting.alice
    assert Delivery.objects.get(purpose="ack").address == "dana@family.example"
    assert ticket_of(deliver(trusting, a_mail("Found it", sender="dana@family.example"), reply_address(ticket))) == ticket
    assert "told her" not in sign_in(trusting.pat, trusting.district).get(f"/r/{ticket.token}").content.decode()


def test_passed_on_twice_by_two_ways_is_one(trusting: Cast) -> None:
    raw = from_alice(FORWARD, Subject="Fwd: Lost lunch box", **PASSED)
    first = ticket_of(deliver(trusting, raw, return_path=ALICE))
    assert ticket_of(deliver(trusting, raw.replace(b"Subject: Fwd", b"Subject: [Staff] Fwd"), return_path=ALICE)) == first


@pytest.mark.parametrize(
    ("sender", "results"),
    [(f"Alice <{ALICE}>", {}), (f"Alice <{ALICE}>", FAILED), (f"Pat <{PAT}>", PASSED), ("x@elsewhere.example", {})],
)
def test_passed_on_by_anybody_else_it_is_their_own_request(trusting: Cast, sender: str, results: dict[str, str]) -> None:
    ticket = ticket_of(deliver(trusting, a_mail(FORWARD, sender=sender, Subject="Fwd: Lost lunch box", **results)))
    assert ticket.opened_by is None
    assert ContactPoint.objects.filter(person=ticket.requester, value=sender.rpartition("<")[2].rstrip(">")).exists()
    assert not ContactPoint.objects.filter(value="dana@family.example").exists()
    text = Message.objects.get(ticket=ticket, kind="request").text
    assert "dana@family.example" in text
    assert "lunch box on bus 12" in text
    assert Delivery.objects.get(purpose="ack").person == ticket.requester


@pytest.mark.parametrize("author", ["help@cedar.localhost", ALICE, "no-reply@vendor.example", "nobody"])
def test_what_names_nobody_to_answer_is_the_request_of_who_passed_it_on(trusting: Cast, author: str) -> None:
    raw = from_alice(FORWARD.replace("dana@family.example", author), Subject="Fwd: x", **PASSED)
    assert ticket_of(deliver(trusting, raw, return_path=ALICE)).requester == trusting.alice


def test_danger_in_the_comment_of_who_passes_it_on_is_heard(trusting: Cast) -> None:
    text = FORWARD.replace("Please help her.", "She says her son wants to kill himself.")
    ticket = ticket_of(deliver(trusting, from_alice(text, Subject="Fwd: x", **PASSED), return_path=ALICE))
    routing.place(ticket.id, now=timezone.now())
    ticket.refresh_from_db()
    assert (ticket.crisis, ticket.team) == (True, trusting.safety)


def test_a_mail_passed_on_as_a_file_keeps_its_words_in_anybodys_request(doors: Cast) -> None:
    inner = EmailMessage()
    inner["From"], inner["To"], inner["Subject"], inner["Message-ID"] = "Dana <dana@family.example>", PAT, "Lunch box", "<i@x.example>"
    inner.set_content("My son lost his lunch box.")
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Subject"], outer["Message-ID"] = PAT, "help@cedar.localhost", "Fwd: Lunch box", "<o@x.example>"
    outer.set_content("See what Dana writes.")
    outer.add_attachment(inner)
    text = Message.objects.get(ticket=ticket_of(deliver(doors, outer.as_bytes()))).text
    assert "See what Dana writes." in text
    assert "My son lost his lunch box." in text


# --- the door -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remote", "relays", "believed"),
    [
        ("127.0.0.1", ["127.0.0.0/8"], True), ("::ffff:127.0.0.1", ["127.0.0.0/8"], True), ("203.0.113.5", ["127.0.0.0/8"], False),
        ("203.0.113.5", ["203.0.113.0/24"], True), ("", ["127.0.0.0/8"], False), ("/tmp/x", ["0.0.0.0/0"], False),
        ("2001:db8::1", ["127.0.0.0/8", "2001:db8::/32"], True),
    ],
)  # fmt: skip
def test_only_our_own_servers_words_are_believed(settings: Any, remote: str, relays: list[str], believed: bool) -> None:
    settings.SMTP_RELAYS = relays
    assert smtp.is_relay(remote) is believed


def test_a_comment_is_never_said_in_the_name_of_who_sent_only_a_picture(trusting: Cast) -> None:
    """What was passed on has no words of its own."""
    said, _rule, _rest = FORWARD.partition("My son")
    ticket = ticket_of(deliver(trusting, from_alice(said, Subject="Fwd: Lost lunch box", **PASSED), return_path=ALICE))
    assert ticket.requester.name == "Dana Doe"
    request = Message.objects.get(ticket=ticket, kind="request")
    assert request.text == "Lost lunch box"
    assert [(note.author, note.text) for note in notes(ticket)] == [(trusting.alice, "Please help her. I told her that you would.")]


# --- what nobody can tell apart ------------------------------------------------------------------------------------------

BELOW = "Is this real? I think this parent is lying, her son has an IEP for anxiety."
FYI = FORWARD.replace("Please help her. I told her that you would.", "FYI")


def as_page(text: str) -> bytes:
    """As Gmail writes it, and what was typed below still within its quote."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        f"Alice <{ALICE}>",
        "help@cedar.localhost",
        "Fwd: x",
        "<p@x.example>",
    )
    mail["Authentication-Results"] = PASSED["Authentication_Results"]
    above, mark, block = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>").partition("----------")
    mail.set_content(f'<div dir="ltr">{above}<div class="gmail_quote">{mark}{block}</div></div>', subtype="html")
    return mail.as_bytes()


def page_of(ticket: Ticket) -> str:
    return Client(HTTP_HOST=ticket.district.host).get(f"/r/{ticket.token}").content.decode()


@pytest.mark.parametrize("kind", ["plain", "html", "quoted"])
def test_what_staff_write_below_what_they_pass_on_is_never_shown_to_whoever_wrote_it(trusting: Cast, kind: str) -> None:
    text = f"{FORWARD}\n{BELOW}\n"
    if kind == "quoted":
        above, mark, block = FORWARD.partition("----------")
        text = above + "".join(f"> {line}\n" for line in (mark + block).splitlines()) + f"\n{BELOW}\n> \n"
    raw = from_alice(text, Subject="Fwd: Lost lunch box", **PASSED)
    if kind == "html":
        raw = as_page(text)
    ticket = ticket_of(deliver(trusting, raw, return_path=ALICE))
    assert ticket.requester.name == "Dana Doe"
    page = page_of(ticket)
    assert "Alice passed on what you wrote." in page
    for words in ("lying", "IEP", "Please help her", "lunch box on bus 12"):
        assert words not in page
    tickets.reply(ticket.refresh(), by=trusting.lena, words=tickets.Words(text="We found it."), now=timezone.now())  # type: ignore[attr-defined]
    assert not [one for one in Delivery.objects.filter(address="dana@family.example") if "lying" in one.body or "IEP" in one.body]
    desk = sign_in(trusting.lena, trusting.district).get(f"/desk/{ticket.id}/").content.decode()
    assert "lying" in desk, "staff see all of it"
    assert desk.count("the requester is not shown this text") == 1


def test_nor_are_files_that_may_be_theirs(trusting: Cast) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        f"Alice <{ALICE}>",
        "help@cedar.localhost",
        "Fwd: Bus",
        "<f@x.example>",
    )
    mail["Authentication-Results"] = PASSED["Authentication_Results"]
    mail.set_content(FORWARD)
    mail.add_attachment("her IEP", filename="iep.txt")
    ticket = ticket_of(deliver(trusting, mail.as_bytes(), return_path=ALICE))
    (file,) = Message.objects.get(ticket=ticket, kind="request").attachments.all()
    assert "iep.txt" not in page_of(ticket)
    assert Client(HTTP_HOST=ticket.district.host).get(f"/r/{ticket.token}/files/{file.id}").status_code == 404


def test_what_they_wrote_themselves_later_is_shown(trusting: Cast) -> None:
    ticket = ticket_of(deliver(trusting, from_alice(FORWARD, Subject="Fwd: Lost lunch box", **PASSED), return_path=ALICE))
    deliver(trusting, a_mail("We found it at home", sender="dana@family.example"), reply_address(ticket))
    assert "We found it at home" in page_of(ticket)


def test_a_subject_of_theirs_is_not_that_of_whoever_wrote(trusting: Cast) -> None:
    text = FORWARD.replace("Subject: Lost lunch box\n", "")
    ticket = ticket_of(deliver(trusting, from_alice(text, Subject="Fwd: Please help her", **PASSED), return_path=ALICE))
    assert (ticket.requester.name, ticket.subject) == ("Dana Doe", "A mail that was passed on")


@pytest.mark.parametrize("below", [f"{BELOW}\nAlice", f"{BELOW}\n\nAlice", "She writes to me at home.\nAlice", f"{BELOW}\n{ALICE}"])
def test_what_they_sign_below_it_is_weighed_as_theirs(trusting: Cast, below: str) -> None:
    ticket = ticket_of(deliver(trusting, from_alice(f"{FYI}\n{below}\n", Subject="Fwd: Lost lunch box", **PASSED), return_path=ALICE))
    assert ticket.requester == trusting.alice
    assert not ContactPoint.objects.filter(value="dana@family.example").exists()


@pytest.mark.parametrize("below", ["Alice", f"Alice\nLincoln Elementary\n{ALICE}", "Please help her.\nAlice"])
def test_their_signature_alone_changes_nothing(trusting: Cast, below: str) -> None:
    ticket = ticket_of(
        deliver(trusting, from_alice(f"{FORWARD}\n{below}\n", Subject="Fwd: Lost lunch box", **PASSED), return_path=ALICE)
    )
    assert ticket.requester.name == "Dana Doe"


# --- whom nobody knows --------------------------------------------------------------------------------------------------


def letters_to_dana() -> int:
    return Delivery.objects.filter(address="dana@family.example").count()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("words", ["Please pay the invoice.", "I want to kill myself."])
def test_a_stranger_whose_mail_is_passed_on_without_a_word_is_not_written_to(trusting: Cast, times: int, words: str) -> None:
    for time in range(times):
        raw = from_alice(FYI.replace("My son lost", f"{words} {time} My son lost"), Subject="Fwd: Lost lunch box", **PASSED)
        ticket = ticket_of(deliver(trusting, raw, return_path=ALICE))
        routing.place(ticket.id, now=timezone.now())
    assert ticket.requester.name == "Dana Doe"
    assert letters_to_dana() == 0
    said = [note.text for note in notes(ticket) if note.author is None]
    assert said == [
        "Nobody here knows dana@family.example, who wrote it, so no acknowledgement was sent: the first they hear will be a reply."
    ]
    tickets.reply(ticket.refresh(), by=trusting.lena, words=tickets.Words(text="Hello"), now=timezone.now())  # type: ignore[attr-defined]
    assert letters_to_dana() == 1


@pytest.mark.parametrize("how", ["wrote", "roster", "help", "copied"])
def test_whom_somebody_knows_or_asks_help_for_is(trusting: Cast, how: str) -> None:
    if how == "wrote":
        deliver(trusting, a_mail("Is there school on Monday?", sender="Dana <dana@family.example>"))
    elif how == "copied":
        deliver(trusting, a_mail("Is there school?", Cc="dana@family.example"))
    elif how == "roster":
        dana = Person.objects.create(name="Dana Doe", kind="parent", roster_id="p-1")
        ContactPoint.objects.create(person=dana, kind="email", value="dana@family.example")
    raw = from_alice(FORWARD if how == "help" else FYI, Subject="Fwd: Lost lunch box", **PASSED)
    ticket = ticket_of(deliver(trusting, raw, return_path=ALICE))
    assert Delivery.objects.filter(purpose="ack", about=ticket.id, address="dana@family.example").exists()
    assert all(note.author for note in notes(ticket))


# --- read again ---------------------------------------------------------------------------------------------------------


def test_reading_such_mails_again_changes_nothing(trusting: Cast) -> None:
    ticket = a_ticket(trusting, team=trusting.transportation)
    tickets.follow(ticket, person=trusting.alice, now=timezone.now())
    envelopes = [
        deliver(trusting, from_alice(FORWARD, Subject="Fwd: Lost lunch box", **PASSED), return_path=ALICE),
        deliver(trusting, from_alice("Not proven."), reply_address(ticket), return_path=ALICE),
        deliver(trusting, from_alice("Proven.", **PASSED), reply_address(ticket), return_path=ALICE),
        deliver(trusting, a_mail(FORWARD, Subject="Fwd: Lost lunch box")),
    ]
    texts = list(Message.objects.order_by("id").values_list("text", flat=True))
    for envelope in envelopes:
        result = rereading.again(trusting.district.id, envelope.id, asked=rereading.Asked())
        assert (result.became, result.detail) == (rereading.Became.SAME, "")
    assert list(Message.objects.order_by("id").values_list("text", flat=True)) == texts
