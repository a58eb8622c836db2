"""A playbook at work: it begins, its steps are done, left out or given to others, and it ends. One act, one transaction.

Each act holds the run's row, so of two people who do the same at once the second one gets False.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _

from districts.calendar import Calendar
from districts.models import Person
from districts.queries import calendar_of, this_district
from ownership.duty.roles import Roster
from ownership.ladders.notices import Post
from ownership.models import FeedRun, Playbook, PlaybookRun, Process, RunStep, RunStepFile, Vendor
from ownership.playbooks import line, timing
from ownership.playbooks.ordering import circle, known, ready
from ownership.playbooks.owning import owner_of, signer_of
from ownership.playbooks.telling import Told, on_ticket
from ownership.proofs import EvidenceMissing, NotNow, plain, proven, reason
from tickets import actions as tickets
from tickets.actions import NewFile
from tickets.models import Ticket

__all__ = ["EvidenceMissing", "NotNow", "begin", "complete", "give", "held", "sign", "skip", "stop", "watch_next"]

RELATED = (
    "playbook", "ticket", "person", "began_by", "process__primary__holder", "process__primary__deputy", "process__secondary__holder",
    "process__secondary__deputy", "vendor__owner__holder", "vendor__owner__deputy",
)  # fmt: skip
WITH_PEOPLE = ("owner", "team", "role__holder", "role__deputy")


@dataclass(frozen=True)
class _Now:
    """One moment of one run."""

    run: PlaybookRun
    now: datetime
    roster: Roster
    calendar: Calendar
    told: Told


def _at(run: PlaybookRun, now: datetime, post: Post | None = None) -> _Now:
    district = this_district()
    return _Now(run, now, Roster(now, district), calendar_of(district, now=now), Told(run, post or Post(district, now)))


def held(run_id: UUID) -> PlaybookRun:
    """The run with all it speaks of, its row held until commit. Raises PlaybookRun.DoesNotExist."""
    return PlaybookRun.objects.select_related(*RELATED).select_for_update(of=("self",)).get(id=run_id)


# --- it begins --------------------------------------------------------------------------------------------------------


def begin(
    playbook: Playbook, *, title: str, by: Person | None, now: datetime, ticket: Ticket | None = None, process: Process | None = None,
    feed_run: FeedRun | None = None, vendor: Vendor | None = None, person: Person | None = None,
    facts: Mapping[str, str] | None = None, post: Post | None = None,
) -> PlaybookRun:  # fmt: skip
    """Its steps are copied; those that wait for nothing open at once, and their owners are told. Raises NotNow where it has none.

    `by` empty: the system. `person`: whom it is about, who reads the playbook's line. `facts`: what was filled in. `post`: where the
    owners are told of other things at the same time.
    """
    kept = list(playbook.steps.select_related("role__holder", "role__deputy", "team").order_by("order"))
    after = known({step.order: step.after for step in kept})
    if not kept:
        raise NotNow(_("“%(name)s” has no steps yet.") % {"name": playbook.name})
    if circle(after):
        raise NotNow(_("Steps of “%(name)s” wait for one another: nobody could begin.") % {"name": playbook.name})
    run = PlaybookRun.objects.create(
        playbook=playbook, title=title[:300], ticket=ticket, process=process, feed_run=feed_run, vendor=vendor, person=person,
        gated=playbook.gated, facts=dict(facts or {}), began_at=now, began_by=by,
    )  # fmt: skip
    at = _at(run, now, post)
    names = ("order", "part", "title", "detail", "role", "team", "terms", "proof")
    rows = [RunStep(run=run, after=after[step.order], **{name: getattr(step, name) for name in names}) for step in kept]
    for row in rows:
        row.owner = owner_of(row, run, at.roster)
    RunStep.objects.bulk_create(rows)
    _open(at, [row for row in rows if not row.after])
    on_ticket(run, this_district(), by=by, now=now)
    line.begun(run, now=now)
    return run


def _open(at: _Now, steps: Sequence[RunStep]) -> None:
    """They may begin: their time runs, and their owners hear of it. Whoever has left meanwhile is no owner."""
    for step in steps:
        step.open_at, step.due_at = at.now, timing.due_at(step.terms, at.now, at.calendar)
        if step.owner is None or at.roster.has_left(step.owner):
            step.owner = owner_of(step, at.run, at.roster)
        _name(at.run, step.owner, now=at.now)
    RunStep.objects.bulk_update(steps, ["open_at", "due_at", "owner"])
    watch_next(at.run)
    at.told.opened(steps)


def _name(run: PlaybookRun, owner: Person | None, *, now: datetime) -> None:
    """Whoever owns a step about a sensitive ticket is asked to help with it, and so may read it."""
    if run.ticket and run.ticket.sensitive and owner:
        tickets.follow(run.ticket, person=owner, now=now)


def watch_next(run: PlaybookRun) -> None:
    """Set when its first open step is due that was not yet told to be late."""
    waits = _undone(run).filter(late_told_at__isnull=True, open_at__isnull=False)
    run.check_at = None if run.ended_at else waits.aggregate(first=Min("due_at"))["first"]
    run.save(update_fields=["check_at"])


# --- its steps --------------------------------------------------------------------------------------------------------


def complete(step_id: UUID, *, by: Person, evidence: str, files: Sequence[NewFile] = (), now: datetime) -> bool:
    """Done, and this is how one can tell; steps that waited for it open. False: it was done before, or the run is over.

    Raises EvidenceMissing, NotNow where it still waits for others, RunStep.DoesNotExist.
    """
    asked = RunStep.objects.get(id=step_id)
    said = proven(asked.proof, evidence, files)
    run = held(asked.run_id)
    step = _undone(run).filter(id=step_id).first()
    if run.ended_at or step is None:
        return False
    if step.open_at is None:
        raise NotNow(_("It waits for other steps. Leave it out, with a reason, if it is not needed."))
    _settle(step, by=by, said=said, now=now)
    RunStepFile.objects.bulk_create(
        RunStepFile(step=step, name=f.name[:200], content_type=f.content_type, size=f.size, path=f.path, by=by, at=now) for f in files
    )
    _go_on(run, by=by, now=now)
    return True


def skip(step_id: UUID, *, by: Person, why: str, now: datetime) -> bool:
    """Left out, for a reason. False: it was done before, or the run is over. Raises NotNow, RunStep.DoesNotExist."""
    run = held(RunStep.objects.get(id=step_id).run_id)
    step = _undone(run).filter(id=step_id).first()
    if run.ended_at or step is None:
        return False
    step.skipped = True
    _settle(step, by=by, said=reason(why), now=now)
    _go_on(run, by=by, now=now)
    return True


def give(step_id: UUID, *, to: Person, by: Person, now: datetime) -> bool:
    """Somebody else has it, and hears of it. False: it is done, or theirs already. Raises RunStep.DoesNotExist."""
    run = held(RunStep.objects.get(id=step_id).run_id)
    step = _undone(run).select_related(*WITH_PEOPLE).filter(id=step_id).exclude(owner=to).first()
    if run.ended_at or step is None:
        return False
    step.owner = to
    step.save(update_fields=["owner"])
    _name(run, to, now=now)
    if to.id != by.id and step.open_at:
        Told(run, Post(this_district(), now)).given(step, by=by)
    return True


def _settle(step: RunStep, *, by: Person, said: str, now: datetime) -> None:
    step.done_at, step.done_by, step.evidence = now, by, said
    step.save(update_fields=["done_at", "done_by", "evidence", "skipped"])


def _go_on(run: PlaybookRun, *, by: Person, now: datetime) -> None:
    """Open what waited; the last step ends the run, or asks for the signature."""
    at = _at(run, now)
    steps = list(RunStep.objects.filter(run=run).select_related(*WITH_PEOPLE).order_by("order"))
    done = [step.order for step in steps if step.done_at]
    waiting = {step.order: step.after for step in steps if step.open_at is None and step.done_at is None}
    opens = ready(waiting, done)
    if opens:
        _open(at, [step for step in steps if step.order in opens])
    elif len(done) < len(steps):
        watch_next(run)
    elif run.gated:
        watch_next(run)
        at.told.to_sign(signer_of(run, at.roster))
    else:
        _end(run, by=by, now=now)
        line.ended(run, now=now)


# --- it ends ----------------------------------------------------------------------------------------------------------


def sign(run_id: UUID, *, by: Person, written: str, now: datetime) -> bool:
    """The signature that ends a gated run: the name as it was written. False: it is over, or asks for none.

    Raises NotNow while a step is neither done nor left out, and without a name; PlaybookRun.DoesNotExist.
    """
    run = held(run_id)
    if run.ended_at or not run.gated:
        return False
    if _undone(run).exists():
        raise NotNow(_("Not every step is done: it cannot be signed yet."))
    name = plain(written)[:200]
    if not name:
        raise NotNow(_("Write your name as you sign."))
    run.signed_at, run.signed_by, run.signed_as = now, by, name
    run.save(update_fields=["signed_at", "signed_by", "signed_as"])
    _end(run, by=by, now=now)
    line.ended(run, now=now)
    return True


def stop(run_id: UUID, *, by: Person, why: str, now: datetime) -> bool:
    """It ends before every step was done, for a reason. False: it is over already. Raises NotNow, PlaybookRun.DoesNotExist."""
    run = held(run_id)
    if run.ended_at:
        return False
    run.stopped = plain(f"{by.name}: {reason(why)}")
    run.save(update_fields=["stopped"])
    _end(run, by=by, now=now)
    return True


def _end(run: PlaybookRun, *, by: Person, now: datetime) -> None:
    run.ended_at, run.check_at = now, None
    run.save(update_fields=["ended_at", "check_at"])
    on_ticket(run, this_district(), by=by, now=now)


def _undone(run: PlaybookRun) -> QuerySet[RunStep]:
    return RunStep.objects.filter(run=run, done_at__isnull=True)
