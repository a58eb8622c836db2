"""What one person says again, by whatever way, is one ticket; nobody else reads a word of it, and it can be taken apart."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from intake import actions as intake
from intake.actions import Asking
from intake.requester.reading import reading_of
from routing import merging
from routing.actions import acknowledge, place
from routing.pairing.clues import Wrote
from routing.pairing.relation import JOIN, relate
from sla.actions import derive
from sla.models import Clock
from tests.conftest import Cast, a_ticket, person, sign_in, visitor
from tickets import actions as tickets
from tickets import letters
from tickets.actions import Words
from tickets.models import Event, Link, Message, Ticket

MINUTES = timedelta(minutes=1)
FIRST, AGAIN = "bus 9 has not come to Fern", "I texted too, bus nine still isn't at Fern. I emailed you."
SECRET = "Josiah has a new nurse"


# --- likeness -------------------------------------------------------------------------------------------------------------


def chance(earlier: str, later: str, *, channels: tuple[str, str] = ("web", "web"), sites: tuple[str, str] = ("RIV", "RIV")) -> float:
    """That one person says one need again."""
    one, two = (Wrote(t, c, s, minutes=m, who="pat") for t, c, s, m in zip((earlier, later), channels, sites, (0, 12), strict=True))
    return relate(one, two).said_again


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("chromebook screen cracked", "chromebook screen cracked, brother's this time, same kitchen floor"),
        ("PO 90441 stuck in budget review", "PO 90460 stuck in budget review"),
        ("Door closer broken at main entrance", "Door closer broken at the gym exit"),
        ("copier jam tray 3 2nd floor", "copier jam tray 3 in the library one"),
        ("The bus to Fern was late", "I texted about my password too"),
        ("bus 9 has not come to Fern", "I wrote about the bus, another one is late now"),
    ],
)
def test_two_things_of_one_kind_are_not_one_need(earlier: str, later: str) -> None:
    assert chance(earlier, later) < JOIN


def test_another_place_or_another_number_speaks_against_it() -> None:
    assert chance(FIRST, AGAIN, channels=("sms", "email")) >= JOIN
    assert chance(FIRST, AGAIN, channels=("sms", "email"), sites=("LIN", "RIV")) < JOIN


# --- joined ---------------------------------------------------------------------------------------------------------------


def said_twice(
    here: Cast,
    *,
    first: str = FIRST,
    again: str = AGAIN,
    later: timedelta = 12 * MINUTES,
    channels: tuple[str, str] = ("email", "web"),
    **more: Any,
) -> tuple[Ticket, Ticket]:
    """Two tickets of Pat's, the second just placed."""
    now = timezone.now()
    stays = a_ticket(here, text=first, channel=channels[0], now=now - later)
    derive(stays, now=now - later)
    place(stays.id, now=now - later)
    goes = a_ticket(here, text=again, channel=channels[1], now=now, **more)
    derive(goes, now=now)
    acknowledge(goes, now=now)
    place(goes.id, now=now)
    return stays.refresh(), goes.refresh()


def test_the_same_need_by_two_ways_is_one_ticket_and_says_why(here: Cast) -> None:
    stays, goes = said_twice(here)
    assert (goes.status, goes.merged_into_id) == (Ticket.Status.MERGED, stays.id)
    event = Event.objects.get(ticket=stays, kind="merged")
    assert event.by is None
    assert "12 min earlier: Email" in event.data["why"]
    assert "% alike" in event.data["why"]
    assert set(Clock.objects.filter(ticket=goes).values_list("state", flat=True)) == {"void"}


def test_the_acknowledgement_says_so_and_is_the_only_letter(here: Cast) -> None:
    stays, goes = said_twice(here)
    letter = Delivery.objects.get(purpose="ack")
    assert f"added it to that request, #{stays.number}" in letter.body
    assert "something else?" in letter.body
    assert letter.about == goes.id
    assert not Delivery.objects.filter(address__gt="").exclude(id=letter.id).exists()


def test_the_same_words_sent_twice_are_one_ticket(here: Cast) -> None:
    words = "please send me a bus pass"
    _stays, goes = said_twice(here, first=words, again=words, channels=("web", "web"), later=2 * MINUTES)
    assert goes.status == Ticket.Status.MERGED
    _stays, later = said_twice(here, first=f"{words} now", again=f"{words} now", channels=("web", "web"), later=120 * MINUTES)
    assert later.status != Ticket.Status.MERGED


@pytest.mark.parametrize(
    "more",
    [
        {"later": timedelta(hours=25)},
        {"again": "my son forgot his charger"},
        {"again": "I emailed you. He has a gun at school and says he will shoot"},
        {"first": "He says he will kill himself", "again": "I emailed you, he says he will kill himself tonight"},
    ],
)
def test_what_is_another_need_too_late_or_dangerous_stays_alone(here: Cast, more: dict[str, Any]) -> None:
    _stays, goes = said_twice(here, **more)
    assert goes.merged_into_id is None


def test_who_asks_again_more_urgently_makes_the_one_ticket_as_urgent(here: Cast) -> None:
    stays, goes = said_twice(
        here, first="a bus pass to Fern, please", again="I emailed: the bus pass to Fern, please", service=here.bus_late
    )
    assert goes.merged_into_id == stays.id
    assert stays.priority == here.bus_late.priority


def test_what_was_promised_something_sooner_keeps_its_promise(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """However urgent the survivor became, it would be answered later."""
    merge = merging.merge

    def slower(ticket: Ticket, **more: Any) -> Ticket:
        into = merge(ticket, **more)
        Ticket.objects.filter(id=into.id).update(due_at=timezone.now() + timedelta(days=9))
        return into

    monkeypatch.setattr("routing.merging.merge", slower)
    stays, goes = said_twice(here)
    assert goes.due_at
    assert goes.merged_into_id is None
    assert goes.is_live
    assert Link.objects.filter(ticket=goes, other=stays, kind="may_belong").exists()


def test_danger_is_offered_and_its_alarm_stands(here: Cast) -> None:
    words = "He says he will kill himself"
    stays, goes = said_twice(here, first=words, again=f"I emailed you: {words} tonight")
    assert (goes.crisis, goes.team) == (True, here.safety)
    assert Link.objects.filter(ticket=goes, other=stays, kind="may_belong").exists()


def test_another_person_in_the_household_is_never_joined(here: Cast) -> None:
    ben = person("Ben Parent", "ben@cedar-family.example", kind="parent")
    _stays, goes = said_twice(here, requester=ben)
    assert goes.merged_into_id is None


def test_a_sensitive_one_is_offered_alone(here: Cast) -> None:
    _stays, goes = said_twice(
        here, first="we need to talk to a counselor", again="I emailed, we need to talk to a counselor", service=here.counseling
    )
    assert goes.merged_into_id is None
    assert Link.objects.filter(ticket=goes, kind="may_belong").exists()


def test_likely_and_not_sure_is_a_link(here: Cast) -> None:
    stays, goes = said_twice(here, first="Rosalind starts Monday and has no account.", again="RE: new hire. Still nothing.")
    assert goes.merged_into_id is None
    assert Link.objects.filter(ticket=goes, other=stays, kind="may_belong").exists()


def test_comparing_that_fails_places_it_all_the_same(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("routing.duplicates.twin_of", broken)
    _stays, goes = said_twice(here)
    assert goes.placed_at is not None
    assert goes.merged_into_id is None


def test_taken_apart_its_team_hears_of_it_as_of_a_new_one(here: Cast) -> None:
    _stays, goes = said_twice(here)
    assert not Delivery.objects.filter(dedupe_key__startswith=f"placed:{goes.id}").exists()
    merging.unmerge(goes, by=here.alice, now=timezone.now())
    assert Delivery.objects.filter(dedupe_key__startswith=f"placed:{goes.id}").exists()
    assert set(Clock.objects.filter(ticket=goes).values_list("state", flat=True)) == {"running"}


def test_looking_for_a_twin_costs_one_statement_where_there_is_none(here: Cast, django_assert_num_queries: Any) -> None:
    from routing.duplicates import twin_of

    ticket = a_ticket(here)
    with django_assert_num_queries(1):
        assert twin_of(ticket, site=None, crisis=False, now=timezone.now()) is None


# --- who reads what -------------------------------------------------------------------------------------------------------


def page(client: Client, ticket: Ticket, follow: bool = True) -> str:
    return unescape(client.get(f"/r/{ticket.token}", follow=follow).content.decode())


def impostor(here: Cast) -> tuple[Client, Ticket, Ticket]:
    """Pat wrote a mail; somebody who types Pat's address into the form says that they wrote already."""
    stays, goes = said_twice(here, first=f"{FIRST}. {SECRET}", channels=("email", "web"))
    assert goes.merged_into_id == stays.id
    tickets.reply(stays, by=here.alice, words=Words(text="The nurse rides on bus 4 now."), now=timezone.now())
    return visitor(here.district), stays, goes


def test_whoever_types_an_address_reads_nothing_of_that_person_s(here: Cast) -> None:
    client, stays, goes = impostor(here)
    html = page(client, goes)
    assert AGAIN in html
    for words in (SECRET, "bus 4", str(stays.number), stays.token, "Alice"):
        assert words not in html
    assert "only what was written here" in html


def test_until_there_is_an_answer_the_page_tells_nothing_of_another_request(here: Cast) -> None:
    _stays, goes = said_twice(here, channels=("email", "web"))
    alone = a_ticket(here, text=AGAIN, channel="web", requester=here.bob, now=timezone.now())
    tickets.place(alone, team=goes.team, service=goes.service, priority=goes.priority, now=timezone.now(), data={})
    shapes = [re.sub(r"\d+|[a-z2-7]{26}|nonce=\S+|value=\S+", "", page(visitor(here.district), one)) for one in (goes, alone)]
    one, other = (re.sub(r"\s+", " ", shape.split('id="live"')[1].split("Conversation")[0]) for shape in shapes)
    assert [word in one for word in ("only what was written here", "part of")] == [False, False]
    assert one.count("state-line") <= other.count("state-line") + 1  # its promise


def test_nor_by_the_earlier_page_of_a_form_that_a_mail_was_joined_to(here: Cast) -> None:
    stays, goes = said_twice(here, again=f"{AGAIN} {SECRET}", channels=("web", "email"))
    assert goes.merged_into_id == stays.id
    tickets.reply(stays, by=here.alice, words=Words(text="The nurse rides on bus 4 now."), now=timezone.now())
    html = page(visitor(here.district), stays)
    assert FIRST in html
    for words in (SECRET, "bus 4", str(goes.number), goes.token):
        assert words not in html


def test_nor_ends_it_for_them(here: Cast) -> None:
    client, stays, goes = impostor(here)
    client.post(f"/r/{goes.token}/solved")
    assert stays.refresh().is_live
    client.post(f"/r/{goes.token}/reply", {"text": "one more thing"})
    assert "one more thing" in page(client, goes)
    assert client.post(f"/r/{goes.token}/apart", {"number": str(goes.number)}).status_code == 303
    assert goes.refresh().merged_into_id == stays.id


def test_by_a_link_from_a_letter_all_of_it_is_read_on_one_page(here: Cast) -> None:
    client, stays, goes = impostor(here)
    link = re.search(rf"/r/{goes.token}\?k=\w+", Delivery.objects.get(purpose="ack").body)
    assert link
    html = unescape(client.get(link[0], follow=True).content.decode())
    for words in (AGAIN, SECRET, "bus 4", f"#{goes.number} is part of #{stays.number}", "is about something else"):
        assert words in html
    assert SECRET in page(client, goes)  # this browser is known from here on
    assert SECRET not in page(visitor(here.district), goes)


def test_the_link_of_a_reply_is_such_a_link_and_a_wrong_proof_is_none(here: Cast) -> None:
    client, stays, goes = impostor(here)
    assert f"/r/{stays.token}?k=" in Delivery.objects.get(purpose="reply").body
    assert SECRET not in unescape(client.get(f"/r/{goes.token}?k={letters.proof(stays)}", follow=True).content.decode())


def test_it_is_sent_on_request_to_the_address_it_belongs_to(here: Cast) -> None:
    client, _stays, goes = impostor(here)
    for _click in range(2):
        assert "on its way" in unescape(client.post(f"/r/{goes.token}/link", follow=True).content.decode())
    letter = Delivery.objects.get(purpose="links")
    assert letter.address == "pat@cedar-family.example"
    assert letters.proof(goes) in letter.body


def test_signed_in_it_is_all_read(here: Cast) -> None:
    stays, goes = said_twice(here, requester=here.pat)
    Ticket.objects.filter(id__in=[stays.id, goes.id]).update(requester=here.bob)
    assert FIRST in page(sign_in(here.bob, here.district), goes)
    assert FIRST not in page(sign_in(here.alice, here.district), goes)


def test_the_requester_takes_apart_what_nobody_joined_by_hand(here: Cast) -> None:
    client, stays, goes = impostor(here)
    client.get(f"/r/{goes.token}?k={letters.proof(goes)}", follow=True)
    done = client.post(f"/r/{stays.token}/apart", {"number": str(goes.number)}, follow=True)
    assert "a request of its own again" in unescape(done.content.decode())
    assert goes.refresh().is_live
    merging.merge(goes, into=stays, by=here.alice, why="They are.", now=timezone.now())
    assert "something else" not in page(client, stays)
    client.post(f"/r/{stays.token}/apart", {"number": str(goes.number)})
    assert goes.refresh().merged_into_id == stays.id


def test_two_people_in_one_conversation_read_their_own_words_and_the_answers_since(here: Cast) -> None:
    ben = person("Ben Cho", "ben@cedar-family.example", kind="parent")
    now = timezone.now()
    stays, goes = a_ticket(here, text="words of Pat", now=now), a_ticket(here, text="words of Ben", requester=ben, now=now)
    tickets.reply(stays, by=here.alice, words=Words(text="answer before"), now=now)
    tickets.merge(goes, into=stays, by=here.alice, why="Same bus", now=now + MINUTES)
    tickets.requester_wrote(goes, author=ben, channel="email", words=Words(text="more of Ben"), now=now + 2 * MINUTES)
    tickets.requester_wrote(stays, author=here.pat, channel="email", words=Words(text="more of Pat"), now=now + 2 * MINUTES)
    tickets.reply(stays, by=here.alice, words=Words(text="answer to both"), now=now + 3 * MINUTES)
    his, hers = page(visitor(here.district), goes), page(visitor(here.district), stays)
    for words in ("words of Ben", "more of Ben", "answer to both"):
        assert words in his
    for words in ("words of Pat", "more of Pat", "answer before"):
        assert words not in his
        assert words in hers
    assert "Ben" not in hers
    assert "answer to both" in hers


def test_files_are_read_by_whom_their_message_is(here: Cast) -> None:
    client, stays, goes = impostor(here)
    message = Message.objects.get(ticket=stays, kind="request")
    file = message.attachments.create(name="note.txt", content_type="text/plain", size=3, sha256="0" * 64, path="nowhere")
    assert client.get(f"/r/{goes.token}/files/{file.id}").status_code == 404
    assert file.id in {one.id for m in reading_of(stays, proven=True).messages for one in m.attachments.all()}


def test_an_ordinary_page_shows_what_it_always_did(here: Cast) -> None:
    now = timezone.now()
    asking = Asking(text="where is the bus", contact="new@family.example")
    received = intake.receive_web(asking, form_id="01890000-0000-7000-8000-000000000001", now=now)
    assert received.ticket
    tickets.reply(received.ticket, by=here.alice, words=Words(text="At Fern."), now=now)
    html = page(visitor(here.district), received.ticket)
    assert "At Fern." in html
    assert "only what was written here" not in html
