"""Who was sent a copy takes part: their words join, answers reach them by mail, and they can hear no more of it."""

from typing import Any

import pytest
from django.http import Http404
from django.utils import timezone

from delivery.models import Delivery
from districts.access import Can, actor_for
from districts.models import Person
from districts.scope import district_scope
from intake.models import Channel
from intake.standing import forget_standing
from routing import actions as routing
from routing import timeline
from tests.conftest import Cast, a_ticket, visitor
from tests.test_intake_mail import a_mail, deliver, doors, ticket_of
from tickets import actions as tickets
from tickets import copies
from tickets.models import Event, Follower, Message, Ticket
from tickets.queries import get_ticket

__all__ = ["doors"]
GRAN = "gran@family.example"


def copied(cast: Cast, **more: str) -> Ticket:
    return ticket_of(deliver(cast, a_mail(**{"Cc": GRAN, "Message_ID": "<1@family.example>", **more})))


def answer(ticket: Ticket, cast: Cast, text: str = "It comes at 8.") -> Message:
    return tickets.reply(ticket, by=cast.alice, words=tickets.Words(text=text), now=timezone.now())


def letters(person: Person) -> list[Delivery]:
    return list(Delivery.objects.filter(person=person, channel="email", dedupe_key__startswith=copies.COPY).order_by("created_at"))


def gran() -> Person:
    found: Person = Person.objects.get(contact_points__value=GRAN)
    return found


def test_who_follows_gets_a_copy_of_each_answer_with_an_address_to_reply_to(doors: Cast) -> None:
    ticket = copied(doors)
    answer(ticket, doors)
    (letter,) = letters(gran())
    assert letter.address == GRAN
    assert ticket_of(deliver(doors, a_mail("Thanks", sender=GRAN), letter.reply_to)) == ticket
    assert letter.body.startswith("It comes at 8.\n\nAlice, ")
    assert ticket.token not in letter.body, "the requester's page is the requester's"
    assert "/following/" in letter.body
    assert Delivery.objects.filter(person=doors.pat, dedupe_key__startswith="reply-").count() == 1
    again = a_mail("Thank you", sender=GRAN, In_Reply_To=f"<{letter.message_id}>")
    assert ticket_of(deliver(doors, again)) == ticket


def test_nothing_of_a_sensitive_request_leaves_for_anybody_but_who_asked(doors: Cast) -> None:
    ticket = copied(doors)
    Ticket.objects.filter(id=ticket.id).update(sensitive=True)
    answer(Ticket.objects.get(id=ticket.id), doors)
    assert letters(gran()) == []
    assert Delivery.objects.filter(person=doors.pat, dedupe_key__startswith="reply-").exists()


def test_who_works_here_is_told_in_the_app_and_who_answers_is_not(doors: Cast) -> None:
    ticket = copied(doors)
    for person in (doors.bob, doors.alice):
        tickets.follow(ticket, person=person, now=timezone.now())
    answer(ticket, doors)
    assert [one.subject for one in Delivery.objects.filter(person=doors.bob)] == [f"Alice answered #{ticket.number}"]
    assert not Delivery.objects.filter(person=doors.alice).exists()
    assert letters(doors.bob) == []


def test_who_asked_the_same_gets_one_letter_not_two(doors: Cast) -> None:
    """Gran's own request was merged into Pat's, which she follows from then on."""
    ticket, own = copied(doors), a_ticket(doors, requester=gran())
    tickets.merge(own, into=ticket, by=doors.alice, why="the same", now=timezone.now())
    answer(Ticket.objects.get(id=ticket.id), doors)
    assert letters(gran()) == []
    assert Delivery.objects.filter(person=gran(), dedupe_key__startswith="reply-").count() == 1


def test_who_has_no_mail_address_is_passed_over(doors: Cast) -> None:
    ticket, nobody = copied(doors), Person.objects.create(name="At the counter")
    tickets.follow(ticket, person=nobody, now=timezone.now())
    answer(ticket, doors)
    assert Delivery.objects.filter(person=nobody).count() == 0


def test_the_link_in_the_letter_stops_it_and_opening_it_does_not(doors: Cast) -> None:
    ticket = copied(doors)
    answer(ticket, doors)
    path = "/following/" + letters(gran())[0].body.rpartition("/following/")[2].strip()
    browser = visitor(doors.district)
    assert f"#{ticket.number}" in browser.get(path).content.decode()
    assert Follower.objects.filter(person=gran()).exists(), "mail scanners open links"
    assert browser.post(path).status_code == 200
    assert not Follower.objects.filter(person=gran()).exists()
    assert "Nothing comes to you" in browser.get(path).content.decode()
    answer(ticket, doors, "One more thing.")
    assert len(letters(gran())) == 1


def test_who_stopped_is_not_brought_back_by_the_next_copy(doors: Cast) -> None:
    ticket = copied(doors)
    answer(ticket, doors)
    tickets.unfollow(ticket, person=gran())
    assert ticket_of(deliver(doors, a_mail("And?", Cc=GRAN, References="<1@family.example>"))) == ticket
    assert not Follower.objects.filter(ticket=ticket, person=gran()).exists()
    other = ticket_of(deliver(doors, a_mail("Me too", sender=GRAN, References="<1@family.example>")))
    assert other != ticket


@pytest.mark.parametrize("mark", ["0" * 20, "", "x"])
def test_a_link_that_is_guessed_stops_nothing(doors: Cast, oak: Cast, mark: str) -> None:
    ticket = copied(doors)
    follower = Follower.objects.get(ticket=ticket)
    for district in (doors.district, oak.district):
        answer_of: Any = visitor(district).post(f"/following/{follower.id}/{mark or '-'}")
        assert answer_of.status_code == 200
        assert f"#{ticket.number}" not in answer_of.content.decode()
    with district_scope(doors.district.id):
        assert Follower.objects.filter(id=follower.id).exists()


def test_a_copy_of_a_later_mail_names_one_more_but_not_for_what_is_told_in_confidence(doors: Cast) -> None:
    ticket = copied(doors)
    deliver(doors, a_mail("And now?", Cc="uncle@family.example", References="<1@family.example>"))
    assert {one.person.contact_points.get().value for one in Follower.objects.filter(ticket=ticket)} == {GRAN, "uncle@family.example"}
    Ticket.objects.filter(id=ticket.id).update(sensitive=True)
    deliver(doors, a_mail("And now?!", Cc="aunt@family.example", References="<1@family.example>"))
    assert Follower.objects.filter(ticket=ticket).count() == 2


# --- in confidence ------------------------------------------------------------------------------------------------------


def may_read(person: Person, ticket: Ticket) -> bool:
    try:
        return bool(get_ticket(actor_for(person), ticket.id, to=Can.READ, now=timezone.now()))
    except Http404:
        return False


def a_private_address(cast: Cast) -> str:
    address = "hr@cedar.localhost"
    Channel.objects.create(kind="email", address=address, name="HR", team=cast.safety, options={"private": True})
    forget_standing()
    return address


@pytest.mark.parametrize(("case", "moves"), [("placed", True), ("crisis", False), ("resolved", False), ("no team", False)])
def test_what_others_had_goes_to_the_team_of_the_private_address(doors: Cast, case: str, moves: bool) -> None:
    address = a_private_address(doors)
    Channel.objects.filter(address=address).update(team=None if case == "no team" else doors.technology)
    forget_standing()
    words = "I want to kill myself" if case == "crisis" else "The bus did not come to Maple Ridge"
    ticket = ticket_of(deliver(doors, raw := a_mail(words, Message_ID="<s@family.example>")))
    routing.place(ticket.id, now=timezone.now())
    had = ticket.refresh().team  # type: ignore[attr-defined]
    assert had != doors.technology
    if case == "resolved":
        tickets.resolve(ticket, by=doors.lena, now=timezone.now())
    for _twice in range(2):
        deliver(doors, raw, address)
    assert (ticket.refresh().team, ticket.sensitive) == (doors.technology if moves else had, True)  # type: ignore[attr-defined]
    events = list(Event.objects.filter(ticket=ticket, kind="handed_off"))
    assert [(one.by, one.data["to_name"]) for one in events] == ([(None, doors.technology.name)] if moves else [])
    if moves:
        assert Delivery.objects.filter(dedupe_key__startswith="corrected:", about=ticket.id).exists(), "they hear of it"
        told = "It went to Technology, to whose private address the same mail came"
        assert timeline.in_words(events[0], ticket, {}) == told


def test_a_copy_names_no_member_of_staff_for_what_turns_out_to_be_sensitive(doors: Cast) -> None:
    """The very one it is about may be in copy."""
    words = "Mr Bob hits my daughter and she wants to kill herself."
    ticket = ticket_of(deliver(doors, a_mail(words, Cc=f"Bob <bob@cedar.localhost>, {GRAN}")))
    assert may_read(doors.bob, ticket)
    routing.place(ticket.id, now=timezone.now())
    assert ticket.refresh().sensitive  # type: ignore[attr-defined]
    assert not may_read(doors.bob, ticket)
    assert [row.person for row in Follower.objects.filter(ticket=ticket)] == [gran()]
    tickets.follow(ticket, person=doors.bob, now=timezone.now())
    assert may_read(doors.bob, ticket), "whoever is named from now on is"


def test_a_correction_lifts_no_confidence_of_a_private_address(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail("About my salary", to=(address := a_private_address(doors))), address))
    routing.place(ticket.id, now=timezone.now())
    routing.correct(ticket.refresh(), service=doors.bus_late, team=doors.safety, by=None, now=timezone.now())  # type: ignore[attr-defined]
    assert ticket.refresh().sensitive  # type: ignore[attr-defined]


@pytest.mark.parametrize("changed", [False, True])
def test_the_same_mail_by_a_private_address_too_is_told_in_confidence(doors: Cast, changed: bool) -> None:
    """Byte for byte, or as a list sent it on."""
    address = a_private_address(doors)
    raw = a_mail("About my salary", Message_ID="<s@family.example>", Cc="Bob <bob@cedar.localhost>")
    ticket = ticket_of(deliver(doors, raw))
    other = raw.replace(b"Subject: Bus", b"Subject: [HR] Bus") if changed else raw
    for _twice in range(2):
        deliver(doors, other, address)
    assert (Ticket.objects.count(), ticket.refresh().sensitive, may_read(doors.bob, ticket)) == (1, True, False)  # type: ignore[attr-defined]
    (note,) = Message.objects.filter(kind="note")
    assert address in note.text
    assert ticket.team == doors.safety, "whose address it is"
    routing.place(ticket.id, now=timezone.now())
    assert ticket.refresh().team == doors.safety  # type: ignore[attr-defined]
    routing.correct(ticket.refresh(), service=doors.bus_late, team=None, by=None, now=timezone.now())  # type: ignore[attr-defined]
    assert ticket.refresh().sensitive  # type: ignore[attr-defined]
