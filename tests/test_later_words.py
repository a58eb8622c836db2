"""What a requester writes after the first message, by any way: words of danger are heard, a team hears of it, and nothing is lost."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import ContactPoint, District, Membership, Person, Role
from intake import actions as intake
from intake.models import Channel, Envelope
from intake.receiving import receive
from routing import actions as routing
from routing import placing
from routing.models import Decision
from sla.models import Clock
from tests.conftest import Cast, a_ticket, person, sign_in, visitor
from tests.test_house import APPS
from tickets import actions as tickets
from tickets import letters, reply_token
from tickets.models import Event, Message, Ticket

NUMBER = "+19165550144"
DANGER = "I want to kill myself tonight"
SMS, EMAIL, INAPP = "sms", "email", "inapp"


@pytest.fixture
def guard(here: Cast) -> Person:
    """Somebody of the safety team, reached by every channel."""
    someone = person("Gus", "gus@cedar.localhost", role=Role.AGENT, team=here.safety)
    ContactPoint.objects.create(person=someone, kind="phone", value="+13605550101")
    District.objects.filter(id=here.district.id).update(crisis_phone="360-555-0199")
    return someone


def by_text(here: Cast, body: str, sid: str) -> Ticket:
    """As the webhook and a worker take a text message in, and triage places what is new."""
    line, _made = Channel.objects.get_or_create(kind=SMS, address="+19165550100", defaults={"name": "Texts"})
    raw = urlencode({"MessageSid": sid, "From": NUMBER, "To": line.address, "Body": body, "NumMedia": "0"}).encode()
    envelope, _new = intake.accept(source=line, channel=SMS, external_id=sid, raw=raw, meta={}, now=timezone.now())
    return _taken_in(here, envelope)


def by_mail(here: Cast, ticket: Ticket, body: str) -> Ticket:
    door, _made = Channel.objects.get_or_create(kind=EMAIL, address="help@cedar.localhost", defaults={"name": "Help"})
    to, sender = f"{reply_token.local_part(ticket)}@cedar.localhost", "pat@cedar-family.example"
    mail_id = f"{uuid.uuid4()}@family.example"
    raw = f"From: {sender}\nTo: {to}\nSubject: Re: hello\nMessage-ID: <{mail_id}>\n\n{body}\n".encode()
    meta = {"recipients": [to], "return_path": sender}
    envelope, _new = intake.accept(source=door, channel=EMAIL, external_id=mail_id, raw=raw, meta=meta, now=timezone.now())
    return _taken_in(here, envelope)


def _taken_in(here: Cast, envelope: Envelope) -> Ticket:
    receive.drain(here.district.id)
    placing.drain(here.district.id)
    envelope.refresh_from_db()
    assert envelope.state == Envelope.State.DONE, envelope.error
    assert envelope.ticket_ref is not None
    return again(Ticket.objects.get(id=envelope.ticket_ref))


def by_page(here: Cast, ticket: Ticket, body: str, form_id: str = "") -> Any:
    return visitor(here.district).post(f"/r/{ticket.token}/reply", {"form_id": form_id or str(uuid.uuid4()), "text": body})


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.select_related("team", "assignee", "service", "requester").get(id=ticket.id)


def told(ticket: Ticket, who: Person, **more: Any) -> list[str]:
    """Channels by which somebody was told of the ticket."""
    return sorted(Delivery.objects.filter(about=ticket.id, person=who, purpose="notice", **more).values_list("channel", flat=True))


def with_technology(here: Cast, *, assignee: Person | None = None) -> Ticket:
    ticket = a_ticket(here, text="I forgot my password", now=timezone.now())
    tickets.place(ticket, team=here.technology, service=here.password_reset, priority=3, now=timezone.now(), data={})
    tickets.assign(ticket, to=assignee, by=None, now=timezone.now())
    return ticket


# --- danger -------------------------------------------------------------------------------------------------------------


def test_danger_in_a_second_text_wakes_the_safety_team(here: Cast, guard: Person) -> None:
    first = by_text(here, "I forgot my password", "SM1")
    assert not first.crisis
    ticket = by_text(here, DANGER, "SM2")
    assert ticket == first
    assert (ticket.team, ticket.priority, ticket.crisis, ticket.sensitive) == (here.safety, 1, True, True)
    assert ticket.service == here.counseling
    assert told(ticket, guard, wakes=True) == [EMAIL, INAPP, SMS]
    assert not Delivery.objects.filter(purpose="notice", body__contains="kill").exists()
    letter = Delivery.objects.get(about=ticket.id, purpose="danger")
    assert (letter.channel, letter.address) == (SMS, NUMBER)
    assert letter.body.startswith("In danger now? Call 911. Crisis line: call or text 988, or 360-555-0199.")
    assert Clock.objects.get(ticket=ticket, kind="first").terms == "within 30 minutes"


def test_danger_in_a_mail_is_heard_with_its_reason_and_shown(here: Cast, guard: Person) -> None:
    ticket = by_mail(here, with_technology(here), DANGER)
    assert (ticket.team, ticket.priority, ticket.crisis) == (here.safety, 1, True)
    decision = Decision.objects.filter(ticket=ticket).latest("at")
    assert (decision.engine, decision.team, decision.automatic) == ("crisis", here.safety, True)
    assert "kill myself" in decision.reasons[0]
    event = Event.objects.get(ticket=ticket, kind=Event.Kind.DANGER)
    assert event.data["message"] == str(Message.objects.get(ticket=ticket, text=DANGER).id)
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]
    letter = Delivery.objects.get(about=ticket.id, purpose="danger")
    assert (letter.address, "988" in letter.body, ticket.token in letter.body) == ("pat@cedar-family.example", True, False)
    page = sign_in(guard, here.district).get(f"/desk/{ticket.id}/").content.decode()
    assert "Danger to a person: Safety and Counseling has it now, and it is urgent because: Words of danger to a person" in page
    assert "Crisis words brought it here at once." in page


def test_danger_on_the_tracking_page_is_heard_and_answered_with_the_crisis_line(here: Cast, guard: Person) -> None:
    ticket = with_technology(here)
    assert by_page(here, ticket, DANGER).status_code == 303
    assert (again(ticket).team, again(ticket).crisis) == (here.safety, True)
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]
    page = visitor(here.district).get(f"/r/{ticket.token}").content.decode()
    assert "Is somebody in danger now?" in page


def test_whoever_had_it_is_told_and_has_it_no_more(here: Cast, guard: Person) -> None:
    ticket = with_technology(here, assignee=here.bob)
    by_page(here, ticket, DANGER)
    assert again(ticket).assignee is None
    assert told(ticket, here.bob) == [EMAIL, INAPP]
    notice = Delivery.objects.get(about=ticket.id, person=here.bob, channel=INAPP)
    assert "Safety and Counseling has it now: tell them what you know." in notice.body
    assert notice.link == "", "what follows is for the safety team: the page would not be there for them"
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]


def test_an_agent_of_the_safety_team_keeps_it(here: Cast, guard: Person) -> None:
    ticket = a_ticket(here, text="he is sad", now=timezone.now())
    tickets.place(ticket, team=here.safety, service=here.counseling, priority=2, now=timezone.now(), data={})
    tickets.assign(ticket, to=guard, by=None, now=timezone.now())
    by_page(here, ticket, DANGER)
    assert (again(ticket).assignee, again(ticket).priority, again(ticket).crisis) == (guard, 1, True)
    assert told(ticket, guard, dedupe_key__startswith="crisis:") == [EMAIL, INAPP, SMS]


def test_danger_reopens_what_was_solved(here: Cast, guard: Person) -> None:
    ticket = with_technology(here)
    tickets.resolve(ticket, by=here.bob, now=timezone.now())
    by_page(here, ticket, DANGER)
    assert (again(ticket).status, again(ticket).team) == (Ticket.Status.OPEN, here.safety)


def test_triage_does_not_take_back_what_the_alarm_has_decided(here: Cast, guard: Person) -> None:
    """The second text is there before triage has placed the first."""
    ticket = a_ticket(here, text="I forgot my password", now=timezone.now())
    words = tickets.Words(text=DANGER)
    assert routing.hear(ticket, author=here.pat, channel="web", words=words, now=timezone.now())
    assert not routing.place(ticket.id, now=timezone.now())
    assert again(ticket).team == here.safety


def test_a_machine_gets_no_answer_and_the_alarm_goes_out(here: Cast, guard: Person) -> None:
    ticket = with_technology(here)
    words = tickets.Words(text=DANGER)
    assert routing.hear(ticket, author=here.pat, channel="email", words=words, now=timezone.now(), answer=False)
    assert not Delivery.objects.filter(purpose="danger").exists()
    assert told(ticket, guard)


def test_the_same_alarm_wakes_people_again_only_after_a_while(here: Cast, guard: Person) -> None:
    now = timezone.now().replace(minute=1, second=0)
    ticket = with_technology(here)
    for minutes in (0, 1, 2):
        at = now + timedelta(minutes=minutes)
        routing.hear(ticket, author=here.pat, channel="web", words=tickets.Words(text=DANGER), now=at)
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]
    assert Delivery.objects.filter(purpose="danger").count() == 1
    assert Decision.objects.filter(ticket=ticket).count() == 1
    routing.hear(ticket, author=here.pat, channel="web", words=tickets.Words(text=DANGER), now=now + timedelta(minutes=20))
    assert len(told(ticket, guard)) == 6


def test_every_person_in_danger_gets_the_crisis_line(here: Cast, guard: Person) -> None:
    """Whoever else wrote a minute before."""
    other = person("Pia", "pia@cedar-family.example", kind="parent")
    ticket = with_technology(here)
    tickets.follow(ticket, person=other, now=timezone.now())
    now = timezone.now()
    for minutes, author in ((0, here.pat), (1, other), (2, here.pat), (3, other)):
        at = now + timedelta(minutes=minutes)
        routing.hear(ticket, author=author, channel="email", words=tickets.Words(text=DANGER), now=at)
    letters = Delivery.objects.filter(purpose="danger").order_by("created_at")
    assert list(letters.values_list("person__name", "created_at")) == [("Pat Parent", now), ("Pia", now + timedelta(minutes=1))]
    assert len({letter.dedupe_key for letter in letters} | {letter.message_id for letter in letters}) == 4
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]


@pytest.mark.parametrize(("apart", "rings"), [(2, 1), (14 * 60 + 59, 1), (15 * 60, 2)])
def test_a_quarter_of_an_hour_is_counted_from_the_alarm_before(here: Cast, guard: Person, apart: int, rings: int) -> None:
    """And not by the clock: the first is a second before a quarter of it is full."""
    ticket = with_technology(here)
    first = timezone.now().replace(minute=14, second=59, microsecond=0) + timedelta(hours=1)
    for at in (first, first + timedelta(seconds=apart)):
        routing.hear(ticket, author=here.pat, channel="email", words=tickets.Words(text=DANGER), now=at)
    assert told(ticket, guard) == sorted([EMAIL, INAPP, SMS] * rings)
    assert Delivery.objects.filter(purpose="danger").count() == rings


def test_a_ticket_that_came_with_danger_does_not_wake_again_at_the_next_word(here: Cast, guard: Person) -> None:
    ticket = by_text(here, DANGER, "SM1")
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]
    by_text(here, DANGER, "SM2")
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]


def test_an_alarm_that_people_put_aside_is_rung_again_at_once(here: Cast, guard: Person) -> None:
    ticket = with_technology(here, assignee=here.bob)
    by_page(here, ticket, DANGER)
    routing.correct(again(ticket), service=here.password_reset, team=None, by=guard, now=timezone.now())
    by_page(here, ticket, DANGER)
    assert again(ticket).team == here.safety
    assert told(ticket, guard, wakes=True) == sorted([EMAIL, INAPP, SMS] * 2)


def test_a_false_alarm_that_people_put_right_stays_right_until_the_next(here: Cast, guard: Person) -> None:
    ticket = with_technology(here)
    by_page(here, ticket, DANGER)
    ticket = again(ticket)
    routing.correct(ticket, service=here.password_reset, team=None, by=guard, now=timezone.now())
    by_page(here, ticket, "thank you, it works")
    assert again(ticket).team == here.technology
    by_page(here, ticket, "now he has a gun")
    assert again(ticket).team == here.safety


def test_words_of_another_follower_are_answered_to_them(here: Cast, guard: Person) -> None:
    other = person("Pia", "pia@cedar-family.example", kind="parent")
    ticket = with_technology(here)
    tickets.follow(ticket, person=other, now=timezone.now())
    words = tickets.Words(text=DANGER)
    routing.hear(ticket, author=other, channel="email", words=words, now=timezone.now())
    letter = Delivery.objects.get(purpose="danger")
    assert (letter.address, letter.person) == ("pia@cedar-family.example", other)


def test_where_there_is_no_safety_team_people_of_the_front_office_are_told(here: Cast) -> None:
    Membership.objects.filter(team=here.safety).delete()
    type(here.safety).objects.filter(id=here.safety.id).update(is_safety=False)
    ticket = with_technology(here, assignee=here.bob)
    by_page(here, ticket, DANGER)
    assert again(ticket).team == here.front_office
    assert told(ticket, here.olive) == [EMAIL, INAPP]


def test_later_words_without_danger_raise_nothing(here: Cast, guard: Person) -> None:
    ticket = with_technology(here)
    by_page(here, ticket, "the glue gun is broken, and when is the active shooter drill?")
    assert (again(ticket).team, again(ticket).crisis) == (here.technology, False)
    assert told(ticket, guard) == []


# --- a word to the team -------------------------------------------------------------------------------------------------


def test_a_ticket_that_is_nobodys_tells_its_team_once_until_they_look(here: Cast) -> None:
    ticket = with_technology(here)
    for words in ("and the printer", "and the phone"):
        by_page(here, ticket, words)
    assert told(ticket, here.bob) == [INAPP]
    delivery.mark_read(person=here.bob, now=timezone.now())
    by_page(here, ticket, "hello?")
    assert told(ticket, here.bob) == [INAPP, INAPP]
    assert told(ticket, here.alice) == []


def test_a_notice_of_the_placing_does_not_stand_for_it(here: Cast) -> None:
    ticket = by_text(here, "hello?", "SM1")
    assert told(ticket, here.olive) == [INAPP]
    by_text(here, "is anybody there?", "SM2")
    assert told(ticket, here.olive) == [INAPP, INAPP]


def test_the_assignee_hears_of_each_and_the_team_does_not(here: Cast) -> None:
    ticket = with_technology(here, assignee=here.bob)
    ada = person("Tess", "tess@cedar.localhost", role=Role.AGENT, team=here.technology)
    for words in ("one", "two"):
        by_page(here, ticket, words)
    assert (told(ticket, here.bob), told(ticket, ada)) == ([INAPP, INAPP], [])


def test_what_triage_has_not_placed_is_told_by_triage(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now())
    by_page(here, ticket, "more")
    assert told(ticket, here.olive) == []


# --- too late -----------------------------------------------------------------------------------------------------------


def test_a_reply_that_is_too_late_leaves_no_envelope_and_is_refused_again(here: Cast) -> None:
    ticket = a_ticket(here, now=timezone.now() - timedelta(days=30))
    tickets.resolve(ticket, by=here.alice, now=timezone.now() - timedelta(days=20))
    form = str(uuid.uuid4())
    for _ in range(2):
        answer = by_page(here, ticket, "it is back", form)
        assert (answer.status_code, b"14 days" in answer.content) == (422, True)
    assert not Envelope.objects.exists()
    assert receive.drain(here.district.id) == 0


def test_words_of_danger_are_never_too_late(here: Cast, guard: Person) -> None:
    old = a_ticket(here, now=timezone.now() - timedelta(days=30))
    tickets.resolve(old, by=here.alice, now=timezone.now() - timedelta(days=20))
    form = str(uuid.uuid4())
    answers = [by_page(here, old, DANGER, form) for _ in range(2)]
    ticket = again(Ticket.objects.get(links__other=old))
    assert (ticket.team, ticket.crisis, ticket.priority, ticket.requester) == (here.safety, True, 1, here.pat)
    assert told(ticket, guard) == [EMAIL, INAPP, SMS]
    assert {answer["Location"] for answer in answers} == {f"/r/{ticket.token}?new=1"}
    assert Delivery.objects.get(about=ticket.id, purpose="ack").body.startswith("In danger now?")
    page = visitor(here.district).get(f"/r/{ticket.token}?new=1").content.decode()
    assert "Is somebody in danger now?" in page
    assert old.refresh().status == Ticket.Status.RESOLVED
    assert Envelope.objects.get().ticket_ref == ticket.id
    assert Message.objects.filter(text=DANGER).count() == 1


def test_a_form_that_was_sent_in_time_is_sent_once(here: Cast) -> None:
    ticket = with_technology(here)
    form = str(uuid.uuid4())
    for _ in range(2):
        assert by_page(here, ticket, "more", form).status_code == 303
    assert Message.objects.filter(ticket=ticket, text="more").count() == 1
    assert Envelope.objects.get().state == Envelope.State.DONE


def test_the_page_of_a_ticket_is_spelled_in_one_place(here: Cast) -> None:
    ticket = with_technology(here, assignee=here.bob)
    by_page(here, ticket, "more")
    link = Delivery.objects.get(about=ticket.id, person=here.bob).link
    assert link == letters.desk_path(ticket)
    client: Client = sign_in(here.bob, here.district)
    assert client.get(link).status_code == 200


def test_later_words_are_written_in_one_place_that_listens_for_danger() -> None:
    """A new door that writes them itself would be deaf."""
    root = Path(settings.ROOT)
    calls = [p.relative_to(root) for app in APPS for p in (root / app).rglob("*.py") if "requester_wrote(" in p.read_text()]
    assert {str(path) for path in calls} == {"tickets/actions.py", "routing/actions.py"}
