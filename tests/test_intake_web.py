"""The web form's envelope and ticket: one transaction, once, and nothing lost."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery.models import Delivery
from districts.models import ContactPoint
from districts.scope import district_scope
from intake import actions
from intake.models import Channel, Envelope
from intake.receiving import receive
from intake.wording import MAX_TEXT
from routing import placing
from sla import actions as sla
from sla.models import Clock
from tests.conftest import NOW, Cast
from tickets import files
from tickets.actions import NewAnswer
from tickets.models import Answer, Event, Message, Ticket, TicketWords


def submit(text: str = "The bus didn't come to Maple and 5th again", contact: str = "(916) 555-0144", **more: Any) -> actions.Received:
    form_id, now, remote = more.pop("form_id", uuid.uuid4()), more.pop("now", NOW), more.pop("remote", "")
    return actions.receive_web(actions.Asking(text=text, contact=contact, **more), form_id=form_id, now=now, remote=remote)


def test_a_form_becomes_a_ticket_with_promises_and_an_acknowledgement(here: Cast) -> None:
    received = submit(name="Pat", language="es")
    ticket = received.ticket
    assert ticket is not None
    assert (ticket.number, ticket.channel, ticket.language, ticket.team) == (1001, "web", "es", here.front_office)
    assert received.envelope.state == Envelope.State.DONE
    assert received.envelope.ticket_ref == ticket.id
    assert Message.objects.get(ticket=ticket).envelope_ref == received.envelope.id
    assert Event.objects.get(ticket=ticket).kind == Event.Kind.OPENED
    assert Clock.objects.filter(ticket=ticket).count() == 2
    letter = Delivery.objects.get(about=ticket.id)
    assert (letter.channel, letter.address, letter.purpose) == ("sms", "+19165550144", "ack")


def test_what_the_form_knows_is_on_the_ticket(here: Cast) -> None:
    ticket = submit(site=here.maple, room="12", asset_tag="CV-1", service=here.counseling).ticket
    assert ticket is not None
    assert (ticket.site, ticket.room, ticket.asset_tag) == (here.maple, "12", "CV-1")
    assert (ticket.service, ticket.team, ticket.sensitive) == (here.counseling, here.safety, True)


def test_a_submit_costs_few_statements(here: Cast) -> None:
    """Five are intake's: envelope, savepoint, sender, done, release; the others write and acknowledge the ticket."""
    Channel.objects.create(kind="web", name="Form")
    submit(contact="pat@cedar-family.example")
    with CaptureQueriesContext(connection) as queries:
        submit("Another thing", contact="pat@cedar-family.example")
    assert len(queries) <= 19


@pytest.mark.parametrize(
    "contact", ["", "   ", "Pat", "pat@", "pat@example", "12345", "555-01", "a@b@c.org", "\0", "x" * 500 + "@example.org"]
)
def test_a_form_without_a_way_to_answer_is_refused_in_words(here: Cast, contact: str) -> None:
    with pytest.raises(actions.BadContact) as refusal:
        submit(contact=contact)
    assert refusal.value.field == "contact"
    assert str(refusal.value).endswith(".")
    assert not Envelope.objects.exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Pat@Example.ORG ", "pat@example.org"),
        ("916-555-0144", "+19165550144"),
        ("+1 (916) 555 0144", "+19165550144"),
        ("+44 20 7946 0958", "+442079460958"),
    ],
)
def test_contacts_are_kept_as_they_are_matched(here: Cast, given: str, kept: str) -> None:
    submit(contact=given)
    assert ContactPoint.objects.filter(value=kept).exists()


def test_a_form_without_words_or_files_is_refused(here: Cast) -> None:
    with pytest.raises(actions.NoText):
        submit(text=" \0\n ")
    with pytest.raises(actions.BadFormId):
        submit(form_id="not-a-uuid")


def test_a_photo_alone_is_a_request(here: Cast, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    file = files.store("list.txt", b"broken chairs: 4")
    ticket = submit(text="", files=[file]).ticket
    assert ticket is not None
    assert Message.objects.get(ticket=ticket).attachments.get().name == "list.txt"


def test_null_bytes_lone_surrogates_and_a_whole_book_do_no_harm(here: Cast) -> None:
    ticket = submit(text="Hel\0lo \ud800\r\n" + "word " * 100_000, name="P\0at\nBcc: x", room="1\0" * 50).ticket
    assert ticket is not None
    text = Message.objects.get(ticket=ticket).text
    assert text.startswith("Hello ?\n")
    assert len(text) <= MAX_TEXT + 10
    assert ticket.requester.name == "Pat Bcc: x"


def test_the_same_form_again_gives_the_first_ticket(here: Cast) -> None:
    form = uuid.uuid4()
    first, second = submit(form_id=form), submit(form_id=str(form))
    assert (first.duplicate, second.duplicate) == (False, True)
    assert first.ticket == second.ticket
    assert Ticket.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_a_form_id_with_other_words_is_another_request(here: Cast) -> None:
    form = uuid.uuid4()
    assert submit("One thing", form_id=form).ticket != submit("Another", form_id=form).ticket


def test_where_receiving_fails_the_words_are_kept_and_a_worker_tries_again(here: Cast, monkeypatch: Any) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    form = uuid.uuid4()
    with monkeypatch.context() as broken:
        broken.setattr(sla, "derive", fail)
        received = submit(form_id=form)
    assert received.ticket is None
    assert (received.envelope.refresh().state, Ticket.objects.count()) == ("pending", 0)
    again = submit(form_id=form)
    assert (again.ticket, again.duplicate) == (None, True)
    assert receive.drain(here.district.id) == 1
    ticket = submit(form_id=form).ticket
    assert ticket is not None
    assert ticket.id == received.envelope.refresh().ticket_ref


def test_one_address_is_not_flooded_with_acknowledgements(here: Cast) -> None:
    tickets = [submit(f"thing {n}", contact="victim@example.org").ticket for n in range(8)]
    assert None not in tickets
    assert Delivery.objects.filter(address="victim@example.org").count() == 5


def test_two_submits_at_once_are_one_ticket(transactional_db: Any, cedar: Cast) -> None:
    form, out, go = uuid.uuid4(), [], threading.Barrier(4)

    def click() -> None:
        try:
            go.wait()
            with district_scope(cedar.district.id):
                received = submit(form_id=form)
                out.append((received.duplicate, received.ticket and received.ticket.number))
        finally:
            connections.close_all()

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(out) == [(False, 1001), (True, 1001), (True, 1001), (True, 1001)]
    with district_scope(cedar.district.id):
        assert Ticket.objects.count() == 1
        assert Delivery.objects.count() == 1


def test_workers_at_once_receive_each_envelope_once(transactional_db: Any, cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        source = Channel.objects.create(kind="sms", address="+19165550100", name="Texts")
        for n in range(30):
            raw = f"MessageSid=SM{n}&From=%2B1916555{n:04}&Body=thing".encode()
            actions.accept(source=source, channel="sms", external_id=f"SM{n}", raw=raw, meta={}, now=timezone.now())

    def work() -> None:
        try:
            receive.drain(cedar.district.id)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    with district_scope(cedar.district.id):
        assert set(Envelope.objects.values_list("state", "attempts")) == {("done", 1)}
        assert Ticket.objects.count() == 30
        assert sorted(Ticket.objects.values_list("number", flat=True)) == list(range(1001, 1031))


def test_a_broker_that_is_away_costs_nothing(transactional_db: Any, cedar: Cast, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with district_scope(cedar.district.id):
        source = Channel.objects.create(kind="sms", address="+19165550100", name="Texts")
        raw = b"MessageSid=SM1&From=%2B19165550144&Body=The+bus"
        _envelope, new = actions.accept(source=source, channel="sms", external_id="SM1", raw=raw, meta={}, now=timezone.now())
        assert new
        assert submit().ticket is not None
    with district_scope(cedar.district.id):
        assert Envelope.objects.count() == 2


def test_nothing_shows_in_the_other_district(here: Cast, oak: Cast) -> None:
    received = submit()
    with district_scope(oak.district.id):
        assert not Envelope.objects.filter(id=received.envelope.id).exists()
        assert Ticket.objects.count() == 1
        form = uuid.UUID(received.envelope.external_id)
        theirs = submit(form_id=form)
        assert (theirs.duplicate, theirs.ticket is not None) == (False, True)


def test_answers_are_on_the_ticket_found_and_heard(here: Cast) -> None:
    told = [NewAnswer("bus", "Bus number", "42B"), NewAnswer("why", "What happened?", "He said he will kill himself")]
    received = submit("Something about the ride home", answers=told, service=here.bus_late)
    assert received.ticket is not None
    rows = Answer.objects.filter(ticket=received.ticket).order_by("position")
    assert [(row.key, row.label, row.value) for row in rows] == [(one.key, one.label, one.value) for one in told]
    assert "'42b'" in TicketWords.objects.get(id=received.ticket.id).words
    placing.place(received.ticket.id, now=NOW)
    assert (received.ticket.refresh().crisis, received.ticket.refresh().team) == (True, here.safety)


def test_a_yes_makes_the_question_the_askers_words_and_a_no_does_not(here: Cast) -> None:
    for value, heard in (("Yes", True), ("Sí", True), ("No", False)):
        told = [NewAnswer("danger", "Does somebody want to kill himself?", value)]
        ticket = submit(f"Please call me back ({value})", answers=told).ticket
        assert ticket is not None
        placing.place(ticket.id, now=NOW)
        assert ticket.refresh().crisis is heard


def test_a_submission_without_answers_is_the_same_bytes_as_before_there_were_any(here: Cast) -> None:
    received = submit()
    envelope = Envelope.objects.get(id=received.envelope.id)
    assert b"answers" not in bytes(envelope.raw)
    assert receive.read(envelope, bytes(envelope.raw)).answers == ()
