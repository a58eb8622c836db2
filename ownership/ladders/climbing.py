"""Climbing: a rung's people are told and its actions become owned steps; who is not there is passed over, and that is said.

Everything here runs inside a scope with the escalation's row held, and writes down what it did: on the ticket as an Event, for
a feed as a line of its run's note.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import District, Person
from districts.queries import this_district
from districts.scope import require_district_id
from districts.together import insert, together
from ownership.duty.roles import LEADERS, Found, Roster, once
from ownership.ladders import notices
from ownership.models import Escalation, Feed, FeedRun, Ladder, OwnerRole, Process, Rung, Step
from tickets import actions as tickets
from tickets.models import Event

TICKETS, FEEDS = "tickets", "feeds"  # slugs of the ladders a district falls back on
LOOK_AGAIN = timedelta(hours=1)  # after no rung had anybody
PLACE = {  # what climbing changes of an escalation: column → its type
    "id": "uuid", "level": "smallint", "climb_at": "timestamptz", "acknowledged_at": "timestamptz", "acknowledged_by_id": "uuid",
    "snoozed_until": "timestamptz", "snoozed_by_id": "uuid", "ended_at": "timestamptz",
}  # fmt: skip
log = structlog.get_logger(__name__)

WITH_OWNERS = ("ladder", "primary__holder", "primary__deputy", "secondary__holder", "secondary__deputy")  # with a process
WITH_ALL = (
    "ladder", "ticket__team", "ticket__requester", "breach__clock", "breach__team", "feed_run__feed", "process",
    *(f"process__{name}" for name in WITH_OWNERS),
)  # fmt: skip


def held(escalation_id: UUID) -> Escalation:
    """The escalation with all it speaks of, its row held until commit. Raises Escalation.DoesNotExist."""
    return escalations().select_for_update(of=("self",)).get(id=escalation_id)


def escalations() -> QuerySet[Escalation]:
    return Escalation.objects.select_related(*WITH_ALL)


def fallback_ladder(slug: str) -> Ladder:
    """The district's own ladder of that slug, made where there is none: the first in line at once, its leaders in an hour."""
    return Ladder.objects.filter(slug=slug, rungs__isnull=False).first() or _make(slug)


def ladder_of(process: Process) -> Ladder:
    """A ladder without rungs would lose the alert: then the district's own."""
    has_rungs = process.ladder_id is not None and Rung.objects.filter(ladder_id=process.ladder_id).exists()
    return process.ladder if has_rungs else fallback_ladder(FEEDS)


def back(feed: Feed, *, now: datetime) -> None:
    """The feed ran again: whatever was being climbed for it is over, and those who were sent for hear it."""
    for escalation in escalations().filter(feed_run__feed=feed, ended_at__isnull=True).select_for_update(of=("self",)):
        climber = Climber(now)
        owners_of_steps = Step.objects.filter(escalation=escalation).select_related("owner").order_by("level", "order")
        people = once([*(step.owner for step in owners_of_steps), *climber.owners_now(escalation.process)])
        with climber.words():
            climber.end(escalation, why=_("It has run again."))
        climber.post.over(escalation, people)


def kept_or_drafted(slug: str) -> tuple[Ladder, list[Rung]]:
    """A ladder with its rungs as it would be climbed now; writes nothing. Raises Ladder.DoesNotExist."""
    ladder = Ladder.objects.filter(slug=slug).first()
    rungs = rungs_of(ladder.id) if ladder else []
    if rungs or slug not in (TICKETS, FEEDS):
        return (ladder, rungs) if ladder else (Ladder.objects.get(slug=slug), [])
    drafted, rungs = _drafted(slug)
    return ladder or drafted, rungs


def rungs_of(ladder_id: UUID) -> list[Rung]:
    rows = Rung.objects.filter(ladder_id=ladder_id).select_related("role__holder", "role__deputy", "role__team", "team")
    return list(rows.order_by("level"))


def _drafted(slug: str) -> tuple[Ladder, list[Rung]]:
    """The ladder a district begins with, not saved."""
    with override(_language(this_district())):
        name = {TICKETS: _("Late tickets"), FEEDS: _("Feeds without a ladder of their own")}[slug]
        first = {TICKETS: _("Contact the requester and set a new time"), FEEDS: _("Find out why, and do the work by hand meanwhile")}
        second = {TICKETS: _("Agree with the team who answers, and by when"), FEEDS: _("Decide how long the work is done by hand")}
        ladder = Ladder(slug=slug, name=name)
        leaders = OwnerRole.objects.filter(slug=LEADERS).first() or OwnerRole(slug=LEADERS, name=_("District leaders"))
        return ladder, [
            Rung(ladder=ladder, level=1, after_minutes=0, actions=[first[slug]]),
            Rung(ladder=ladder, level=2, after_minutes=60, role=leaders, actions=[second[slug]]),
        ]


def _make(slug: str) -> Ladder:
    drafted, rungs = _drafted(slug)
    ladder, _made = Ladder.objects.get_or_create(slug=slug, defaults={"name": drafted.name})
    for rung in rungs:
        rung.ladder = ladder
        if rung.role:
            rung.role, _made = OwnerRole.objects.get_or_create(slug=rung.role.slug, defaults={"name": rung.role.name})
    Rung.objects.bulk_create(rungs, ignore_conflicts=True)
    return ladder


@dataclass(frozen=True)
class Stop:
    """A rung that somebody is told on, and the rungs passed over on the way there because nobody could be found for them."""

    at: datetime
    rung: Rung | None  # None: nobody on any rung that is left
    found: Found
    skipped: tuple[Rung, ...] = ()


def walk(rungs: Sequence[Rung], *, began: datetime, find: Callable[[Rung, datetime], Found]) -> list[Stop]:
    """How a ladder is climbed when nobody acknowledges: what `Climber` does, without doing it. Pure."""
    stops: list[Stop] = []
    left, at = list(rungs), began + timedelta(minutes=rungs[0].after_minutes) if rungs else began
    while left:
        found = [find(rung, at) for rung in left]
        first = next((n for n, one in enumerate(found) if one.owner), None)
        if first is None:
            return [*stops, Stop(at, None, Found(), tuple(left))]
        stops.append(Stop(at, left[first], found[first], tuple(left[:first])))
        left = left[first + 1 :]
        if left:
            at = max(at, began + timedelta(minutes=left[0].after_minutes))
    return stops


def whom(rung: Rung, about: Escalation, roster: Roster) -> Found:
    """The rung's team or role as people; with neither: the lead of the ticket's team, or the process's own owners."""
    if rung.team_id:
        return roster.on_call(rung.team_id)
    if rung.role:
        return roster.find(rung.role)
    if about.ticket:
        return roster.find(None, team_id=about.ticket.team_id)
    found = (roster.find(role) for role in owners(about.process))
    return next((one for one in found if one.owner), None) or roster.find(None)


def _language(district: District) -> str:
    return str(district.languages[0]) if district.languages else "en"


@dataclass
class Climber:
    """What one sweep knows while it climbs: the time, who is here today, and the rungs it has read."""

    now: datetime
    district: District = field(default_factory=this_district)
    _rungs: dict[UUID, list[Rung]] = field(default_factory=dict)
    _fallbacks: dict[str, Ladder] = field(default_factory=dict)
    _changed: dict[UUID, Escalation] | None = None  # inside `at_once`: what is written at its end

    def __post_init__(self) -> None:
        self.roster = Roster(self.now, self.district)
        self.post = notices.Post(self.district, self.now)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Whatever is begun and climbed in here is written at its end, in one statement a table, and then told; or not at all.

        What is written is not in the tables before that: for ladders that do not look at one another.
        """
        if self._changed is not None:
            yield
            return
        self._changed = {}
        try:
            with self.post.together():
                with together():
                    yield
                _write_places(list(self._changed.values()))
        finally:
            self._changed = None

    def begin(self, escalation: Escalation) -> Escalation:
        """Save a new escalation and climb its first rung, unless that one comes later."""
        escalation.began_at = self.now
        first = next(iter(self.rungs(escalation.ladder_id)), None)
        with self.at_once():
            insert(escalation)
            if first and first.after_minutes:
                self._set(escalation, climb_at=self.now + timedelta(minutes=first.after_minutes))
            else:
                self.climb(escalation)
        return escalation

    def forget(self) -> None:
        """What was read since may have been made by what is undone now."""
        self._fallbacks.clear()
        self._rungs.clear()

    def fallback(self, slug: str) -> Ladder:
        """The district's own ladder of that slug."""
        if slug not in self._fallbacks:
            self._fallbacks[slug] = fallback_ladder(slug)
        return self._fallbacks[slug]

    def climb(self, escalation: Escalation) -> None:
        """The next rung that has somebody. Those without are passed over at once; their work goes to whoever is found."""
        over = self.why_over(escalation)
        if over:
            return self.end(escalation, why=over)
        if escalation.snoozed_until and escalation.level:
            return self._awake(escalation)
        left = [rung for rung in self.rungs(escalation.ladder_id) if rung.level > escalation.level]
        if not left:
            return self._broken_at_the_top(escalation)
        for passed, rung in enumerate(left):
            found = self.find(escalation, rung)
            if found.owner:
                return self._stand_on(escalation, rung, found, skipped=left[:passed], left=left[passed + 1 :])
            self.record(escalation, "skipped", rung=rung)
        log.error("ladder_has_nobody", escalation=str(escalation.id))
        return self._set(escalation, climb_at=self.now + LOOK_AGAIN)

    def why_over(self, escalation: Escalation) -> str:
        """Why nobody needs to climb any more, in words; empty while somebody does."""
        with self.words():
            if escalation.ticket and not escalation.ticket.is_live:
                return _("The ticket is resolved.")
            if escalation.breach and escalation.breach.clock.ended_at:
                return _("What was promised has been done.")
        return ""

    def find(self, escalation: Escalation, rung: Rung) -> Found:
        return whom(rung, escalation, self.roster)

    def rungs(self, ladder_id: UUID) -> list[Rung]:
        if ladder_id not in self._rungs:
            self._rungs[ladder_id] = rungs_of(ladder_id)
        return self._rungs[ladder_id]

    def owners_now(self, process: Process | None) -> list[Person]:
        """Primary and secondary owner, as people."""
        return once(self.roster.find(role).owner for role in owners(process))

    def end(self, escalation: Escalation, *, why: str) -> None:
        """Over. Steps nobody needs to do any more are closed with the reason, and with nobody's name."""
        Step.objects.filter(escalation=escalation, done_at__isnull=True).update(done_at=self.now, evidence=why)
        self._set(escalation, ended_at=self.now, climb_at=None)
        self.record(escalation, "ended", why=why)

    def record(
        self, escalation: Escalation, act: str, *, rung: Rung | None = None, people: Sequence[Person] = (),
        by: Person | None = None, why: str = "",
    ) -> None:  # fmt: skip
        """Every climb, skip, acknowledgement, step and end: an Event of the ticket, or a line of the run's note."""
        level = rung.level if rung else escalation.level
        who = [person.name for person in people]
        if escalation.ticket:
            data = {
                "act": act, "escalation": str(escalation.id), "level": level, "people": who, "why": why,
                "role": rung.role.name if rung and rung.role else "",
            }  # fmt: skip
            tickets.record(escalation.ticket, Event.Kind.ESCALATED, by=by, now=self.now, data=data)
        elif escalation.feed_run_id:
            with self.words():
                line = notices.line(act, level=level, rung=rung, people=who, by=by, why=why)
                self.note(escalation.feed_run_id, line)

    def join(self, escalation: Escalation, run: FeedRun) -> None:
        """More trouble of a feed whose ladder is being climbed already."""
        self.record(escalation, "again")
        with self.words():
            self.note(run.id, _("Joined to the ladder that was begun on %(time)s.") % {"time": notices.clock(escalation.began_at)})

    @contextmanager
    def words(self) -> Iterator[None]:
        """What is written into rows is in the district's first language and its own time."""
        with override(_language(self.district)), timezone.override(self.district.zone):
            yield

    def note(self, run_id: UUID, line: str) -> None:
        """Add a line to a run's note, with the local time."""
        with self.words():
            at = notices.clock(self.now)
        FeedRun.objects.filter(id=run_id).update(note=Concat(F("note"), Value(f"\n{at}: {line}")))

    def _stand_on(self, escalation: Escalation, rung: Rung, found: Found, *, skipped: list[Rung], left: list[Rung]) -> None:
        people = list(found.people)
        if escalation.level == 0:
            people = once([*people, *self.owners_now(escalation.process)])
        acknowledged = escalation.acknowledged_at is not None
        self._set(
            escalation, level=rung.level, acknowledged_at=None, acknowledged_by=None, snoozed_until=None, snoozed_by=None,
            climb_at=self._next(escalation, rung, left, acknowledged=acknowledged),
        )  # fmt: skip
        steps = [step for r in (*skipped, rung) for step in self._steps(escalation, r, found)]
        insert(*steps)
        self._name(escalation, found)
        self.record(escalation, "climbed", rung=rung, people=people)
        self.post.climbed(escalation, rung, found, people, steps, skipped)

    def _next(self, escalation: Escalation, rung: Rung, left: list[Rung], *, acknowledged: bool) -> datetime | None:
        """By the ladder's own times; after an acknowledgement that was not kept, the rung still gets its time."""
        if not left:
            return None
        planned = escalation.began_at + timedelta(minutes=left[0].after_minutes)
        if not acknowledged:
            return planned
        return max(planned, self.now + timedelta(minutes=left[0].after_minutes - rung.after_minutes))

    def _steps(self, escalation: Escalation, rung: Rung, found: Found) -> list[Step]:
        who = {"owner": found.owner, "role": rung.role, "due_at": self.now + timedelta(minutes=rung.step_minutes)}
        return [
            Step(escalation=escalation, level=rung.level, order=n, title=action.title[:300], proof=action.proof, **who)
            for n, action in enumerate(rung.todo)
        ]

    def _name(self, escalation: Escalation, found: Found) -> None:
        """Whoever owns a step of a sensitive ticket is asked to help with it, and so may read it."""
        if escalation.ticket and escalation.ticket.sensitive and found.owner:
            tickets.follow(escalation.ticket, person=found.owner, now=self.now)

    def _awake(self, escalation: Escalation) -> None:
        """It was put off, and the time is over: whoever has the steps hears it again, and the ladder goes on from where it stood."""
        rungs = self.rungs(escalation.ladder_id)
        here = next((rung for rung in reversed(rungs) if rung.level <= escalation.level), None)
        left = [rung for rung in rungs if rung.level > escalation.level]
        open_steps = Step.objects.filter(escalation=escalation, done_at__isnull=True)
        people = self._still_here([*(step.owner for step in open_steps.select_related("owner")), escalation.snoozed_by])
        if not people and here:
            people = list(self.find(escalation, here).people)
        minutes = here.step_minutes if here else 60
        open_steps.filter(due_at__lte=self.now).update(due_at=self.now + timedelta(minutes=minutes))
        key = f"awake{escalation.snoozed_until:%m%d%H%M%S}"
        following = self._next(escalation, here, left, acknowledged=True) if here else None
        self._set(
            escalation, snoozed_until=None, snoozed_by=None, acknowledged_at=None, acknowledged_by=None, climb_at=following
        )  # fmt: skip
        self.record(escalation, "awake", people=people)
        self.post.awake(escalation, here, people, key=key)

    def _broken_at_the_top(self, escalation: Escalation) -> None:
        """Acknowledged at the top, and not done in time: there is nobody above, so the same people hear it again."""
        rungs = self.rungs(escalation.ladder_id)
        acknowledged, by = escalation.acknowledged_at, escalation.acknowledged_by
        self._set(escalation, climb_at=None, acknowledged_at=None, acknowledged_by=None, snoozed_until=None, snoozed_by=None)
        if not rungs or not acknowledged:
            return
        people = self._still_here([by, *self.find(escalation, rungs[-1]).people])
        self.record(escalation, "broken", rung=rungs[-1], people=people)
        self.post.broken(escalation, rungs[-1], people, key=f"{acknowledged:%m%d%H%M%S}")

    def _still_here(self, people: Iterable[Person | None]) -> list[Person]:
        """Without those who have left since."""
        return [person for person in once(people) if not self.roster.has_left(person)]

    def _set(self, escalation: Escalation, **values: object) -> None:
        for name, value in values.items():
            setattr(escalation, name, value)
        if escalation._state.adding:  # it is written with these values a moment from now
            return
        if self._changed is None:
            escalation.save(update_fields=list(values))
        else:
            self._changed[escalation.id] = escalation


def _write_places(rows: Sequence[Escalation]) -> None:
    """Where each stands now, in one statement that is planned as quickly for a hundred as for one."""
    if not rows:
        return
    values = ", ".join(f"{column} = v.{column}" for column in PLACE if column != "id")
    lists = ", ".join(f"%s::{kind}[]" for kind in PLACE.values())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Escalation._meta.db_table} e SET {values} FROM unnest({lists}) v ({', '.join(PLACE)})"
            " WHERE e.district_id = %s AND e.id = v.id",
            [*([getattr(row, column) for row in rows] for column in PLACE), require_district_id()],
        )


def owners(process: Process | None) -> list[OwnerRole]:
    return [role for role in (process.primary, process.secondary) if role] if process else []
