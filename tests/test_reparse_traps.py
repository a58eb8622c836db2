"""What reading envelopes again must not do (let in what had its effect), and must not miss (danger, and what our own doors wrote)."""

import threading
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from delivery.models import Delivery
from districts.scope import district_scope
from intake import actions, machines
from intake.chat import handing_over
from intake.chat import lines as chats
from intake.contacts import Contact
from intake.machines import NOTE, REQUESTER, TEAM, Entry
from intake.models import Channel, Chat, Envelope
from intake.phone import media
from intake.phone.fetching import Away
from intake.receiving import receive
from intake.receiving.attaching import Kept
from intake.receiving.rereading import Asked, Became, again
from intake.requester import tracking
from routing import merging
from routing.placing import place
from tests.conftest import Cast
from tests.test_intake_mail import a_mail, deliver, doors, ticket_of
from tests.test_sms_asks import aged, newest
from tests.test_voicemail import heard, recorded
from tests.texting import ACCOUNT, a_line, call, text
from tickets.models import Event, Message, Ticket

__all__ = ["doors"]
LATE = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME"


def all_again(cast: Cast, **how: bool) -> Counter[str]:
    ids = list(Envelope.objects.order_by("id").values_list("id", flat=True))
    return Counter(str(again(cast.district.id, one, asked=Asked(**how)).became) for one in ids)


def two_pictures() -> dict[str, str]:
    return {"NumMedia": "2", **{f"MediaUrl{n}": f"{LATE}{n}" for n in range(2)}, "MediaContentType0": "image/png"}


@pytest.fixture
def nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: Any, **_more: Any) -> bytes:
        raise Away("later")

    monkeypatch.setitem(media._rest, "until", 0.0)
    monkeypatch.setattr(media, "fetch", away)


# --- every kind that a door writes ----------------------------------------------------------------------------------------


def test_of_a_healthy_database_nothing_fails(doors: Cast, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    now, line = timezone.now(), a_line()
    mail = ticket_of(deliver(doors, a_mail("The bus did not come")))
    deliver(doors, a_mail("Out of office", Auto_Submitted="auto-replied"))
    asking = actions.Asking(text="The projector is dark", contact="sam@cedar-family.example")
    actions.receive_web(asking, form_id=uuid4(), now=now)
    opened = actions.receive_api(asking, key="k1", by="robot", now=now).ticket
    assert opened is not None
    tracking.write(mail, form_id=uuid4(), text="And again today", files=(), now=now)
    for author, person in ((REQUESTER, None), (TEAM, doors.alice), (NOTE, doors.alice), (NOTE, None)):
        machines.write(opened, Entry(f"As {author}", author), key=f"{author} {person}", by="robot", person=person, now=now)
    _a_chat(doors)
    monkeypatch.setattr(media, "fetch", lambda *_given, **_more: b"plain words")
    monkeypatch.setitem(media._rest, "until", 0.0)
    text(doors, line, "Look", sid="SM0", **(two_pictures() | {"MediaContentType0": "text/plain"}))
    aged(newest())
    text(doors, line, "My son missed lunch", sid="SM1")
    text(doors, line, "NO", sid="SM2")
    text(doors, line, "HELP", sid="SM3")
    phone = a_line("phone", options={})
    _a_call(doors, phone)
    assert not Envelope.objects.exclude(state__in=("done", "screened")).exists()
    assert {*Envelope.objects.values_list("channel", flat=True)} == {"email", "web", "api", "chat", "sms", "phone"}
    before = list(Message.objects.order_by("id").values())
    for how in ({"dry": True}, {}, {"let_in": True}):
        assert set(all_again(doors, **how)) <= {Became.SAME, Became.BARE, Became.OUT}
    assert list(Message.objects.order_by("id").values()) == before
    assert not Event.objects.filter(kind=Event.Kind.REREAD).exists()


def _a_chat(doors: Cast) -> None:
    now, said = timezone.now(), uuid4()
    chat = Chat.objects.create(started_at=now, last_at=now)
    chats.visitor_said(chat, said, "When does the bus come?", now=now)
    contact = Contact("email", "lee@cedar-family.example")
    handing_over.hand_over(chat, said, name="Lee", contact=contact, danger=False, now=now)
    handing_over.pass_on(chat, uuid4(), "It is bus 12", now=now)


def _a_call(doors: Cast, phone: Channel) -> None:
    class Nowhere:
        port = 1

    recorded(doors, phone, Nowhere())  # type: ignore[arg-type]
    heard(doors, phone)


# --- what had its effect stays out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["answer to our question", "keyword start", "keyword stop"])
def test_what_had_its_effect_is_not_let_in(here: Cast, reason: str) -> None:
    """Written down as screened by an earlier release, or as key words are still."""
    line = a_line()
    envelope = text(here, line, "YES")
    Message.objects.filter(envelope_ref=envelope.id).delete()
    Envelope.objects.filter(id=envelope.id).update(state="screened", reason=reason, ticket_ref=None)
    before = Ticket.objects.count(), Message.objects.count()
    for _ in range(2):
        assert again(here.district.id, envelope.id, asked=Asked(let_in=True)).became == Became.OUT
    assert (Ticket.objects.count(), Message.objects.count()) == before


def test_what_a_person_decided_about_stays(here: Cast) -> None:
    envelope = text(here, a_line(), "Bus 12 is late")
    Message.objects.all().delete()
    person = [{"filter": "person", "course": "quiet", "reason": "let in by a person"}]
    Envelope.objects.filter(id=envelope.id).update(state="screened", reason="auto-reply", ticket_ref=None, decisions=person)
    assert again(here.district.id, envelope.id, asked=Asked(let_in=True)).became == Became.OUT


def test_an_answer_and_start_again_are_once_however_often_they_are_read(here: Cast) -> None:
    line = a_line()
    text(here, line, "Bus 12 is late again", sid="SM0")
    aged(Ticket.objects.get())
    text(here, line, "My son missed lunch", sid="SM1")
    text(here, line, "No", sid="SM2")
    text(here, line, "STOP", sid="SM3")
    text(here, line, "YES", sid="SM4")
    before = Ticket.objects.count(), Message.objects.count()
    all_again(here, let_in=True)
    assert (Ticket.objects.count(), Message.objects.count()) == before


# --- danger ---------------------------------------------------------------------------------------------------------------


def test_danger_that_comes_to_light_raises_the_alarm_once(doors: Cast) -> None:
    envelope = deliver(doors, a_mail("I want to kill myself tonight."))
    ticket = ticket_of(envelope)
    Message.objects.update(text="[no text]")
    place(ticket.id, now=timezone.now())
    assert not ticket.refresh().crisis
    letters = Delivery.objects.exclude(channel="inapp").filter(person=ticket.requester).count()
    tried = again(doors.district.id, envelope.id, asked=Asked(dry=True))
    assert "words of danger" in tried.detail
    assert not ticket.refresh().crisis, "a dry run alarms nobody"
    again(doors.district.id, envelope.id, asked=Asked())
    after = ticket.refresh()
    assert (after.crisis, after.team, after.priority) == (True, doors.safety, 1)
    told = Delivery.objects.filter(about=ticket.id, dedupe_key__startswith=f"crisis:{ticket.id}").count()
    assert told
    again(doors.district.id, envelope.id, asked=Asked())
    assert Event.objects.filter(ticket=ticket, kind=Event.Kind.DANGER).count() == 1
    assert Delivery.objects.filter(about=ticket.id, dedupe_key__startswith=f"crisis:{ticket.id}").count() == told
    assert Delivery.objects.exclude(channel="inapp").filter(person=ticket.requester).count() == letters, "its author hears nothing"


def test_danger_that_was_known_raises_no_second_alarm(doors: Cast) -> None:
    envelope = deliver(doors, a_mail("I want to kill myself tonight."))
    ticket = ticket_of(envelope)
    place(ticket.id, now=timezone.now())
    Message.objects.update(text="I want to kill myself =C3=BC tonight.")
    assert again(doors.district.id, envelope.id, asked=Asked()).became == Became.CHANGED
    assert not Event.objects.filter(ticket=ticket, kind=Event.Kind.DANGER).exists()


def test_danger_in_what_was_merged_goes_where_the_conversation_lives(doors: Cast) -> None:
    first = ticket_of(deliver(doors, a_mail("The bus did not come")))
    envelope = deliver(doors, a_mail("I want to kill myself tonight."))
    second = ticket_of(envelope)
    Message.objects.filter(ticket=second).update(text="[no text]")
    for ticket in (first, second):
        place(ticket.id, now=timezone.now())
    merging.merge(second.refresh(), into=first.refresh(), by=doors.alice, why="the same", now=timezone.now())
    again(doors.district.id, envelope.id, asked=Asked())
    assert first.refresh().crisis


# --- late files -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.usefixtures("nothing_comes")
def test_two_late_files_at_once_lose_neither_line(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    district = cedar.district.id
    with district_scope(district):
        line = a_line()
    assert call(line, "Look", **two_pictures()).status_code == 200
    receive.drain(district)
    with district_scope(district):
        assert Message.objects.get().text.count("not here yet") == 2
        late = list(Envelope.objects.filter(meta__has_key="late").order_by("external_id"))
    both = threading.Barrier(2, timeout=2)
    real, wrong = media._without, list[str]()

    def met(*given: Any) -> str:
        """Where both have read the message, neither has written yet."""
        try:
            both.wait()
        except threading.BrokenBarrierError:
            pass
        return real(*given)

    def add(envelope: Envelope) -> None:
        try:
            with district_scope(district):
                media.add(media.read(bytes(envelope.raw), "sms"), Kept(), now=timezone.now())
        except Exception as error:  # noqa: BLE001  told below
            wrong.append(repr(error))
        finally:
            connections["default"].close()

    monkeypatch.setattr(media, "_without", met)
    workers = [threading.Thread(target=add, args=(one,)) for one in late]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert not wrong
    with district_scope(district):
        assert Message.objects.get().text == "Look"
