"""Where a request stands, in its requester's words."""

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from sla.models import Clock, ClockKind
from sla.queries import next_promise
from sla.words import when
from tickets.actions import CLOSE_AFTER, REOPEN_WITHIN, can_reopen
from tickets.models import Event, Ticket

Status = Ticket.Status
Kind = Event.Kind


@dataclass(frozen=True)
class Step:
    name: str
    at: datetime | None  # empty: not yet
    current: bool = False


@dataclass(frozen=True)
class Progress:
    status: str
    tone: str  # blue, green, amber: a colour that goes with the words
    team: str  # empty while nobody has been found
    promise: str  # what comes next, and by when
    late: bool = False
    placed: bool = True
    live: bool = True
    closed: bool = False
    ending: str = ""  # of what is solved: what happens next, and until when it can be opened again
    steps: list[Step] = field(default_factory=list)


def progress_of(ticket: Ticket, *, now: datetime, since: datetime | None = None) -> Progress:
    """`since`: for whoever may not know what was before that."""
    placed = ticket.placed_at is not None
    status, tone = _status(ticket)
    clock = next_promise(ticket) if ticket.is_live and placed else None
    return Progress(
        status=status, tone=tone, team=ticket.team.name if placed else "", promise=_promise(clock, now), late=_late(clock, now),
        placed=placed, live=ticket.is_live, closed=ticket.status == Status.CLOSED, ending=_ending(ticket, now),
        steps=_steps(ticket, since),
    )  # fmt: skip


def _status(ticket: Ticket) -> tuple[str, str]:
    if ticket.placed_at is None and ticket.is_live:
        return _("We have it and are finding the right team"), "blue"
    match ticket.status:
        case Status.WAITING_REQUESTER:
            return _("Waiting for your answer"), "amber"
        case Status.WAITING_OTHER:
            return _("Waiting for somebody outside the team"), "blue"
        case Status.RESOLVED:
            return _("Solved"), "green"
        case Status.CLOSED:
            return _("Solved and closed"), "green"
        case Status.OPEN:
            return _("Being worked on"), "blue"
    return _("Received"), "blue"


def _ending(ticket: Ticket, now: datetime) -> str:
    """Of what is solved: when it is closed, and until when it may be opened again."""
    if ticket.resolved_at is None or ticket.is_live or not can_reopen(ticket, now=now):
        return ""
    if ticket.status == Status.RESOLVED and ticket.resolved_at + CLOSE_AFTER > now:
        return _("We close it on %(date)s if we hear nothing more from you.") % {"date": _day(ticket.resolved_at + CLOSE_AFTER)}
    return _("If it comes back, you can open it again until %(date)s.") % {"date": _day(ticket.resolved_at + REOPEN_WITHIN)}


def _day(at: datetime) -> str:
    """ "Tuesday, November 10", in the active language and the district's zone."""
    local = localtime(at)
    return _("%(weekday)s, %(date)s") % {"weekday": date_format(local, "l"), "date": date_format(local, "MONTH_DAY_FORMAT")}


def _promise(clock: Clock | None, now: datetime) -> str:
    """What was promised next, with its time in the district's zone."""
    if clock is None or clock.due_at is None:
        return ""
    values = {"when": when(clock.due_at, now=now)}
    if _late(clock, now):
        return _("We are late. We had promised it %(when)s.") % values
    if clock.kind == ClockKind.FIRST_RESPONSE:
        return _("A person will answer you %(when)s.") % values
    if clock.kind == ClockKind.NEXT_RESPONSE:
        return _("A person will answer what you wrote %(when)s.") % values
    return _("We mean to have it solved %(when)s.") % values


def _late(clock: Clock | None, now: datetime) -> bool:
    return clock is not None and clock.due_at is not None and clock.due_at <= now


def _steps(ticket: Ticket, since: datetime | None) -> list[Step]:
    """Received, with a team, answered, solved: each with its time once it has happened."""
    begun = since or ticket.opened_at
    answers = Event.objects.filter(ticket=ticket, kind=Kind.REPLIED, at__gte=begun)
    replied = answers.order_by("at").values_list("at", flat=True).first()
    solved = None if ticket.is_live else ticket.resolved_at
    done: list[tuple[str, datetime | None]] = [
        (_("Received"), begun),
        (_("With a team"), ticket.placed_at and max(ticket.placed_at, begun)),
        (_("Answered"), replied),
        (_("Solved"), solved),
    ]
    reached = max(n for n, (_name, at) in enumerate(done) if at is not None)
    return [Step(name, at, current=n == reached) for n, (name, at) in enumerate(done)]
