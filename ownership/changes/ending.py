"""The ladder of a process that is climbed because changes are missing downstream: found, and ended when none is missing any more."""

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from ownership.changes.missing import CALLED
from ownership.duty.roles import once
from ownership.ladders import notices
from ownership.ladders.climbing import Climber, escalations
from ownership.models import Change, CutOffNotice, Escalation, Process, Step


def open_ladders(process: Process) -> QuerySet[Escalation]:
    """Of the process itself: of no ticket, no feed's run and no vendor's cut-off. Held until commit."""
    of_cut_off = CutOffNotice.objects.filter(escalation__isnull=False).values("escalation")
    rows = (
        escalations()
        .exclude(id__in=of_cut_off)
        .filter(process=process, ticket__isnull=True, feed_run__isnull=True, breach__isnull=True, ended_at__isnull=True)
    )
    return rows.select_for_update(of=("self",)).order_by("began_at")


def end_if_nothing_is_missing(process: Process, *, now: datetime) -> None:
    """Whoever was sent for hears that it is over. The process is held, as the sweep holds it: what that adds is seen here."""
    Process.objects.select_for_update(of=("self",), no_key=True).get(id=process.id)
    if Change.objects.filter(CALLED, process=process).exists():
        return
    for escalation in open_ladders(process):
        climber = Climber(now)
        steps = Step.objects.filter(escalation=escalation).select_related("owner").order_by("level", "order")
        people = once([*(step.owner for step in steps), *climber.owners_now(process)])
        with climber.words():
            climber.end(escalation, why=_("Nothing is missing downstream any more."))
        path = reverse("changes", args=[process.slug])
        climber.post.send(people, lambda: _over(process, now), key=f"ladder:{escalation.id}:over", path=path)


def _over(process: Process, now: datetime) -> tuple[str, list[str]]:
    said = _("Nothing is missing downstream any more, since %(time)s.") % {"time": notices.clock(now)}
    return _("Over: %(what)s") % {"what": process.name}, [said, _("Nothing more is to be done on this ladder.")]
