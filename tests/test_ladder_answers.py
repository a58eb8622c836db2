""" "I have it" by text and by a link: once, as that person, and never by chance."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from delivery import calls, segments, sending
from delivery.models import Delivery
from delivery.transports import voice
from districts.models import ContactPoint, District, Membership, Person, Role
from districts.scope import district_scope
from intake.channels import sms_words
from intake.models import Channel, Envelope, SmsAsk
from intake.receiving import receive
from ownership import actions
from ownership.ladders import answering, climbing, summons, texts
from ownership.models import Escalation, FeedRun, Ladder, Rung, Summons
from tests.conftest import Cast, a_ticket, visitor
from tests.test_ownership import HOUR, MINUTE, Sync, a_breach, begun, in_threads, make_sync, sweep
from tests.texting import NUMBER, a_line, call, own, text
from tickets import actions as tickets
from tickets.models import Event, Message, Ticket

LENA = "+15305550101"
FOUR_DAYS = timedelta(days=4)


@pytest.fixture
def line(here: Cast) -> Channel:
    ContactPoint.objects.create(person=here.lena, kind="phone", value=LENA)
    climbing.fallback_ladder("tickets")
    Rung.objects.filter(level=1).update(channels=["inapp", "sms"])
    return a_line()


def late(cast: Cast, words: str = "Bus 14 did not come", **more: Any) -> Ticket:
    """A ticket of Pat's whose promise broke a moment ago; its ladder has begun."""
    ticket = a_ticket(cast, text=words, team=cast.transportation, **more)
    a_breach(cast, ticket, now=timezone.now())
    sweep(cast, timezone.now())
    return ticket


def leave(at: datetime | None = None) -> None:
    """What waits leaves."""
    now = at or timezone.now()
    Delivery.objects.filter(channel="sms", state="pending").update(state="sent", sent_at=now, created_at=now)


def texted(address: str = LENA) -> str:
    return str(Delivery.objects.filter(channel="sms", address=address).latest("id").body)


def acts(ticket: Ticket) -> list[tuple[str, str]]:
    events = Event.objects.filter(ticket=ticket, kind="escalated").order_by("at", "id").select_related("by")
    return [(event.data["act"], event.by.name if event.by else "") for event in events]


def of(ticket: Ticket) -> Escalation:
    return Escalation.objects.select_related("acknowledged_by").get(ticket=ticket)


def answers(here: Cast, line: Channel, body: str, *, sid: str = "SM1", sender: str = LENA, **more: str) -> Envelope:
    return text(here, line, body, sid=sid, sender=sender, **more)


# --- by text ----------------------------------------------------------------------------------------------------------


def test_a_text_says_what_to_reply_and_the_reply_takes_it_once(here: Cast, line: Channel) -> None:
    ticket = late(here)
    assert texted().startswith(f"Late: #{ticket.number} Bus 14 did not come\nReply 1 to say you have it.")
    leave()
    envelope = answers(here, line, "1")
    assert (envelope.state, envelope.reason, envelope.ticket_ref) == ("screened", "answer to a ladder", None)
    assert of(ticket).acknowledged_by == here.lena
    assert acts(ticket) == [("climbed", ""), ("acknowledged", "Lena")]
    assert Event.objects.get(ticket=ticket, data__act="acknowledged").data["why"] == "By text message."
    assert texted().startswith(f"You have it: #{ticket.number} Bus 14 did not come. To do by ")
    assert segments.count(segments.smart(texted())) <= 2
    answers(here, line, "1.", sid="SM2")
    assert acts(ticket)[1:] == [("acknowledged", "Lena")], "the same answer again is nothing"
    assert texted().startswith("You have it already: ")
    assert Ticket.objects.count() == 1
    assert not Message.objects.filter(text__startswith="1").exists()


def test_of_two_told_within_minutes_each_has_its_own_number(here: Cast, line: Channel) -> None:
    first, second = late(here, "Bus 14 did not come"), late(here, "The gate is locked")
    bodies = Delivery.objects.filter(channel="sms", address=LENA).order_by("id").values_list("body", flat=True)
    assert [body.split("Reply ")[1][0] for body in bodies] == ["1", "2"]
    leave()
    answers(here, line, "2")
    assert (of(first).acknowledged_at, of(second).acknowledged_by) == (None, here.lena)
    assert "The gate is locked" in texted()
    answers(here, line, "1", sid="SM2")
    assert of(first).acknowledged_by == here.lena


def test_a_number_stays_with_its_thing_when_that_is_over_and_is_told_again_with_the_next_notice(here: Cast, line: Channel) -> None:
    first = late(here)
    tickets.resolve(first, by=here.alice, now=timezone.now())
    sweep(here, timezone.now())
    second = late(here, "The gate is locked")
    leave()
    answers(here, line, "1")
    assert texted().startswith(f"It is over already: #{first.number}")
    assert of(second).acknowledged_at is None, "a late answer takes no other thing"
    actions.snooze(of(second).id, by=here.lena, until=timezone.now() + HOUR, why="later", now=timezone.now())
    sweep(here, timezone.now() + HOUR)
    assert "Back again" in texted()
    assert "Reply 2 " in texted()


def test_several_told_at_once_are_one_text_that_numbers_them(here: Cast, line: Channel) -> None:
    made = [a_ticket(here, text=f"Bus {n} did not come", team=here.transportation) for n in range(6)]
    for ticket in made:
        a_breach(here, ticket, now=timezone.now())
    sweep(here, timezone.now())
    body = Delivery.objects.get(channel="sms", address=LENA).body
    assert body.startswith("6 things wait for you. Reply with the number of what you have:\n1) Late: #")
    numbers = [line.split(")")[0] for line in body.splitlines()[1:]]
    assert len(numbers) >= 2
    row = sending.words(Delivery.objects.select_related("district").get(channel="sms", address=LENA))
    assert segments.count(row) <= 2
    leave()
    answers(here, line, "1 and 2")
    assert [of(ticket).acknowledged_at is not None for ticket in made[:3]] == [True, True, False]
    assert texted().count("You have it: ") == 2


def test_somebody_else_has_it_already(here: Cast, line: Channel) -> None:
    ticket = late(here)
    leave()
    actions.acknowledge(of(ticket).id, by=here.alice, now=timezone.now())
    answers(here, line, "1")
    assert texted().startswith(f"Alice has it already: #{ticket.number}")
    assert of(ticket).acknowledged_by == here.alice
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("body", ["2", "10-4", "yes", "OK", "1 please call me", "I am on it", "1, 2"])
def test_anything_else_goes_on_as_ever(here: Cast, line: Channel, body: str) -> None:
    ticket = late(here)
    leave()
    envelope = answers(here, line, body)
    assert (envelope.state, of(ticket).acknowledged_at) == ("done", None)
    assert Ticket.objects.count() == 2


def test_a_number_that_nobody_told_of_a_ladder_makes_a_request_of_its_one(here: Cast, line: Channel) -> None:
    ContactPoint.objects.create(person=here.bob, kind="phone", value="+15305550102")
    ticket = late(here)
    leave()
    for n, sender in enumerate((NUMBER, "+15305550102")):
        assert answers(here, line, "1", sid=f"SM{n}", sender=sender).state == "done"
    assert of(ticket).acknowledged_at is None
    assert Ticket.objects.filter(subject="1").count() == 2


def test_a_picture_with_a_one_is_a_message(here: Cast, line: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = late(here)
    leave()
    answers(here, line, "1", NumMedia="1", MediaUrl0="https://api.twilio.com/x", MediaContentType0="image/jpeg")
    assert of(ticket).acknowledged_at is None


def test_what_has_not_left_yet_cannot_be_answered(here: Cast, line: Channel) -> None:
    ticket = late(here)
    assert answers(here, line, "1").state == "done"
    assert of(ticket).acknowledged_at is None


def test_three_days_later_a_one_is_a_message_again(here: Cast, line: Channel) -> None:
    ticket = late(here)
    leave(timezone.now() - timedelta(hours=73))
    assert answers(here, line, "1").state == "done"
    assert of(ticket).acknowledged_at is None


def test_a_text_to_another_number_of_ours_answers_nothing(here: Cast, line: Channel) -> None:
    ticket = late(here)
    leave()
    Delivery.objects.filter(channel="sms").update(sent_from=line.address)
    other = Channel.objects.create(kind="sms", address="+19165550199", name="Buses", team=here.transportation)
    own("+19165550199")
    answers(here, other, "1")
    assert of(ticket).acknowledged_at is None
    answers(here, line, "1", sid="SM2")
    assert of(ticket).acknowledged_by == here.lena


def test_who_left_the_district_answers_nothing(here: Cast, line: Channel) -> None:
    ticket = late(here)
    leave()
    Membership.objects.filter(person=here.lena).delete()
    assert answers(here, line, "1").state == "done"
    assert of(ticket).acknowledged_at is None


def test_who_holds_a_role_and_works_here_no_more_is_told_nothing(here: Cast, line: Channel) -> None:
    sync = make_sync(here)
    Membership.objects.filter(person=sync.rosa).delete()
    ContactPoint.objects.create(person=sync.rosa, kind="phone", value="+15305550109")
    Rung.objects.filter(ladder=sync.ladder, level=1).update(channels=["sms", "email"])
    begun(here, sync)
    assert not Delivery.objects.filter(person=sync.rosa).exists()
    assert "/take/" in Delivery.objects.get(person=here.ada, channel="email").body, "an administrator instead"


def test_where_no_text_reaches_us_none_is_asked_for(here: Cast) -> None:
    ContactPoint.objects.create(person=here.lena, kind="phone", value=LENA)
    climbing.fallback_ladder("tickets")
    Rung.objects.filter(level=1).update(channels=["sms"])
    late(here)
    assert "Reply" not in texted()
    assert "/take/" in Delivery.objects.get(channel="sms").link


def test_whoever_has_a_request_of_their_own_gets_numbers_that_no_question_uses(here: Cast, line: Channel) -> None:
    """ "Reply 1 for the morning bus, 2 for the afternoon" is a question to a parent who happens to work here."""
    own_request = a_ticket(here, text="Which bus may my son take?", requester=here.lena, channel="sms", now=timezone.now())
    ticket = late(here)
    assert "Reply 11 to say you have it." in texted()
    leave()
    words = tickets.Words(text="Reply 1 for the morning bus, 2 for the afternoon one.")
    tickets.reply(own_request, by=here.alice, words=words, now=timezone.now(), wait=True)
    leave()
    assert answers(here, line, "1").state == "done"
    assert of(ticket).acknowledged_at is None
    answers(here, line, "11", sid="SM2")
    assert of(ticket).acknowledged_by == here.lena


def test_a_one_answers_what_was_asked_last_and_they_are_told_so(here: Cast, line: Channel) -> None:
    ticket = late(here)
    leave()
    own_request = a_ticket(here, text="Which bus may my son take?", requester=here.lena, channel="sms", now=timezone.now())
    words = tickets.Words(text="Reply 1 for the morning bus, 2 for the afternoon one.")
    tickets.reply(own_request, by=here.alice, words=words, now=timezone.now(), wait=True)
    leave()
    envelope = answers(here, line, "1")
    assert (envelope.ticket_ref, of(ticket).acknowledged_at) == (own_request.id, None)
    said = Delivery.objects.get(purpose="have-it").body
    assert f"If you have #{ticket.number} Bus 14 did not come, say so here:" in said
    path = said.split(here.district.host)[1].split("/", 1)[1]
    assert visitor(here.district).post(f"/{path}").status_code == 200
    assert of(ticket).acknowledged_by == here.lena


def test_a_question_where_late_words_belong_is_answered_by_its_one(here: Cast, line: Channel) -> None:
    ticket = late(here)
    leave(timezone.now() - MINUTE)
    old = a_ticket(here, text="My card is lost", requester=here.lena, channel="sms", now=timezone.now() - FOUR_DAYS)
    new = a_ticket(here, text="Any news?", requester=here.lena, channel="sms", now=timezone.now())
    SmsAsk.objects.create(phone=LENA, ticket=new, about=old, asked_at=timezone.now())
    Delivery.objects.create(
        channel="sms", address=LENA, body="?", purpose="ask", about=new.id, dedupe_key="ask", state="sent", sent_at=timezone.now()
    )
    assert answers(here, line, "1").reason == "answer to our question"
    assert of(ticket).acknowledged_at is None


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("words", ["x" * 55 + " y" * 120, "El autobús de la escuela no llegó a la parada de la calle Maple", "🚌" * 60])
def test_texts_stay_short(here: Cast, line: Channel, words: str, language: str) -> None:
    Person.objects.filter(id=here.lena.id).update(language=language)
    late(here, words)
    written = sending.words(Delivery.objects.select_related("district").get(channel="sms"))
    gsm = segments.alphabet(written) is segments.GSM
    assert segments.count(written) <= (2 if gsm else 3)
    assert " 1 " in written
    assert "/take/" in written
    leave()
    answers(here, line, "1")
    assert segments.count(segments.smart(texted())) <= 3


def test_a_secret_ticket_is_told_by_its_number_alone(here: Cast, line: Channel) -> None:
    ticket = late(here, "She was crying", sensitive=True)
    assert ticket.sensitive
    leave()
    answers(here, line, "1")
    for body in Delivery.objects.filter(channel="sms").values_list("body", flat=True):
        assert "crying" not in body
    page = visitor(here.district).get(Delivery.objects.get(channel="sms", purpose="notice").link).content.decode()
    assert "crying" not in page
    assert f"#{ticket.number}" in page


@pytest.mark.parametrize(
    ("body", "means"),
    [("1", (1,)), (" 2. ", (2,)), ("１", (1,)), ("(3)", (3,)), ("1, 2", (1, 2)), ("1 y 2", (1, 2)), ("2 2", (2,)), ("99", (99,)),
     ("", ()), ("100", ()), ("1a", ()), ("10-4", ()), ("7:15", ()), ("1/2", ()), ("one", ()), ("1 2 3 4 5 6", ()), ("1\n2", (1, 2)),
     ("0", (0,)), ("-1", ())],
)  # fmt: skip
def test_numbers_alone(body: str, means: tuple[int, ...]) -> None:
    assert sms_words.numbers(body) == means


def test_numbers_go_on_to_two_places_and_then_none_is_left(here: Cast, line: Channel) -> None:
    late(here)
    others = [Escalation(ladder=Ladder.objects.get(), began_at=timezone.now(), ended_at=timezone.now()) for _ in range(98)]
    Escalation.objects.bulk_create(others)
    Summons.objects.bulk_create(
        Summons(escalation=one, person=here.lena, notice=f"n{n}", at=timezone.now(), code=n, text_key=f"n{n}")
        for n, one in enumerate(others, 2)
    )
    late(here, "The hundredth thing")
    assert "Reply" not in texted()
    assert "/take/" in Delivery.objects.filter(channel="sms").latest("id").link, "the link takes it all the same"
    Summons.objects.filter(code=1).update(at=timezone.now() - timedelta(days=8))
    late(here, "After a week")
    assert "Reply 1 " in texted()


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_same_texts_at_once_are_one_acknowledgement(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        ContactPoint.objects.create(person=cedar.lena, kind="phone", value=LENA)
        climbing.fallback_ladder("tickets")
        Rung.objects.filter(level=1).update(channels=["sms"])
        line = a_line()
        ticket = a_ticket(cedar, team=cedar.transportation)
        a_breach(cedar, ticket, now=timezone.now())
    sweep(cedar, timezone.now())
    with district_scope(cedar.district.id):
        leave()
    for n in range(2):
        assert call(line, "1", sid=f"SM{n}", sender=LENA).status_code == 200
    with district_scope(cedar.district.id):
        envelopes = receive.claim(now=timezone.now())
    assert len(envelopes) == 2
    todo = iter(envelopes)

    def receive_one() -> None:
        receive.attempt(cedar.district.id, next(todo))

    in_threads(2, receive_one)
    connections.close_all()
    with district_scope(cedar.district.id):
        assert [act for act, _by in acts(ticket)].count("acknowledged") == 1
        said = Delivery.objects.filter(purpose="have-it").values_list("body", flat=True)
        assert sorted(body.split(":")[0] for body in said) == ["You have it", "You have it already"]
        assert Ticket.objects.count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_sweeps_at_once_give_no_number_twice(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        ContactPoint.objects.create(person=cedar.lena, kind="phone", value=LENA)
        made = [a_ticket(cedar, team=cedar.transportation) for _ in range(4)]
        escalations = [
            Escalation.objects.create(ladder=climbing.fallback_ladder("tickets"), ticket=one, began_at=timezone.now()) for one in made
        ]
        a_line()
    todo = iter(escalations)

    def told() -> None:
        one = next(todo)
        with district_scope(cedar.district.id):
            book = summons.Book([cedar.lena], now=timezone.now())
            assert book.number(cedar.lena, str(one.id), one.id)
            book.told_by(cedar.lena, [str(one.id)], str(one.id))
            book.save()

    in_threads(4, told)
    with district_scope(cedar.district.id):
        assert list(Summons.objects.order_by("code").values_list("code", flat=True)) == [1, 2, 3, 4]


# --- by the link ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sync(here: Cast) -> Sync:
    made = make_sync(here)
    for someone in (made.rosa, made.dan, made.dora):
        Membership.objects.create(person=someone, team=here.transportation, role=Role.AGENT)
    return made


def path_in(mail: Delivery, district: District) -> str:
    """The one-tap address in a mail."""
    found = next(line for line in mail.body.splitlines() if "/take/" in line)
    return found[found.index("/matrix/") :]


def of_mail(who: Person, district: District) -> str:
    return path_in(Delivery.objects.get(person=who, channel="email"), district)


def a_climb(here: Cast, sync: Sync) -> Escalation:
    """Begun a moment ago: the link is good for three days of the clock on the wall."""
    escalation = begun(here, sync)
    Summons.objects.update(at=timezone.now())
    return escalation


def test_the_link_shows_and_only_the_button_takes(here: Cast, sync: Sync) -> None:
    escalation = a_climb(here, sync)
    path = of_mail(sync.rosa, here.district)
    stranger = Client(HTTP_HOST=here.district.host, enforce_csrf_checks=True)
    for _look in range(3):
        shown = stranger.get(path)
        assert shown.status_code == 200
        assert stranger.head(path).status_code == 200
    page = shown.content.decode()
    assert "Attendance to transportation" in page
    assert "Start the export by hand" in page
    assert page.count("<button") - page.count("data-") < 8
    assert "I have it" in page
    assert (shown["Referrer-Policy"], "no-store" in shown["Cache-Control"]) == ("no-referrer", True)
    assert escalation.refresh().acknowledged_at is None, "mail scanners follow links"
    taken = stranger.post(path)
    assert taken.status_code == 200
    assert "<bdi>Rosa</bdi>, you have it." in taken.content.decode()
    assert escalation.refresh().acknowledged_by == sync.rosa
    assert "Rosa acknowledged rung 1. By the link in the notice." in FeedRun.objects.get().note
    again = stranger.post(path)
    assert (again.status_code, "<bdi>Rosa</bdi>, you have it." in again.content.decode()) == (200, True)
    assert FeedRun.objects.get().note.count("acknowledged") == 1
    assert "_auth_user_id" not in stranger.session, "nobody is signed in by it"


def test_the_link_of_whoever_was_slower_says_who_has_it(here: Cast, sync: Sync, caplog: pytest.LogCaptureFixture) -> None:
    escalation = a_climb(here, sync)
    actions.acknowledge(escalation.id, by=sync.rosa, now=timezone.now())
    path = of_mail(sync.dan, here.district)
    client = visitor(here.district)
    for answer, status in ((client.get(path), 200), (client.post(path), 409)):
        assert answer.status_code == status
        assert "<bdi>Rosa</bdi> has it already." in answer.content.decode()
        assert '<form method="post" class="take-form">' not in answer.content.decode()
    assert escalation.refresh().acknowledged_by == sync.rosa
    assert "/take/" not in caplog.text, "the address is a key"


def test_the_link_ends_with_the_escalation_after_three_days_and_with_the_role(here: Cast, sync: Sync) -> None:
    escalation = a_climb(here, sync)
    path, client = of_mail(sync.rosa, here.district), visitor(here.district)
    Summons.objects.update(at=timezone.now() - timedelta(hours=73))
    assert client.get(path).status_code == client.post(path).status_code == 410
    Summons.objects.update(at=timezone.now())
    Membership.objects.filter(person=sync.rosa).delete()
    assert client.post(path).status_code == 410
    Membership.objects.create(person=sync.rosa, team=here.transportation, role=Role.AGENT)
    with district_scope(here.district.id):
        climbing.Climber(timezone.now()).end(escalation, why="It has run again.")
    answer = client.post(path)
    assert (answer.status_code, "It is over." in answer.content.decode()) == (410, True)
    assert escalation.refresh().acknowledged_at is None


def test_the_link_is_nothing_in_another_district_nor_when_it_was_changed(here: Cast, oak: Cast, sync: Sync) -> None:
    escalation = a_climb(here, sync)
    path = of_mail(sync.rosa, here.district)
    token = path.rsplit("/", 1)[1]
    told, mac = token.split(".")
    wrong = (f"{told}x.{mac}", f"{told}.{mac[:-1]}", told, "x", "ü", f"{'A' * 22}.{mac}", f"{token}.{mac}")
    for client, paths in ((visitor(oak.district), [path]), (visitor(here.district), [f"/matrix/take/{one}" for one in wrong])):
        for one in paths:
            for answer in (client.get(one), client.post(one)):
                assert answer.status_code == 404
                assert "not known here" in answer.content.decode()
    assert escalation.refresh().acknowledged_at is None


def test_two_notices_have_two_links_and_each_is_its_persons(here: Cast, sync: Sync) -> None:
    escalation = a_climb(here, sync)
    rosa, dan = of_mail(sync.rosa, here.district), of_mail(sync.dan, here.district)
    assert rosa != dan
    visitor(here.district).post(dan)
    assert escalation.refresh().acknowledged_by == sync.dan
    inapp = Delivery.objects.filter(channel="inapp").values_list("body", flat=True)
    assert not any("/take/" in body for body in inapp), "whoever reads it there is signed in"


def test_a_mail_about_many_things_has_a_link_for_each(here: Cast) -> None:
    made = [a_ticket(here, team=here.transportation) for _ in range(3)]
    for ticket in made:
        a_breach(here, ticket, now=timezone.now())
    sweep(here, timezone.now())
    late(here, "One more")
    mail = Delivery.objects.get(person=here.lena, channel="email")
    assert mail.body.count("/matrix/take/") == Summons.objects.filter(person=here.lena).count() == 4


def test_many_looks_from_one_address_are_too_many(here: Cast, sync: Sync) -> None:
    cache.clear()
    a_climb(here, sync)
    path, client = of_mail(sync.rosa, here.district), visitor(here.district)
    with time_machine.travel(timezone.now().replace(minute=1)):  # an hour is counted: none ends in the middle of it
        codes = {client.get(f"{path}x").status_code for _ in range(125)}
    assert codes == {404, 429}
    assert client.get(path, REMOTE_ADDR="203.0.113.9").status_code == 200
    cache.clear()


def test_a_call_carries_the_link_that_takes_it(here: Cast, sync: Sync, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DELIVERY_KEEP = False
    posted: list[bytes] = []

    def answer(hook: calls.Hook, body: bytes) -> tuple[int, str]:
        posted.append(body)
        return 200, "ok"

    monkeypatch.setattr(voice, "_post", answer)
    ContactPoint.objects.create(person=sync.rosa, kind="phone", value=LENA)
    calls.set_hook("https://calls.example/ring")
    Rung.objects.filter(level=1).update(channels=["voice"], wakes=True)
    escalation = a_climb(here, sync)
    _taken, rows = sending.claim(here.district.id, now=timezone.now())
    for row in rows:
        if row.channel == "voice":
            sending.attempt(row, voice, None)
    link = posted[0].decode().split('"link": "')[1].split('"')[0]
    assert visitor(here.district).post(link[link.index("/matrix/") :]).status_code == 200
    assert escalation.refresh().acknowledged_by == sync.rosa


def test_who_is_told_of_what_needs_no_answer_gets_no_link(here: Cast, sync: Sync) -> None:
    escalation = a_climb(here, sync)
    Delivery.objects.all().delete()
    with district_scope(here.district.id):
        climbing.Climber(timezone.now()).post.over(escalation, [sync.rosa])
    assert "/take/" not in Delivery.objects.get(person=sync.rosa, channel="email").body


def test_an_answer_says_by_when_and_where_the_steps_are() -> None:
    assert texts.cut("one two three four", 12) == "one two..."
    said = texts.answer(lambda width: f"You have it: {texts.cut('x ' * 100, width)}", more=["Steps: https://a.example/"])
    assert said.endswith("Steps: https://a.example/")
    assert segments.count(said) <= 2
    assert answering.State.OPEN.value == "open"
