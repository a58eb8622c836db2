"""A feed failed: a ticket with the playbook that its process names, once for each trouble.

While that playbook runs, whatever else the same feed tells becomes an internal note on the ticket: more failures, and that it is back.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import Person, Priority, Team
from districts.queries import front_office, team_members, this_district
from ownership.duty.roles import Roster
from ownership.ladders.notices import Post, clock, trouble
from ownership.models import Feed, FeedRun, OwnerRole, Playbook, PlaybookRun, Process
from ownership.playbooks import running, usual
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import ChannelKind, Ticket

log = structlog.get_logger(__name__)


def open_for(run: FeedRun, *, now: datetime, post: Post | None = None) -> PlaybookRun | None:
    """The run of the playbook that this failure begins, or that it is written down on. None: the district wants none for it.

    `post`: where the owners are told of other things at the same time.
    """
    process = run.feed.process
    playbook = _playbook(process)
    if playbook is None:
        return None
    earlier = _open(run.feed).filter(playbook=playbook, ticket__status__in=Ticket.LIVE).first()
    with _words():
        if earlier:
            _note(earlier, trouble(run), now=now)
            return earlier
        return _begin(playbook, run, process, now=now, post=post)


def back(feed: Feed, *, now: datetime) -> None:
    """It ran again: whoever works on the ticket reads it there. The cause is still to be found. Nothing stops the ping."""
    try:
        with transaction.atomic(), _words():
            for run in _open(feed).filter(ticket__status__in=Ticket.LIVE):
                _note(run, _("“%(feed)s” has run again, at %(time)s.") % {"feed": feed.name, "time": clock(now)}, now=now)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("playbook_not_told", feed=str(feed.id))


def _playbook(process: Process) -> Playbook | None:
    """The one that the process names, else the usual one, which every district has from its first failure on."""
    slug = process.failing or usual.FAILED.slug
    found = Playbook.objects.filter(slug=slug).first()
    if found is None and slug == usual.FAILED.slug:
        found = usual.make(usual.FAILED)
    return found if found and found.active and found.steps.exists() else None


def _open(feed: Feed) -> QuerySet[PlaybookRun]:
    """Held, so that of two failures at once one begins and the other joins."""
    rows = PlaybookRun.objects.filter(feed_run__feed=feed, ended_at__isnull=True, ticket__isnull=False)
    return rows.select_related("ticket", "playbook").select_for_update(of=("self",)).order_by("-began_at", "-id")


def _begin(playbook: Playbook, run: FeedRun, process: Process, *, now: datetime, post: Post | None) -> PlaybookRun:
    ticket = _ticket(run, process, now=now)
    facts = {_("Feed"): run.feed.name, _("Told at"): clock(run.at), _("What it told"): run.note.split("\n")[0].strip()}
    return running.begin(
        playbook, title=ticket.subject, by=None, ticket=ticket, process=process, feed_run=run, now=now, post=post,
        facts={name: value for name, value in facts.items() if value},
    )  # fmt: skip


def _ticket(run: FeedRun, process: Process, *, now: datetime) -> Ticket:
    """Of the owner, with the owner's team: triage has nothing to decide."""
    roster = Roster(now)
    owner, team = _whose(process, roster)
    by_hand = _("By hand meanwhile: %(how)s") % {"how": process.fallback} if process.fallback else ""
    text = "\n\n".join(filter(None, [trouble(run), by_hand]))
    ticket, _message = tickets.open_ticket(
        requester=owner, channel=ChannelKind.API, subject=_("Failed: %(process)s") % {"process": process.name}, team=team, now=now,
        words=tickets.Words(text=text), language=str((this_district().languages or ["en"])[0]),
    )  # fmt: skip
    reason = _("A feed of “%(process)s” failed: it is with whoever answers for it.") % {"process": process.name}
    tickets.place(ticket, team=team, service=None, priority=Priority.HIGH, now=now, data={"reasons": [reason]})
    if owner.id in {person.id for person in team_members(team.id)}:
        tickets.assign(ticket, to=owner, by=None, now=now)
    sla.derive(ticket, now=now)
    return ticket


def _whose(process: Process, roster: Roster) -> tuple[Person, Team]:
    """The owner and the team of the role that answers first. Raises LookupError where the district has nobody at all."""
    roles: list[OwnerRole] = [role for role in (process.primary, process.secondary) if role]
    team = next((role.team for role in roles if role.team), None) or front_office()
    found = [roster.find(role).owner for role in roles] or [roster.find(None, team_id=team.id).owner]
    owner = next((person for person in found if person), None)
    if owner is None:
        raise LookupError("nobody works here")
    return owner, team


def _note(run: PlaybookRun, text: str, *, now: datetime) -> None:
    if run.ticket:
        tickets.note(run.ticket, by=None, words=tickets.Words(text=text), now=now, channel=ChannelKind.API)


@contextmanager
def _words() -> Iterator[None]:
    """What is written into rows is in the district's first language and its own time."""
    district = this_district()
    with override(str((district.languages or ["en"])[0])), timezone.override(district.zone):
        yield
