"""What a member of staff passes on to ask about it is their own request; whoever wrote it first hears nothing."""

import time

import pytest
from django.utils import timezone

from delivery.models import Delivery
from districts.models import ContactPoint, Person
from intake.mail.own_asking import Asks, asks, read
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
    "I clicked on it by mistake.", "I already entered my password here.", "This isn't from our superintendent. Please handle.",
    "Can you handle this? She claims to be our superintendent.", "Third one this week asking me for gift cards.",
    "Help! He wants gift cards from me", "This parent is threatening me.", "who is this", "Junk.", "Looks like phising",
    "How do I answer this parent?", "What should I tell her?", "weird email, please take a look", "Reporting this.",
    "Please delete from everyone's inbox.", "I opened the attachment before I noticed.", "He keeps writing to me at home.",
    "Do not reply to this person, she is suing us.", "Never heard of this company.", "I do not know this man.", "Creepy.", "??", "Wow",
    "Do I have to answer?", "I'm being blackmailed", "Not ours", "Help", "Please tell her to stop.", "He needs to be banned",
    "She needs my login", "Please get this person off my back", "She wrote again", "Thanks. Delete this", "See below. Seriously?",
    "FYI she is crazy", "Wrong Person", "Please call the police on him", "Can you look into this person?",
    "Me llegó esto, parece raro.", "Le di clic sin querer", "Me piden tarjetas de regalo", "Ya puse mi contraseña ahí",
    "No conozco a esta persona", "Tengo miedo de contestarle.", "Este papá me amenazó ayer.", "Ojo con esto", "Yo no pedí esto",
    "Por favor bloqueen este remitente", "¿Lo pueden borrar?", "Ayúdenme", "No le contesten",
])  # fmt: skip
def test_whatever_is_not_known_to_be_for_somebody_else_is_their_own(comment: str) -> None:
    assert asks(comment) is not None


@pytest.mark.parametrize("comment", [
    "could you reset her password?", "Could you help with this? Thanks", "Her account was hacked, please help her", "Please assist.",
    "¿Le pueden resolver?", "Hi! This mom needs help. Let me know if you have questions.", "Can someone call this parent back?",
    "Can you please take care of this for Mrs. Lopez?", "Passing this along. We need to get her kid on the bus.",
    "I need you to help this family. Thanks!", "Please confirm with the parent when fixed.", "Please see to it.",
    "Please let her know when done. Let me know if you need anything.", "Who handles this? Please answer the parent.",
    "The student's mother says the fake fire alarm scared her son. Please respond to her.", "Can you advise the parent?",
    "Good morning, can you help this student with his Chromebook? Thank you, Maria", "She can't log in. Can you fix her account?",
    "¿Pueden ayudarla con el autobús?", "Por favor atiendan a esta mamá.", "Favor de contestarle a la señora.",
    "Necesita ayuda con la contraseña, avísenme si falta algo.", "Favor de restablecer la contraseña de la estudiante.",
])  # fmt: skip
def test_help_that_is_asked_for_somebody_else(comment: str) -> None:
    found = read(comment)
    assert (found.asks, found.for_them) == (None, True)


@pytest.mark.parametrize("comment", [
    "", "FYI", "For your information", "See below.", "Forwarding this to you.", "Thanks!", "Hello team, see the message below.",
    "Reenvío este correo.", "Ver correo abajo. Gracias.", "Hi,\n\nThanks,\nAlice Doe\nLincoln Elementary\n(555) 010-0100",
])  # fmt: skip
def test_no_word_of_ones_own_asks_nothing_for_anybody(comment: str) -> None:
    found = read(comment)
    assert (found.asks, found.for_them) == (None, False)


def test_their_own_name_is_a_signature() -> None:
    assert read("FYI\n\nAlice", name="Alice Doe").asks is None
    assert read("FYI\n\nAlice Doe\nPrincipal", name="Alice Doe").asks is None
    assert read("FYI\n\nMallory", name="Alice Doe").asks is not None


@pytest.mark.parametrize("said", [
    "Thanks " + "A" * 1990 + "!x", "thanks " + "all team " * 220 + "x", "please " * 280 + "x", "A " * 900, "see below " * 190 + "z",
    "A B\n" * 480, "forwarding this it " * 100 + "x", "favor de dar " * 150, "please help " * 160, "\n" * 1990 + "?",
])  # fmt: skip
def test_no_comment_takes_long(said: str) -> None:
    began = time.process_time()
    read(said)
    assert time.process_time() - began < 0.2


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
