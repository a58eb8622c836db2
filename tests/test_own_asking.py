"""What a member of staff passes on to ask about it is their own request; whoever wrote it first hears nothing."""

import pytest
from django.utils import timezone

from delivery.models import Delivery
from districts.models import ContactPoint, Person
from intake.mail.own_asking import Asks, asks
from intake.receiving import rereading
from routing import actions as routing
from tests.conftest import Cast
from tests.test_intake_mail import deliver, doors, ticket_of
from tests.test_mail_staff import ALICE, PASSED, from_alice, notes, trusting
from tickets.models import Follower, Message

__all__ = ["doors", "trusting"]
SCAM = f"""%s

---------- Forwarded message ---------
From: Superintendent <boss@scam.example>
Date: Tue, Nov 3, 2026 at 9:12 AM
Subject: Quick favor
To: Alice <{ALICE}>

Please buy five gift cards and send me the codes.
"""


@pytest.mark.parametrize("comment", [
    "Is this real?", "is this legit", "Looks like phishing to me.", "I think this is a scam. Please help.", "FYI, suspicious.",
    "Should I open the attachment?",
    "Did you send this?", "Is it ok? Is this email safe?",
    "Please block, spoofed sender.",
    "¿Es real?", "¿Es real este correo?", "¿Esto es de verdad?", "Parece una estafa.", "Me parece sospechoso",
    "¿Debo abrir el archivo?",
])  # fmt: skip
def test_a_report_of_something_suspicious(comment: str) -> None:
    assert asks(comment) == Asks.SUSPECTS


@pytest.mark.parametrize("comment", [
    "Can someone check this?", "Who handles these?", "Do we have a form for this?", "What should I answer?",
    "FYI. Is he in our district?",
    "¿Alguien puede revisar esto?", "¿Quién se encarga?", "¿Qué le contesto?",
])  # fmt: skip
def test_a_question_of_their_own(comment: str) -> None:
    assert asks(comment) == Asks.QUESTION


@pytest.mark.parametrize("comment", [
    "Please verify this.", "Let me know what to do.", "I need a copy of the form she means.", "Please check if she is on the list",
    "Avísenme qué hago.", "Por favor verifiquen si esto es correcto.", "Necesito una copia.",
])  # fmt: skip
def test_a_request_of_their_own(comment: str) -> None:
    assert asks(comment) == Asks.REQUEST


@pytest.mark.parametrize("comment", [
    "", "FYI", "See below.", "Please help her.", "Please help her. I told her that you would.",
    "Can you help her?", "Could you please help?",
    "Can someone help this family?", "Could your team please take this?", "Please follow up with the parent.",
    "Please look into this for her.",
    "Can you call her back?", "She needs a new bus stop.", "Parent called twice; see what she writes.", "Please respond to him",
    "Alice Doe\nLincoln Elementary\nhttps://example.org/?page=4", "Thanks!\n\n-- \nAlice\nQuestions? Call 555-0100",
    "Por favor ayúdenla.", "¿Pueden ayudar a la señora?", "¿La pueden atender?", "Ver abajo.",
    "Para su información", "¿Le pueden llamar, por favor?",
])  # fmt: skip
def test_a_word_about_somebody_elses_request(comment: str) -> None:
    assert asks(comment) is None


def test_the_subject_speaks_where_it_is_their_own() -> None:
    assert asks("", subject="Is this real?", passed_on="Quick favor") == Asks.SUSPECTS
    assert asks("", subject="Fwd: RE: Suspicious man at the bus stop", passed_on="Suspicious man at the bus stop") is None
    assert asks("", subject="Fwd: Suspicious man at the bus stop") is None


@pytest.mark.parametrize("comment", ["Is this real?", "Can someone check this?", "Sospecho que es una estafa."])
def test_the_author_of_what_staff_ask_about_is_nobody_who_is_written_to(trusting: Cast, comment: str) -> None:
    raw = from_alice(SCAM % comment, Subject="Fwd: Quick favor", Cc="boss@scam.example", **PASSED)
    ticket = ticket_of(deliver(trusting, raw, return_path=ALICE))
    assert (ticket.requester, ticket.opened_by, ticket.subject) == (trusting.alice, None, "Fwd: Quick favor")
    assert not ContactPoint.objects.filter(value="boss@scam.example").exists()
    assert not Person.objects.filter(name="Superintendent").exists()
    assert not Follower.objects.filter(ticket=ticket).exists()
    request = Message.objects.get(ticket=ticket, kind="request")
    assert request.text == (
        f"{comment}\n\nPassed on, from Superintendent <boss@scam.example>:\n\n> Please buy five gift cards and send me the codes."
    )
    assert {one.address for one in Delivery.objects.filter(channel="email")} == {ALICE}
    (note,) = notes(ticket)
    assert "boss@scam.example, who wrote what was passed on, is not written to." in note.text
    assert note.author is None


def test_danger_in_what_staff_ask_about_is_heard(trusting: Cast) -> None:
    text = SCAM.replace("Please buy five gift cards and send me the codes.", "I want to kill myself.") % "Is this real?"
    ticket = ticket_of(deliver(trusting, from_alice(text, Subject="Fwd: x", **PASSED), return_path=ALICE))
    routing.place(ticket.id, now=timezone.now())
    ticket.refresh_from_db()
    assert (ticket.crisis, ticket.team) == (True, trusting.safety)


def test_read_again_it_stays_as_it_is(trusting: Cast) -> None:
    envelope = deliver(trusting, from_alice(SCAM % "Is this real?", Subject="Fwd: Quick favor", **PASSED), return_path=ALICE)
    assert ticket_of(envelope).requester == trusting.alice
    found = rereading.again(trusting.district.id, envelope.id, asked=rereading.Asked())
    assert found.became == rereading.Became.SAME
