"""The one line that the person a run is about may see: how far it is, and by when the rest is done. Nothing of inside."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.links import absolute
from districts.models import ContactPoint, District, Person
from districts.queries import address_of, calendar_of, this_district
from ownership.models import Playbook, PlaybookRun, RunStep
from ownership.playbooks import timing, usual
from ownership.playbooks.ordering import Piece, all_done_by
from tickets import letters
from tickets.models import Ticket

PURPOSE = "playbook"


@dataclass(frozen=True)
class Line:
    """In the language and the zone that are active."""

    what: str
    how_far: str
    over: bool


def about(run: PlaybookRun, *, now: datetime) -> Line:
    return Line(said(run.playbook), _how_far(run, now=now), run.ended_at is not None)


def of_ticket(ticket: Ticket, *, now: datetime) -> list[Line]:
    """Of the runs that are about the ticket's requester."""
    rows = PlaybookRun.objects.filter(ticket=ticket, person_id=ticket.requester_id).exclude(playbook__line="")
    return [about(run, now=now) for run in rows.select_related("playbook").order_by("began_at", "id")]


def said(playbook: Playbook) -> str:
    """The line of a playbook of ours in the active language; of one that was changed, as the district wrote it."""
    shipped = None if playbook.edited_at else usual.BY_SLUG.get(playbook.slug)
    return str(shipped.line) if shipped else playbook.line


def begun(run: PlaybookRun, *, now: datetime) -> None:
    """One mail to the person it is about, where the playbook has a line for them."""
    _mail(run, "began", now=now)


def ended(run: PlaybookRun, *, now: datetime) -> None:
    _mail(run, "ended", now=now)


def language_of(person: Person | None, district: District) -> str:
    spoken = district.languages or ["en"]
    return person.language if person and person.language in spoken else str(spoken[0])


def path(run: PlaybookRun) -> str:
    return reverse("playbook_line", args=[run.token])


def _how_far(run: PlaybookRun, *, now: datetime) -> str:
    steps = list(RunStep.objects.filter(run=run).order_by("order"))
    left = [step for step in steps if step.done_at is None]
    words = {"done": len(steps) - len(left), "all": len(steps)}
    if run.stopped:
        return _("It was ended before all of it was done. Ask us if you have a question.")
    if run.ended_at or not left:
        return _("All of it is done.")
    if any(step.due_at and step.due_at < now for step in left):
        return _("%(done)d of %(all)d done. Something takes longer than we planned.") % words
    by = _rest_by(steps, now=now)
    if by is None:
        return _("%(done)d of %(all)d done.") % words
    return _("%(done)d of %(all)d done, the rest by %(day)s.") % {**words, "day": _day(by)}


def _rest_by(steps: list[RunStep], *, now: datetime) -> datetime | None:
    calendar = calendar_of(this_district(), now=now)
    pieces = [
        Piece(s.order, s.after, s.terms, s.due_at, is_open=s.open_at is not None, done=s.done_at is not None) for s in steps
    ]  # fmt: skip
    return all_done_by(pieces, lambda terms, start: timing.due_at(terms, start, calendar), now=now)


def _day(at: datetime) -> str:
    """ "Thursday, December 3"."""
    local = timezone.localtime(at)
    return _("%(weekday)s, %(date)s") % {"weekday": date_format(local, "l"), "date": date_format(local, "MONTH_DAY_FORMAT")}


def _mail(run: PlaybookRun, which: str, *, now: datetime) -> None:
    if run.person is None or not run.playbook.line:
        return
    address = address_of(run.person, ContactPoint.Kind.EMAIL)
    if not address:
        return
    district, ticket = this_district(), _their_ticket(run)
    with override(language_of(run.person, district)), timezone.override(district.zone):
        seen = about(run, now=now)
        look = [] if seen.over else [_("You can see here how far it is, whenever you like:"), page_of(run, district)]
        body = "\n\n".join([seen.what, seen.how_far, *look])
    if ticket:
        letters.to_requester(
            ticket, what=f"{PURPOSE}-{run.id}-{which}", subject=seen.what, body=body, purpose=PURPOSE, now=now,
            way=(Delivery.Channel.EMAIL, address),
        )  # fmt: skip
        return
    delivery.send(
        channel=Delivery.Channel.EMAIL, address=address, subject=seen.what, body=body, person=run.person,
        dedupe_key=f"{PURPOSE}:{run.id}:line:{which}", purpose=PURPOSE, now=now,
    )  # fmt: skip


def _their_ticket(run: PlaybookRun) -> Ticket | None:
    """The ticket of the run where the person it is about asked for it: a reply to our mail comes there."""
    ticket: Ticket | None = run.ticket
    return ticket if ticket and ticket.requester_id == run.person_id else None


def page_of(run: PlaybookRun, district: District) -> str:
    """Where the person it is about reads the line: on the page of their ticket, else on a page of its own. For their eyes alone: it
    carries the proof that they read their mail."""
    ticket = _their_ticket(run)
    return f"{letters.tracking_link(ticket, district)}?k={letters.proof(ticket)}" if ticket else absolute(district, path(run))
