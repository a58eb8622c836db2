"""From resolved to closed: after a week, or when the requester says so."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from districts.scope import district_scope
from routing import closing
from routing.tasks import close
from sla import actions as sla
from sla.models import Clock
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tickets import actions as tickets
from tickets.actions import NotPossible
from tickets.models import Event, Message, Ticket

WEEK = timedelta(days=7)
Status = Ticket.Status


def resolved(here: Cast, *, days: float, live: bool = False) -> Ticket:
    at = timezone.now() - timedelta(days=days)
    ticket = a_ticket(here, now=at - timedelta(hours=1))
    if not live:
        tickets.resolve(ticket, by=None, now=at)
    sla.derive(ticket, now=at)
    return ticket


def test_what_was_resolved_a_week_ago_is_closed_once(here: Cast, oak: Cast) -> None:
    old, young, live = resolved(here, days=7.1), resolved(here, days=6.9), resolved(here, days=30, live=True)
    with district_scope(oak.district.id):
        theirs = resolved(oak, days=8)
    assert close() == 2
    assert close() == 0
    assert [old.refresh().status, young.refresh().status, live.refresh().status] == [Status.CLOSED, Status.RESOLVED, Status.NEW]
    assert old.closed_at is not None
    event = Event.objects.get(kind=Event.Kind.CLOSED)
    assert (event.ticket_id, event.by, event.at) == (old.id, None, old.closed_at)
    with district_scope(oak.district.id):
        assert theirs.refresh().status == Status.CLOSED
    page = sign_in(here.alice, here.district).get(f"/desk/{old.id}/").content.decode()
    assert "The system closed it" in page


def test_closing_moves_no_promise_and_wakes_no_conversation(here: Cast) -> None:
    ticket = resolved(here, days=8)
    clocks, facts = list(Clock.objects.order_by("kind").values()), ticket.refresh().facts_at
    close()
    assert ticket.refresh().facts_at == facts
    sla.derive(ticket, now=timezone.now())
    assert [(c["state"], c["due_at"], c["ended_at"]) for c in clocks] == list(
        Clock.objects.order_by("kind").values_list("state", "due_at", "ended_at")
    )


def test_it_goes_on_in_batches_and_a_district_that_fails_stops_no_other(here: Cast, oak: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "BATCH", 2)
    for _ in range(5):
        resolved(here, days=8)
    act = tickets.close_resolved

    def choosy(**more: object) -> int:
        if not Ticket.objects.filter(status=Status.RESOLVED).exists():
            raise RuntimeError("nothing here")
        return act(**more)  # type: ignore[arg-type]

    monkeypatch.setattr(tickets, "close_resolved", choosy)
    assert closing.close_all(now=timezone.now()) == 5


def test_the_sweep_reads_what_is_to_be_closed_and_nothing_that_is(here: Cast) -> None:
    for _ in range(60):
        tickets.close(resolved(here, days=20), by=here.pat, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM tickets_ticket WHERE district_id = %s AND status = 'resolved' AND resolved_at <= %s"
            " ORDER BY resolved_at LIMIT 500 FOR UPDATE SKIP LOCKED",
            [here.district.id, NOW],
        )
        assert "ticket_to_close" in "\n".join(row[0] for row in cursor.fetchall())


def test_only_what_is_resolved_can_be_closed(here: Cast) -> None:
    ticket = a_ticket(here)
    with pytest.raises(NotPossible):
        tickets.close(ticket, by=here.pat, now=NOW)
    tickets.resolve(ticket, by=here.alice, now=NOW)
    for _ in range(2):
        tickets.close(ticket, by=here.pat, now=NOW)
    assert Event.objects.filter(ticket=ticket, kind=Event.Kind.CLOSED).count() == 1


# --- the requester's page -----------------------------------------------------------------------------------------------


def test_the_requester_closes_what_is_resolved_and_may_open_it_again(here: Cast) -> None:
    ticket = resolved(here, days=1)
    browser = visitor(here.district)
    page = browser.get(f"/r/{ticket.token}").content.decode()
    assert "We close it on" in page
    assert "It&#x27;s solved, close it" in page or "It's solved, close it" in page
    assert browser.post(f"/r/{ticket.token}/solved").status_code == 303
    assert ticket.refresh().status == Status.CLOSED
    assert Event.objects.get(ticket=ticket, kind=Event.Kind.CLOSED).by == here.pat
    page = browser.get(f"/r/{ticket.token}").content.decode()
    assert "Solved and closed" in page
    assert "you can open it again until" in page
    assert "solved, close it" not in page
    assert browser.post(f"/r/{ticket.token}/reopen").status_code == 303
    assert (ticket.refresh().status, ticket.closed_at) == (Status.OPEN, None)


def test_a_word_within_two_weeks_reopens_what_is_closed_and_later_does_not(here: Cast) -> None:
    early, late = resolved(here, days=10), resolved(here, days=15)
    close()
    browser = visitor(here.district)
    assert browser.post(f"/r/{early.token}/reply", {"text": "it is back"}).status_code == 303
    assert (early.refresh().status, early.closed_at) == (Status.OPEN, None)
    assert Clock.objects.get(ticket=early, kind="resolve").ended_at is None
    assert browser.post(f"/r/{late.token}/reply", {"text": "it is back"}).status_code == 422
    page = browser.get(f"/r/{late.token}").content.decode()
    assert "New request" in page
    assert "you can open it again" not in page


def test_one_of_many_does_not_end_it_for_the_others(here: Cast) -> None:
    mine, theirs = a_ticket(here, now=timezone.now()), a_ticket(here, requester=here.alice, now=timezone.now())
    Ticket.objects.filter(id=mine.id).update(merged_into=theirs, status=Status.MERGED)
    visitor(here.district).post(f"/r/{mine.token}/solved")
    assert theirs.refresh().is_live
    assert Message.objects.filter(ticket=theirs).latest("at").text == "It's solved", "their team hears of it, and decides"
