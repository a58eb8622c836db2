"""What people and machines do on this floor: ping a feed, take a ladder in hand, put it off, send it on, do a step and prove it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _

from districts.models import District, Person
from ownership.feeds.pings import Told, hear
from ownership.ladders.climbing import Climber, held
from ownership.ladders.notices import clock
from ownership.models import Escalation, Feed, FeedRun, Rung, Step, StepFile
from ownership.proofs import EvidenceMissing, NotNow, plain, proven, reason
from tickets import actions as tickets
from tickets.actions import NewFile

__all__ = [
    "EvidenceMissing", "NotNow", "Told", "acknowledge", "complete", "hear", "ping", "raise_now", "reassign", "skip", "snooze",
]  # fmt: skip
LONGEST_SNOOZE = timedelta(days=1)
LONGEST_IN_ALL = timedelta(days=3)  # a weekend, Friday to Monday: what waits longer is somebody's work, or nobody's
SHORTEST_SNOOZE = timedelta(minutes=1)
IN_HAND = ("acknowledged_at", "acknowledged_by", "snoozed_until", "snoozed_by", "snoozed_seconds")


def ping(
    feed: Feed, *, outcome: str, counts: Mapping[str, float], note: str, now: datetime, district: District | None = None
) -> FeedRun:  # fmt: skip
    """The plainest thing that a feed can tell."""
    return hear(feed, Told(outcome, counts, note), now=now, district=district)


def acknowledge(escalation_id: UUID, *, by: Person, why: str = "", now: datetime) -> bool:
    """Somebody has it: no climb until the first of its steps is due. False: it is over, or somebody had it before.

    `why`: how they said so, where it was not on our pages.

    Steps whose time had passed get their time anew, once: another acknowledgement counts only on a higher rung.
    """
    escalation = held(escalation_id)
    if escalation.ended_at or escalation.acknowledged_at:
        return False
    climber = Climber(now)
    fresh = now + timedelta(minutes=_step_minutes(escalation, climber))
    _open_steps(escalation).filter(due_at__lte=now).update(due_at=fresh)
    escalation.acknowledged_at, escalation.acknowledged_by = now, by
    escalation.snoozed_seconds = _put_off(escalation, now=now)
    escalation.snoozed_until, escalation.snoozed_by = None, None
    escalation.climb_at = _first_due(escalation) or fresh
    escalation.save(update_fields=[*IN_HAND, "climb_at"])
    climber.record(escalation, "acknowledged", by=by, why=why)
    return True


def snooze(escalation_id: UUID, *, by: Person, until: datetime, why: str, now: datetime) -> bool:
    """Nobody hears of it until then; it comes back by itself. False: it is over. Raises NotNow.

    Three days in all for one ladder, whoever puts it off: again and again would be a way to switch it off.
    """
    escalation = held(escalation_id)
    if escalation.ended_at:
        return False
    said = reason(why)
    if not now < until <= now + LONGEST_SNOOZE:
        raise NotNow(_("It can be put off for a day at most, and not into the past."))
    before = _put_off(escalation, now=now)
    _require_time(LONGEST_IN_ALL - timedelta(seconds=before), until=until, now=now)
    escalation.snoozed_seconds = before + ceil((until - now).total_seconds())
    escalation.acknowledged_at = escalation.acknowledged_by = None
    escalation.snoozed_until, escalation.snoozed_by, escalation.climb_at = until, by, until
    escalation.save(update_fields=[*IN_HAND, "climb_at"])
    Climber(now).record(escalation, "snoozed", by=by, why=said)
    return True


def raise_now(escalation_id: UUID, *, by: Person, why: str = "", now: datetime) -> bool:
    """The next rung is sent for at once. False: it is over. Raises NotNow at the top."""
    escalation = held(escalation_id)
    if escalation.ended_at:
        return False
    climber = Climber(now)
    if _next_rung(escalation, climber) is None:
        raise NotNow(_("It stands on the top rung already: there is nobody above."))
    climber.record(escalation, "raised", by=by, why=plain(why))
    escalation.snoozed_seconds, escalation.snoozed_until = _put_off(escalation, now=now), None
    escalation.save(update_fields=["snoozed_seconds", "snoozed_until"])
    climber.climb(escalation)
    return True


def skip(escalation_id: UUID, *, by: Person, why: str, now: datetime) -> bool:
    """The next rung is left out. False: it is over. Raises NotNow: without a reason, and where nobody would be left above."""
    escalation = held(escalation_id)
    if escalation.ended_at:
        return False
    said, climber = reason(why), Climber(now)
    left = [rung for rung in climber.rungs(escalation.ladder_id) if rung.level > escalation.level]
    if len(left) < 2:
        raise NotNow(_("The last rung cannot be left out: nobody would hear of it any more. You can put it off."))
    climber.record(escalation, "passed", rung=left[0], by=by, why=said)
    escalation.level = left[0].level
    planned = escalation.began_at + timedelta(minutes=left[1].after_minutes)
    if escalation.acknowledged_at is None and escalation.snoozed_until is None:
        escalation.climb_at = max(planned, now)
    escalation.save(update_fields=["level", "climb_at"])
    return True


def complete(step_id: UUID, *, by: Person, evidence: str, now: datetime, files: Sequence[NewFile] = ()) -> bool:
    """Done, and this is how one can tell. When it was the last step, the ladder is over. False: it was done before.

    Raises EvidenceMissing, Step.DoesNotExist.
    """
    step = Step.objects.get(id=step_id)
    said = proven(step.proof, evidence, files)
    escalation = held(step.escalation_id)
    if not _open_steps(escalation).filter(id=step.id).update(done_at=now, done_by=by, evidence=said):
        return False
    StepFile.objects.bulk_create(
        StepFile(step=step, name=f.name[:200], content_type=f.content_type, size=f.size, path=f.path, by=by, at=now) for f in files
    )
    climber = Climber(now)
    climber.record(escalation, "done", by=by, why=f"{step.title}: {said}")
    if not _open_steps(escalation).exists():
        with climber.words():
            climber.end(escalation, why=_("All steps are done."))
    elif escalation.acknowledged_at:
        escalation.climb_at = _first_due(escalation)
        escalation.save(update_fields=["climb_at"])
    return True


def reassign(step_id: UUID, *, to: Person, by: Person, now: datetime) -> bool:
    """Somebody else has the step, and hears of it. False: it is done, or theirs already. Raises Step.DoesNotExist."""
    step = Step.objects.get(id=step_id)
    escalation = held(step.escalation_id)
    if not _open_steps(escalation).filter(id=step.id).exclude(owner=to).update(owner=to):
        return False
    step.owner = to
    if escalation.ticket and escalation.ticket.sensitive:
        tickets.follow(escalation.ticket, person=to, now=now)
    climber = Climber(now)
    climber.record(escalation, "given", people=[to], by=by, why=step.title)
    if to.id != by.id:
        climber.post.reassigned(step, escalation, by=by)
    return True


def _put_off(escalation: Escalation, *, now: datetime) -> int:
    """Seconds for which it was put off until now: what is left of a time that ends early does not count."""
    left = escalation.snoozed_until - now if escalation.snoozed_until else timedelta()
    return max(0, escalation.snoozed_seconds - max(0, int(left.total_seconds())))


def _require_time(left: timedelta, *, until: datetime, now: datetime) -> None:
    """Raises NotNow."""
    if until <= now + left:
        return
    if left < SHORTEST_SNOOZE:
        raise NotNow(_("It was put off for three days in all, and no longer: take it, give its steps to somebody, or climb now."))
    raise NotNow(_("Three days in all are the most. It can be put off until %(time)s.") % {"time": clock(now + left)})


def _next_rung(escalation: Escalation, climber: Climber) -> Rung | None:
    return next((rung for rung in climber.rungs(escalation.ladder_id) if rung.level > escalation.level), None)


def _step_minutes(escalation: Escalation, climber: Climber) -> int:
    return next((rung.step_minutes for rung in climber.rungs(escalation.ladder_id) if rung.level == escalation.level), 60)


def _open_steps(escalation: Escalation) -> QuerySet[Step]:
    return Step.objects.filter(escalation=escalation, done_at__isnull=True)


def _first_due(escalation: Escalation) -> datetime | None:
    first: datetime | None = _open_steps(escalation).aggregate(first=Min("due_at"))["first"]
    return first
