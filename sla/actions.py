"""Promises are derived, never set: every act on a ticket is followed by `derive`, and a sweep finds what was forgotten."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from districts.models import CalendarChange, District, Service, Team
from districts.queries import forget_calendar, forget_districts
from districts.scope import district_scope, require_district_id
from districts.together import insert
from sla import claims, story, warnings
from sla.deriving import Deriving, Row, is_settled
from sla.models import Clock, ClockKind, Policy
from sla.policies import forget_rules, rules_here
from sla.story import Story
from sla.terms import Terms, parse
from tickets import actions as tickets
from tickets.models import Event, Ticket
from tickets.queries import facts_of

BATCH = 200
SEEN_EVERYWHERE = timedelta(seconds=20)  # after a change of the calendar no process has the old one in mind any more
LOOKED_AT = timedelta(minutes=10)  # back from now; a sweep comes every five seconds
MOST_STALE = 2_000  # in one go: after a change of a large district's calendar the others have their turn
log = structlog.get_logger(__name__)
KEY = ["district", "ticket", "kind", "run"]
DERIVED = ["team", "state", "terms", "started_at", "due_at", "check_at", "ended_at", "derived_at"]


def derive(ticket: Ticket, *, now: datetime) -> None:
    """Bring all clocks and `ticket.due_at` in line with the facts. Call it after every act, in the act's transaction.

    A ticket that was only just opened costs one INSERT and one UPDATE; any other also two reads.
    """
    derive_all([ticket], now=now)


def derive_all(rows: Sequence[Ticket], *, now: datetime) -> None:
    rules = rules_here()
    known = [t.id for t in rows if not just_opened(t)]
    facts = _facts(rows, known) if known else {}
    before = _before(known) if known else {}
    clocks: list[Clock] = []
    due: list[datetime | None] = []
    for ticket in rows:
        told = _story(ticket, facts.get(ticket.id, ()))
        old = before.get(ticket.id, {})
        mine = list(Deriving(ticket, told, rules, old, now).clocks())
        clocks += [clock for clock in mine if not is_settled(clock, old)]
        due.append(min((c.due_at for c in mine if c.ended_at is None and c.due_at and c.kind != ClockKind.TEAM), default=None))
    if not all(ticket._state.adding for ticket in rows):
        Clock.objects.bulk_create(clocks, update_conflicts=True, unique_fields=KEY, update_fields=DERIVED)
    else:  # written with their tickets
        insert(*clocks)
    for ticket, at in zip(rows, due, strict=True):
        tickets.derived(ticket, due_at=at, facts_at=ticket.facts_at)


def _facts(rows: Sequence[Ticket], known: list[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """With a mark on what the requester resolved, where it was reopened since: only then it matters who it was."""
    facts = facts_of(known)
    again = [t.id for t in rows if any(fact["kind"] == Event.Kind.REOPENED for fact in facts.get(t.id, ()))]
    if not again:
        return facts
    requester = Q(by=F("ticket__requester")) | Q(by__merged_into=F("ticket__requester"))
    own = Event.objects.filter(requester, ticket_id__in=again, kind=Event.Kind.RESOLVED)
    for ticket_id, at in own.values_list("ticket_id", "at"):
        for fact in facts[ticket_id]:
            fact["by_asker"] = fact.get("by_asker") or (fact["kind"], fact["at"]) == (Event.Kind.RESOLVED, at)
    return facts


def just_opened(ticket: Ticket) -> bool:
    """Never derived, and nothing happened since it was opened: its one fact is known without asking."""
    return ticket.derived_at < ticket.opened_at == ticket.facts_at


def _story(ticket: Ticket, facts: Iterable[Mapping[str, Any]]) -> Story:
    """Whether it was merged away is told by the ticket: the survivor has an event of the merge too."""
    told = story.read(ticket.opened_at, facts)
    gone = ticket.status == Ticket.Status.MERGED
    return replace(told, merged_at=(told.merged_at or ticket.facts_at) if gone else None)


def _before(ticket_ids: list[UUID]) -> dict[UUID, dict[Row, Clock]]:
    out: dict[UUID, dict[Row, Clock]] = {}
    for clock in Clock.objects.filter(ticket_id__in=ticket_ids):
        out.setdefault(clock.ticket_id, {})[clock.kind, clock.run] = clock
    return out


# --- the sweep --------------------------------------------------------------------------------------------------------


def drain_clocks(district_id: UUID, *, now: datetime | None = None) -> int:
    """Notice warnings and breaches that are due in one district; returns how many. Any number may sweep at once.

    A ticket whose facts moved since is derived again first, so that no breach is told of a promise that was kept.
    """
    now = now or timezone.now()
    noticed = 0
    while True:
        with district_scope(district_id):
            found = claims.notice(district_id, now=now, limit=claims.BATCH)
            if found.soon:
                warnings.tell(found.soon, now=now)
        noticed += found.warned + found.late
        derived = _derive_stale(district_id, among=found.stale, now=now) if found.stale else 0
        if not derived and found.warned + found.late < claims.BATCH:
            return noticed


def drain_stale(district_id: UUID, *, now: datetime | None = None) -> int:
    """Derive again what changed without a call of `derive`, at most MOST_STALE tickets of one district; returns how many."""
    now = now or timezone.now()
    done = 0
    while done < MOST_STALE:
        derived = _derive_stale(district_id, now=now)
        done += derived
        if derived < BATCH:
            break
    return done


def _derive_stale(district_id: UUID, *, now: datetime, among: Collection[UUID] | None = None) -> int:
    with district_scope(district_id):
        rows = claims.stale_tickets(BATCH, among=among)
        if rows:
            _forget_now(district_id)  # a page of another process may just have changed what this one remembers
            _derive_each(rows, now=now)
    return len(rows)


def _derive_each(rows: Sequence[Ticket], *, now: datetime) -> None:
    """All at once; where that fails, one by one, so that one bad ticket does not hold up the others."""
    try:
        with transaction.atomic():
            derive_all(rows, now=now)
    except Exception:
        if len(rows) > 1:
            for ticket in rows:
                _derive_each([ticket], now=now)
            return
        log.exception("ticket_not_derived", ticket=str(rows[0].id))
        tickets.derived(rows[0], due_at=rows[0].due_at, facts_at=rows[0].facts_at)  # its clocks stay as they were


def calendar_changed(district: District, *, now: datetime) -> int:
    """After any change of hours or days: the promises of every live ticket are derived again by the sweep."""
    _forget(district.id)
    return tickets.touch_live(now=now)


def drain_calendars(district_id: UUID, *, now: datetime | None = None) -> int:
    """What was opened or acted on just after a change of the calendar may have been counted by the old one, where the process that did
    so still had it in mind: counted again, once that is over. Returns how many.
    """
    now = now or timezone.now()
    with district_scope(district_id):
        changes = CalendarChange.objects.filter(at__gt=now - LOOKED_AT, at__lte=now - SEEN_EVERYWHERE).values_list("at", flat=True)
        return sum(tickets.touch_acted_on(since=at, until=at + SEEN_EVERYWHERE, now=now) for at in changes)


# --- policies ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewPolicy:
    kind: str  # ClockKind
    terms: str
    service: Service | None = None
    priority: int | None = None
    team: Team | None = None  # of the team's own time only


def set_policy(
    *, kind: str, terms: str, now: datetime, service: Service | None = None, priority: int | None = None, team: Team | None = None
) -> Terms:
    """Promise `terms` from now on, and derive open promises again; returns them as understood. Raises NotUnderstood."""
    set_policies([NewPolicy(kind, terms, service, priority, team)], now=now)
    return parse(terms)


def set_policies(policies: Iterable[NewPolicy], *, now: datetime) -> int:
    """Many in one statement, the last of each key counts; returns how many. Raises NotUnderstood, and then none is set.

    What the requester is promised never depends on who has the ticket: ValueError.
    """
    policies = list(policies)
    if any(p.team and p.kind != ClockKind.TEAM for p in policies):
        raise ValueError("only a team's own time is promised by the team")
    rows = {
        (p.kind, p.service, p.priority, p.team): Policy(
            kind=p.kind, service=p.service, priority=p.priority, team=p.team, terms=str(parse(p.terms))
        )
        for p in policies
    }  # fmt: skip
    key = ["district", "kind", "service", "priority", "team"]
    Policy.objects.bulk_create(rows.values(), update_conflicts=True, unique_fields=key, update_fields=["terms"])
    _forget(require_district_id())
    tickets.touch_live(now=now)
    return len(rows)


def _forget(district_id: UUID) -> None:
    """At once, and again when it is committed: until then other requests of this process still read the old rows."""
    _forget_now(district_id)
    transaction.on_commit(partial(_forget_now, district_id))


def _forget_now(district_id: UUID) -> None:
    forget_districts()  # its own row has the hours
    forget_rules(district_id)
    forget_calendar(district_id)


Key = tuple[str, Service | None, int | None, Team | None]  # kind of clock, service, priority, team


def withdraw_policies(policies: Collection[Key], *, now: datetime) -> int:
    """What is not promised any more: the next less particular one holds. Returns how many there were."""
    gone = 0
    for kind, service, priority, team in policies:
        gone += Policy.objects.filter(kind=kind, service=service, priority=priority, team=team).delete()[0]
    if gone:
        _forget(require_district_id())
        tickets.touch_live(now=now)
    return gone
