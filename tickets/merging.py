"""Two tickets about one need become one: the words of the one are read in the other, and it can be taken apart again.

Nothing moves: a merged ticket keeps its messages, its number and the ids by which replies find it; `merged_into` says where it
lives on. So taking it apart gives back exactly what was its own. Nobody is mailed by a merge.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from districts.models import Person
from tickets.facts import NotPossible, changed, lock, record, survivor
from tickets.models import Event, Follower, Ticket
from tickets.states import can_reopen, reopen, resume

Kind = Event.Kind
Status = Ticket.Status
ROWS = ("team", "service", "assignee", "requester", "site")
ENDED = ("status", "resolved_at", "closed_at")


def merge(ticket: Ticket, *, into: Ticket, by: Person | None, why: str, now: datetime) -> Ticket:
    """`ticket` lives on in `into`, or in what that was merged into: returns it, its row held and read anew like the ticket's own.

    `why` is a sentence for people. The caller holds neither row, so that two merges crosswise cannot wait for each other.
    A survivor that waits for the requester, or was resolved, is taken up again by a need that is not. Raises NotPossible.
    """
    into = survivor(into)
    hold(ticket, into)
    if stops := obstacle(ticket, into, now=now):
        raise NotPossible(stops)
    did = {**_wake(ticket, into, by=by, now=now), **_hurry(ticket, into), "followers": _bring_along(ticket, into, now=now)}
    was = {"status": ticket.status, "resolved_at": _iso(ticket.resolved_at), "closed_at": _iso(ticket.closed_at)}
    ticket.status, ticket.merged_into, ticket.resolved_at, ticket.closed_at = Status.MERGED, into, None, None
    record(ticket, Kind.MERGED, by=by, now=now, data={"into": str(into.id), "number": into.number, "why": why, "was": was})
    told = {"from": str(ticket.id), "number": ticket.number, "channel": ticket.channel, "why": why, **did}
    record(into, Kind.MERGED, by=by, now=now, data=told)
    changed(ticket, *ENDED, "merged_into", now=now)
    changed(into, "priority", now=now)
    return into


def unmerge(ticket: Ticket, *, by: Person | None, now: datetime) -> Ticket | None:
    """It stands by itself again, as it was; what was written in the survivor meanwhile stays there. Returns what it was part of;
    None: it stands by itself already, so that twice is once.
    """
    into = Ticket.objects.filter(id=ticket.merged_into_id).first() if ticket.merged_into_id else None
    hold(ticket, *([into] if into else []))
    if into is None or ticket.merged_into_id != into.id:
        return None
    _as_it_was(ticket)
    record(ticket, Kind.UNMERGED, by=by, now=now, data={"into": str(into.id), "number": into.number})
    record(into, Kind.UNMERGED, by=by, now=now, data={"from": str(ticket.id), "number": ticket.number})
    _leave_alone(ticket, into)
    changed(ticket, *ENDED, "merged_into", now=now)
    changed(into, "priority", now=now)
    return into


def take(ticket: Ticket) -> Ticket:
    """The row its words are written to, locked: its own, or of what it was merged into, even a moment ago."""
    while True:
        ticket = survivor(ticket)
        lock(ticket.id)
        held: Ticket = Ticket.objects.select_related(*ROWS).get(id=ticket.id)
        if held.merged_into_id is None:
            return held
        ticket = held


def hold(*tickets: Ticket) -> None:
    """Lock the rows, and see them as they are now, always in the same order."""
    for ticket in sorted(tickets, key=lambda ticket: ticket.id):
        lock(ticket.id)
        ticket.refresh_from_db(from_queryset=Ticket.objects.select_related(*ROWS))


def obstacle(ticket: Ticket, into: Ticket, *, now: datetime) -> str:
    """Why it cannot be, and what to do instead; empty where it can."""
    numbers = {"number": ticket.number, "other": into.number}
    if ticket.id == into.id:
        return _("It cannot be merged into itself.")
    if ticket.merged_into_id or into.merged_into_id:
        return _("It was merged into another ticket: work on that one.")
    if ticket.crisis and not into.crisis:
        return _("#%(number)s has words of danger to a person. Merge #%(other)s into it instead.") % numbers
    if ticket.sensitive and not (into.sensitive and into.team_id == ticket.team_id):
        return _("#%(number)s is sensitive, and others could read it in #%(other)s. Link the two by a note.") % numbers
    if into.sensitive and into.requester_id != ticket.requester_id:
        return _("#%(other)s is sensitive and from another person, who alone is answered there.") % numbers
    if ticket.is_live and not can_reopen(into, now=now):
        return _("#%(other)s was resolved too long ago. Merge it into #%(number)s instead.") % numbers
    return ""


def _wake(ticket: Ticket, into: Ticket, *, by: Person | None, now: datetime) -> dict[str, Any]:
    """A need that is open is not lost in what is over, nor in what waits for the very person who wrote."""
    before = into.status
    if ticket.is_live and not into.is_live:
        reopen(into, by=by, now=now)
    elif ticket.is_live and before == Status.WAITING_REQUESTER and into.requester_id == ticket.requester_id:
        resume(into, by=by, now=now)
    return {"woke": before} if before != into.status else {}


def _hurry(ticket: Ticket, into: Ticket) -> dict[str, Any]:
    """What was more urgent stays so."""
    before = into.priority
    if not ticket.is_live or ticket.priority >= before:
        return {}
    into.priority = ticket.priority
    return {"priority": [before, ticket.priority]}


def _bring_along(ticket: Ticket, into: Ticket, *, now: datetime) -> list[str]:
    """Who asked, who had it and who followed follow the survivor; returns the ids of those who did not before.

    A sensitive one is for its own people: nobody gets to read it by a merge.
    """
    if into.sensitive:
        return []
    wanted = {ticket.requester_id, *_followers(ticket)} | ({ticket.assignee_id} if ticket.assignee_id else set())
    new = sorted(wanted - _followers(into) - {into.requester_id, into.assignee_id}, key=str)
    Follower.objects.bulk_create([Follower(ticket=into, person_id=person, since=now) for person in new], ignore_conflicts=True)
    return [str(person) for person in new]


def _followers(ticket: Ticket) -> set[UUID]:
    return set(Follower.objects.filter(ticket=ticket).values_list("person_id", flat=True))


def _as_it_was(ticket: Ticket) -> None:
    was = _last(ticket, "into", ticket.merged_into_id).get("was", {})
    ticket.status, ticket.merged_into = was.get("status", Status.OPEN), None
    ticket.resolved_at, ticket.closed_at = _at(was.get("resolved_at")), _at(was.get("closed_at"))


def _leave_alone(ticket: Ticket, into: Ticket) -> None:
    """What the merge had brought to the survivor goes, where nobody has changed it since."""
    did = _last(into, "from", ticket.id)
    Follower.objects.filter(ticket=into, person_id__in=_ids(did.get("followers", []))).delete()
    before, now = did.get("priority") or (None, None)
    if before is not None and into.priority == now:
        into.priority = before


def _last(ticket: Ticket, key: str, other: UUID | None) -> dict[str, Any]:
    """What the last merge of these two wrote down on `ticket`."""
    merges = Event.objects.filter(ticket=ticket, kind=Kind.MERGED).order_by("-at", "-id").values_list("data", flat=True)
    return next((data for data in merges if data.get(key) == str(other)), {})


def _ids(given: Iterable[str]) -> list[UUID]:
    return [UUID(one) for one in given]


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _at(iso: str | None) -> datetime | None:
    return datetime.fromisoformat(iso) if iso else None
