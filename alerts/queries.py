"""Reads of alerts: the live page, the calls that wait, the addresses to be mended, results of tests by school."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from alerts.audience import KINDS, NO_TESTS
from alerts.mending import NO_CONTACT, NO_NUMBER
from alerts.models import Alert, AlertAct, AlertContact, AlertRecipient, BadContact, Channel, Kind, Outcome, PhoneCall
from alerts.policies import found_for, policy_here
from alerts.reach import Reach
from delivery.models import Delivery, OptOut
from delivery.queries import why as why_barred
from districts.access import Actor, Can, may, require
from districts.models import Site, Team
from ownership.ladders.climbing import escalations
from ownership.queries import Open, views_of

SHOWN = 50  # of a long list
TESTS = 12  # columns of the results
ACTS = 200
State = Alert.State


def may_send(actor: Actor, *, now: datetime) -> bool:
    """Leaders and administrators, and whoever answers for alerts."""
    if actor.is_leader:
        return True
    owner = policy_here().owner_role
    return bool(owner and actor.person and actor.person.id in {person.id for person in found_for(owner, now=now).people})


def require_sender(actor: Actor, *, now: datetime) -> None:
    """Raises PermissionDenied."""
    require(actor, Can.READ)
    if not may_send(actor, now=now):
        raise PermissionDenied("alerts")


def get_alert(actor: Actor, alert_id: UUID, *, now: datetime, held: bool = False) -> Alert:
    """For those who may send; leads may look. `held`: until the end of the request. Raises Http404, PermissionDenied."""
    require(actor, Can.READ)
    if not (may(actor, Can.LEAD) and not held) and not may_send(actor, now=now):
        raise PermissionDenied("alerts")
    rows = Alert.objects.select_related("made_by", "approved_by", "validated_by")
    found: Alert | None = (rows.select_for_update(of=("self",)) if held else rows).filter(id=alert_id).first()
    if found is None:
        raise Http404
    return found


def recent(*, most: int = SHOWN) -> list[Alert]:
    return list(Alert.objects.exclude(state=State.ENDED, started_at=None).select_related("made_by").order_by("-made_at")[:most])


# --- the live page ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """Reach of a school, a language or a channel."""

    name: str
    reach: Reach
    unknown: int = 0
    failed: int = 0
    left_out: int = 0


@dataclass
class Live:
    alert: Alert
    reach: Reach
    by_outcome: dict[str, int]
    channels: list[Part]
    sites: list[Part]
    languages: list[Part]
    handed: int
    to_hand: int
    calls: int = 0
    calls_open: int = 0
    kept: int = 0  # by the demonstration: never left the house

    @property
    def unreached(self) -> int:
        return self.reach.total - self.reach.reached


def live(alert: Alert) -> Live:
    """Some grouped counts, however many people."""
    people = AlertRecipient.objects.filter(alert=alert)
    contacts = AlertContact.objects.filter(alert=alert)
    outcomes = dict(people.values_list("outcome").annotate(n=Count("id")).order_by())
    total = alert.people if alert.people is not None else sum(outcomes.values())
    to_hand = contacts.filter(handed_at__isnull=True).count()
    calls = PhoneCall.objects.filter(alert=alert)
    return Live(
        alert=alert, reach=Reach(total, outcomes.get(Outcome.REACHED, 0), alert.terms), by_outcome=outcomes,
        channels=_channels(alert, contacts, people), sites=_sites(alert, people), languages=_languages(alert, people),
        handed=contacts.count() - to_hand, to_hand=to_hand, calls=calls.count(), calls_open=open_calls().filter(alert=alert).count(),
        kept=Delivery.objects.filter(about=alert.id, state=Delivery.State.KEPT).count(),
    )  # fmt: skip


def _counted(rows: QuerySet[AlertRecipient] | QuerySet[AlertContact], by: str) -> list[dict[str, Any]]:
    return list(
        rows.values(by).annotate(
            total=Count("id"), reached=Count("id", filter=Q(outcome=Outcome.REACHED)),
            unknown=Count("id", filter=Q(outcome=Outcome.UNKNOWN)),
            failed=Count("id", filter=Q(outcome__in=[Outcome.FAILED, Outcome.NO_CONTACT])),
            left_out=Count("id", filter=Q(outcome=Outcome.LEFT_OUT)),
        ).order_by()
    )  # fmt: skip


def _part(name: str, row: dict[str, Any], terms: str) -> Part:
    n = {key: int(row[key]) for key in ("total", "reached", "unknown", "failed", "left_out")}
    return Part(name, Reach(n["total"], n["reached"], terms), n["unknown"], n["failed"], n["left_out"])


def _channels(alert: Alert, contacts: QuerySet[AlertContact], people: QuerySet[AlertRecipient]) -> list[Part]:
    """By address; calls by those that reached somebody."""
    parts = [_part(str(Channel(str(row["channel"])).label), row, alert.terms) for row in _counted(contacts, "channel")]
    parts.sort(key=lambda part: part.name)
    called = PhoneCall.objects.filter(alert=alert).values("recipient").distinct().count()
    if called:
        reached = people.filter(channel=Channel.CALL).count()
        parts.append(Part(str(Channel.CALL.label), Reach(called, reached, alert.terms), called - reached))
    return parts


def _sites(alert: Alert, people: QuerySet[AlertRecipient]) -> list[Part]:
    """The worst first."""
    names = dict(Site.objects.values_list("id", "name"))
    rows = _counted(people, "site_id")
    parts = [_part(names.get(row["site_id"], _("No school known")), row, alert.terms) for row in rows]
    return sorted(parts, key=lambda part: (part.reach.percent, part.name))


def _languages(alert: Alert, people: QuerySet[AlertRecipient]) -> list[Part]:
    names = {code: str(name) for code, name in settings.LANGUAGES}
    parts = [_part(names.get(row["language"], row["language"]), row, alert.terms) for row in _counted(people, "language")]
    return sorted(parts, key=lambda part: -part.reach.total)


@dataclass(frozen=True)
class Climb:
    """A promise of the alert that was not kept, and how far its ladder is."""

    what: str
    view: Open

    @property
    def told(self) -> list[str]:
        """What was missed is its first line; then what the ladder did."""
        return self.view.log[1:]

    @property
    def is_over(self) -> bool:
        return self.view.escalation.ended_at is not None


def climbs(alert: Alert, actor: Actor) -> list[Climb]:
    named = {alert.reach_ladder_id: _("Too few were reached in time"), alert.report_ladder_id: _("The report was not signed in time")}
    ids = [key for key in named if key]
    if not ids:
        return []
    views = {view.escalation.id: view for view in views_of(escalations().filter(id__in=ids), actor)}
    return [Climb(named[key], views[key]) for key in ids if key in views]


def unreached(alert: Alert, *, most: int = SHOWN) -> list[AlertRecipient]:
    rows = AlertRecipient.objects.filter(alert=alert).exclude(outcome=Outcome.REACHED)
    return list(rows.select_related("person", "site").order_by("site__name", "person__name")[:most])


def left_out(alert: Alert, *, most: int = SHOWN) -> list[AlertContact]:
    """Who was not written to because they wished so."""
    rows = AlertContact.objects.filter(alert=alert, outcome=Outcome.LEFT_OUT)
    return list(rows.select_related("recipient__person").order_by("address")[:most])


def acts(alert: Alert) -> list[AlertAct]:
    return list(AlertAct.objects.filter(alert=alert).select_related("by").order_by("-at", "-id")[:ACTS])


def audience_words(alert: Alert) -> str:
    """ "Families, Staff · Maple Ridge Elementary · Transportation"."""
    kinds = [str(KINDS[kind][0]) for kind in alert.kinds if kind in KINDS]
    sites = list(Site.objects.filter(id__in=alert.sites).order_by("name").values_list("name", flat=True))
    where = [", ".join(sites)] if sites else [_("everywhere")] if kinds else []
    teams = list(Team.objects.filter(id__in=alert.teams).order_by("name").values_list("name", flat=True))
    return " · ".join([*([", ".join(kinds)] if kinds else []), *where, *teams])


def named_besides(alert: Alert) -> list[str]:
    """Schools that its words name, and that it is not for, or not for them alone: a lockdown of one school that goes to all of them."""
    words = " ".join(text for said in alert.words.values() for text in said.values()).casefold()
    named = [(str(key), name) for key, name in Site.objects.order_by("name").values_list("id", "name") if name.casefold() in words]
    return [name for key, name in named if key not in alert.sites]


# --- calls --------------------------------------------------------------------------------------------------------------


def open_calls() -> QuerySet[PhoneCall]:
    """To be made: of alerts that are not over, to people who were not reached meanwhile. Fresh ones first."""
    over = [PhoneCall.Outcome.REACHED, PhoneCall.Outcome.WRONG]
    rows = PhoneCall.objects.exclude(outcome__in=over).exclude(recipient__outcome=Outcome.REACHED).exclude(alert__state=State.ENDED)
    return rows.select_related("alert", "recipient__person", "recipient__site", "caller").order_by(
        "tries", "-alert__started_at", "recipient__site__name", "recipient__person__name", "id"
    )


def get_call(actor: Actor, call_id: UUID) -> PhoneCall:
    """Anybody who works here may make it. Raises Http404."""
    require(actor, Can.READ)
    found: PhoneCall | None = PhoneCall.objects.select_related("alert", "recipient__person").filter(id=call_id).first()
    if found is None:
        raise Http404
    return found


# --- addresses to be mended ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mending:
    row: BadContact
    why: str
    overdue: bool


def bad_contacts(actor: Actor, *, mine: bool, site: str = "") -> QuerySet[BadContact]:
    """`mine`: those I am to mend, and those of my school. `site`: an id, or "none"."""
    rows = BadContact.objects.filter(done_at__isnull=True).select_related("person", "site", "owner", "alert").order_by("due_at", "id")
    if mine:
        here = actor.person.site_id if actor.person else None
        rows = rows.filter(Q(owner=actor.person) | Q(site_id=here) if here else Q(owner=actor.person))
    if site:
        rows = rows.filter(site__isnull=True) if site == "none" else rows.filter(site_id=site)
    return rows


@dataclass(frozen=True)
class Waiting:
    """Addresses of a school that wait, by how long."""

    site_id: str  # "none": no school is known
    name: str
    total: int
    in_time: int
    late: int  # up to a week
    old: int


def waiting_by_school(*, now: datetime) -> list[Waiting]:
    """The most overdue first. Counted in the database."""
    week = now - timedelta(days=7)
    rows = BadContact.objects.filter(done_at__isnull=True).values_list("site_id").annotate(
        total=Count("id"), in_time=Count("id", filter=Q(due_at__gte=now)), late=Count("id", filter=Q(due_at__lt=now, due_at__gte=week)),
        old=Count("id", filter=Q(due_at__lt=week)),
    ).order_by()  # fmt: skip
    names = dict(Site.objects.values_list("id", "name"))
    found = [Waiting(str(row[0] or "none"), names.get(row[0], _("No school known")), *row[1:]) for row in rows]
    return sorted(found, key=lambda one: (-one.old, -one.late, -one.total, one.name))


def told_of(rows: Sequence[BadContact], *, now: datetime) -> list[Mending]:
    return [Mending(row, reason(row.why), row.done_at is None and row.due_at < now) for row in rows]


def mended(*, now: datetime) -> list[Mending]:
    """In the last two weeks, the latest first."""
    rows = BadContact.objects.filter(done_at__gte=now - timedelta(days=14)).order_by("-done_at")
    return told_of(list(rows.select_related("person", "site", "owner", "done_by", "alert")[:SHOWN]), now=now)


def reason(why: str) -> str:
    """For people; a provider's own words as they are."""
    own = {
        NO_CONTACT: _("No phone number and no mail address is known."),
        "wrong number": _("Somebody else answered: a wrong number."), NO_NUMBER: _("No phone number is known to call."),
        NO_TESTS: _("They want no tests and announcements by mail."),
        "call no-answer": _("Nobody answered the call."), "call busy": _("The line was busy."),
        "call voicemail": _("A machine answered the call."), "call invalid": _("There is no such number."),
    }  # fmt: skip
    if why in own or not why:
        return own.get(why) or _("It was not delivered.")
    told = next((words for pattern, words in _codes() if pattern.search(why)), "")
    return f"{told} ({why})" if told else why_barred(OptOut(reason=why))


def _codes() -> list[tuple[re.Pattern[str], str]]:
    """What providers tell in numbers (RFC 3463; twilio.com/docs/api/errors)."""
    return [
        (re.compile(r"\b(30005|21211|21217)\b"), _("The number is not in service.")),
        (re.compile(r"\b(30006|21614)\b"), _("The number takes no text messages.")),
        (re.compile(r"\b30003\b"), _("The telephone was off, or had no signal.")),
        (re.compile(r"\b30004\b"), _("Texts to this number are blocked.")),
        (re.compile(r"\b30007\b"), _("The phone company took it for spam.")),
        (re.compile(r"\b5\.1\.\d+\b"), _("There is no such mailbox.")),
        (re.compile(r"\b5\.2\.1\b"), _("The mailbox is shut.")),
        (re.compile(r"\b[45]\.2\.2\b"), _("The mailbox is full.")),
    ]


def get_bad(actor: Actor, bad_id: UUID) -> BadContact:
    """Anybody who works here may mend it. Raises Http404."""
    require(actor, Can.READ)
    found: BadContact | None = BadContact.objects.select_related("person").filter(id=bad_id).first()
    if found is None:
        raise Http404
    return found


# --- tests --------------------------------------------------------------------------------------------------------------


@dataclass
class Results:
    """Reach of the last tests, a row for each school."""

    tests: list[Alert]
    rows: list[tuple[str, list[Reach | None]]] = field(default_factory=list)
    totals: list[Reach] = field(default_factory=list)


def results() -> Results:
    """The newest first."""
    tests = list(Alert.objects.filter(kind=Kind.TEST, started_at__isnull=False).order_by("-started_at")[:TESTS])
    counted = (
        AlertRecipient.objects.filter(alert__in=tests).values_list("site_id", "alert_id")
        .annotate(total=Count("id"), reached=Count("id", filter=Q(outcome=Outcome.REACHED))).order_by()
    )  # fmt: skip
    cells: dict[UUID | None, dict[UUID, Reach]] = {}
    for site_id, alert_id, total, reached in counted:
        cells.setdefault(site_id, {})[alert_id] = Reach(total, reached)
    names: dict[UUID | None, str] = dict(Site.objects.values_list("id", "name"))
    rows = [(names.get(site_id, _("No school known")), [of.get(test.id) for test in tests]) for site_id, of in cells.items()]
    totals = [_sum([of[test.id] for of in cells.values() if test.id in of], test.terms) for test in tests]
    return Results(tests, sorted(rows, key=lambda row: row[0]), totals)


def _sum(parts: Sequence[Reach], terms: str) -> Reach:
    return Reach(sum(part.total for part in parts), sum(part.reached for part in parts), terms)
