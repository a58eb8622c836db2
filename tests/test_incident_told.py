"""Who is told of an outage: each person once, however their tickets hang together; and who could not be told is seen and called."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from delivery import actions as delivery
from delivery.models import Delivery
from districts.access import actor_for
from districts.models import ContactPoint
from incidents import actions, answering, linking, reached, sweep
from incidents.models import Incident, Letter, LinkedTicket
from tests.conftest import NOW, Cast, a_ticket, person, sign_in
from tests.test_incidents import begin, make_plan, move, subscribed
from tickets import merging
from tickets.models import Message, Ticket

HOUR = timedelta(hours=1)


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


@pytest.fixture
def incident(plan: Cast) -> Incident:
    return begin(plan)


def told_all(cast: Cast, incident: Incident, *, solves: bool = False, now: Any = NOW + HOUR) -> int:
    count = actions.answer(incident, text="It works again.", by=cast.alice, solves=solves, now=now)
    move(cast, now)
    return count


def written_to() -> list[str]:
    return sorted(Delivery.objects.filter(purpose="reply").values_list("address", flat=True))


def merged(ticket: Any, into: Any, cast: Cast) -> None:
    merging.merge(ticket.refresh(), into=into.refresh(), by=cast.alice, why="The same need", now=NOW + timedelta(minutes=30))


def zoe(phone: str = "", mail: str = "zoe@zoe.example") -> Any:
    who = person("Zoe", mail, kind="parent") if mail else person("Zoe", "gone@zoe.example", kind="parent")
    if not mail:
        ContactPoint.objects.filter(person=who).delete()
    if phone:
        ContactPoint.objects.create(person=who, kind="phone", value=phone)
    return who


# --- once, by the best way ----------------------------------------------------------------------------------------------


def test_what_was_merged_into_a_ticket_that_is_not_linked_is_answered_there(plan: Cast, incident: Incident) -> None:
    linked_one, other = a_ticket(plan, requester=zoe()), a_ticket(plan, text="RosterPoint is down for me")
    linking.link(incident, chosen=[linked_one], by=plan.alice, now=NOW)
    merged(linked_one, other, plan)
    assert told_all(plan, incident) == 2  # both who asked in it
    assert written_to() == ["pat@cedar-family.example", "zoe@zoe.example"]
    assert linking.incidents_for(other) == [(incident, True)]


def test_two_merged_tickets_of_one_person_are_one_letter(plan: Cast, incident: Incident) -> None:
    one, other = a_ticket(plan), a_ticket(plan, text="again")
    linking.link(incident, chosen=[one, other], by=plan.alice, now=NOW)
    merged(other, one, plan)
    assert told_all(plan, incident, solves=True) == 1
    assert written_to() == ["pat@cedar-family.example"]
    assert one.refresh().status == "resolved"


def test_a_person_in_a_shared_conversation_and_in_one_of_their_own_is_told_once(plan: Cast, incident: Incident) -> None:
    who = zoe()
    own, hers, pats = a_ticket(plan, requester=who), a_ticket(plan, requester=who, text="And the bus page"), a_ticket(plan)
    linking.link(incident, chosen=[own, hers, pats], by=plan.alice, now=NOW)
    merged(hers, pats, plan)
    assert told_all(plan, incident, solves=True) == 2
    assert written_to() == ["pat@cedar-family.example", "zoe@zoe.example"]
    assert own.refresh().status == "resolved"
    assert f"#{pats.number}" in Message.objects.filter(ticket=own, kind="note").order_by("-at", "-id")[0].text


@pytest.mark.parametrize("after_the_first", [False, True])
def test_tickets_that_are_merged_while_their_letters_wait(plan: Cast, incident: Incident, after_the_first: bool) -> None:
    mine, hers = a_ticket(plan), a_ticket(plan, requester=zoe())
    linking.link(incident, chosen=[mine, hers], by=plan.alice, now=NOW)
    actions.answer(incident, text="It works again.", by=plan.alice, now=NOW + HOUR)
    if after_the_first:
        answering.answer(Letter.objects.get(ticket=mine), now=NOW + HOUR)
    merged(hers, mine, plan)
    move(plan, NOW + HOUR)
    assert written_to() == ["pat@cedar-family.example", "zoe@zoe.example"]


def test_of_several_tickets_the_one_whose_way_works_is_answered(plan: Cast, incident: Incident) -> None:
    who = zoe(phone="+12025550177")
    by_mail, by_text = a_ticket(plan, requester=who), a_ticket(plan, requester=who, channel="sms", now=NOW + HOUR)
    linking.link(incident, chosen=[by_mail, by_text], by=plan.alice, now=NOW + HOUR)
    assert told_all(plan, incident, now=NOW + 2 * HOUR) == 1
    assert written_to() == ["+12025550177"]  # the way she came by last
    delivery.opt_out(channel="sms", address="+12025550177", reason="texted STOP", now=NOW + 2 * HOUR)
    assert told_all(plan, incident, now=NOW + 3 * HOUR) == 1
    assert written_to() == ["+12025550177", "zoe@zoe.example"]


def test_a_common_answer_ends_no_ticket_with_words_of_danger_and_none_that_is_sensitive_is_linked(
    plan: Cast, incident: Incident
) -> None:
    danger, secret = a_ticket(plan), a_ticket(plan, requester=zoe(), sensitive=True)
    Ticket.objects.filter(id=danger.id).update(crisis=True)
    linking.link(incident, chosen=[danger, secret], by=plan.alice, now=NOW)
    assert [row.ticket_id for row in LinkedTicket.objects.all()] == [danger.id]
    told_all(plan, incident, solves=True)
    assert danger.refresh().is_live
    client = sign_in(plan.ada, plan.district)
    assert secret.subject not in client.get(f"/outages/new?ticket={secret.id}").content.decode()


# --- what became of it --------------------------------------------------------------------------------------------------


def seen(cast: Cast, incident: Incident, *, now: Any = NOW + HOUR) -> reached.Reached:
    return reached.askers(incident, actor_for(cast.alice), now=now)


def figures(found: reached.Reached) -> dict[str, tuple[int, int, int]]:
    return {way.label: (way.told, way.waiting, way.lost) for way in found.ways}


def test_each_letter_is_followed_by_its_delivery(plan: Cast, incident: Incident) -> None:
    rows = [a_ticket(plan), a_ticket(plan, requester=zoe(phone="+12025550177")), a_ticket(plan, requester=zoe(mail=""))]
    linking.link(incident, chosen=rows, by=plan.alice, now=NOW)
    actions.answer(incident, text="It works again.", by=plan.alice, now=NOW + HOUR)
    assert seen(plan, incident).waiting == 3
    move(plan, NOW + HOUR)
    assert figures(seen(plan, incident)) == {"Email": (0, 2, 0), "No way to write": (0, 0, 1)}
    Delivery.objects.filter(address="pat@cedar-family.example").update(state="sent")
    Delivery.objects.filter(address="zoe@zoe.example").update(state="failed", error="550 no such user")
    found = seen(plan, incident)
    assert figures(found) == {"Email": (1, 0, 1), "No way to write": (0, 0, 1)}
    assert {(one.ticket, one.phone, one.why) for one in found.to_call} == {
        (rows[1], "+12025550177", "Refused: 550 no such user"), (rows[2], "", "No address is known that anything can be sent to."),
    }  # fmt: skip
    page = sign_in(plan.alice, plan.district).get(f"/outages/{incident.id}/").content.decode()
    assert "2 could not be told" in page
    assert "tel:+12025550177" in page


def test_who_asked_in_a_merged_ticket_is_counted_too(plan: Cast, incident: Incident) -> None:
    mine, hers = a_ticket(plan), a_ticket(plan, requester=zoe())
    linking.link(incident, chosen=[mine], by=plan.alice, now=NOW)
    merged(hers, mine, plan)
    told_all(plan, incident)
    Delivery.objects.filter(address="zoe@zoe.example").update(state="dead", error="gave up")
    found = seen(plan, incident)
    assert figures(found) == {"Email": (0, 1, 1)}
    assert [one.ticket for one in found.to_call] == [hers]


def test_an_answer_that_could_not_be_written_is_seen(plan: Cast, incident: Incident, monkeypatch: pytest.MonkeyPatch) -> None:
    linking.link(incident, chosen=[a_ticket(plan)], by=plan.alice, now=NOW)

    def breaks(letter: Letter, *, now: Any) -> None:
        raise RuntimeError("poisoned")

    monkeypatch.setattr(answering, "answer", breaks)
    told_all(plan, incident)
    found = seen(plan, incident)
    assert (found.lost, found.to_call[0].why) == (1, "The answer could not be written: see its ticket.")


def test_of_a_ticket_the_reader_may_not_see_only_the_figure_is_told(plan: Cast, incident: Incident) -> None:
    ticket = a_ticket(plan, requester=zoe())
    linking.link(incident, chosen=[ticket], by=plan.alice, now=NOW)
    told_all(plan, incident)
    Delivery.objects.filter(address="zoe@zoe.example").update(state="failed")
    Ticket.objects.filter(id=ticket.id).update(sensitive=True, team=plan.safety)
    found = seen(plan, incident)
    assert (found.lost, list(found.to_call)) == (1, [])


def test_subscribers_are_followed_by_the_newest_update(plan: Cast, incident: Incident) -> None:
    for address in ("fine@x.example", "gone@x.example", "zoe@zoe.example", "+12025550100", "+12025550101"):
        subscribed(address)
    zoe(phone="+12025550177")
    delivery.opt_out(channel="sms", address="+12025550101", reason="texted STOP", now=NOW)
    actions.post(incident, audience="public", text="Down", by=plan.alice, now=NOW)
    assert not reached.subscribers(incident, now=NOW).ways  # not begun
    sweep.send_updates(plan.district.id, now=NOW)
    rows = Delivery.objects.filter(purpose="status")
    rows.filter(address="+12025550101").update(state="suppressed")  # by whoever claims it
    rows.filter(address="fine@x.example").update(state="sent")
    rows.filter(address__in=["gone@x.example", "zoe@zoe.example"]).update(state="failed", error="550")
    found = reached.subscribers(incident, now=NOW)
    assert figures(found) == {"Email": (1, 0, 2), "SMS": (0, 1, 0)}
    assert (found.lost, found.wished) == (2, 1)
    assert {(one.name, one.address, one.phone) for one in found.to_call} == {
        ("", "gone@x.example", ""),
        ("Zoe", "zoe@zoe.example", "+12025550177"),
    }
    agents = sign_in(plan.bob, plan.district).get(f"/outages/{incident.id}/").content.decode()
    assert "2 could not be told" in agents
    assert "zoe@zoe.example" not in agents
    assert "zoe@zoe.example" in sign_in(plan.lee, plan.district).get(f"/outages/{incident.id}/").content.decode()


def test_taking_a_ticket_out_is_written_down(plan: Cast, incident: Incident) -> None:
    ticket = a_ticket(plan)
    linking.link(incident, chosen=[ticket], by=plan.alice, now=NOW)
    linking.unlink(incident, ticket, by=plan.bob, now=timezone.now())
    linking.unlink(incident, ticket, by=plan.bob, now=timezone.now())
    assert [row.by for row in incident.happenings.filter(what="unlinked")] == [plan.bob]
