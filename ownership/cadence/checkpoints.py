"""The weekly checkpoint: at the hour that was chosen (Wednesday, 2 PM) those who own systems meet over a page that nobody had to write.

A row for the next one is always there, and says the day and time that were chosen; half an hour before it is written from data and
sent. On such a day without school nobody meets: it is the next with school.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.calendar import Calendar
from districts.models import Person
from districts.queries import calendar_of, this_district
from districts.scope import district_scope, require_district_id
from ownership.cadence.figures import Body
from ownership.cadence.gathering import gather
from ownership.duty.roles import LEADERS, Roster, once
from ownership.ladders.climbing import WITH_OWNERS, owners
from ownership.ladders.notices import Post, clock
from ownership.models import Checkpoint, OwnerRole, Process

WEEK = timedelta(days=7)
WRITTEN = timedelta(minutes=30)  # before
WEEKS_AHEAD = 20
LONGEST_NOTES = 10_000


@dataclass(frozen=True)
class Meeting:
    """When of a week: `weekday` from Monday 0, `minute` of the day on the district's clock."""

    weekday: int = 2
    minute: int = 14 * 60

    def on_or_after(self, day: date) -> date:
        return day + timedelta(days=(self.weekday - day.weekday()) % 7)


USUAL = Meeting()


def plan(district_id: UUID, *, now: datetime) -> int:
    """There is a row for the next one; what the calendar has come to allow sooner is sooner. Two sweeps at once make one."""
    with district_scope(district_id):
        _hold()
        ahead = Checkpoint.objects.filter(meets_at__gt=now)
        later = ahead.filter(write_at__isnull=False, meets_at__gt=upcoming(now))
        if not ahead.exists() or later.exists():
            meeting = chosen()
            later.delete()
            _expect(meeting, after=_met(now), now=now)
    return 1


def upcoming(now: datetime) -> datetime:
    """When they meet next, by what was chosen and the calendar of today."""
    return next_meeting(calendar_of(this_district(), now=now), after=_met(now), meeting=chosen())


def _met(now: datetime) -> datetime:
    """Nobody meets twice in a week: the end of that of the last one written, or now."""
    written = Checkpoint.objects.filter(written_at__isnull=False).order_by("-meets_at").first()
    if written is None:
        return now
    calendar = calendar_of(this_district(), now=now)
    day = calendar.local_date(written.meets_at)
    return max(now, calendar.at_local(day + timedelta(days=7 - day.weekday()), 0))


def chosen() -> Meeting:
    """What the newest row says."""
    row = Checkpoint.objects.order_by("-meets_at").first()
    return _of(row) if row else USUAL


def choose(meeting: Meeting, *, now: datetime) -> bool:
    """They meet then from now on. One that is written already stays as it is, the one after it moves. False: nothing was different."""
    _hold()
    if chosen() == meeting:
        return False
    Checkpoint.objects.filter(meets_at__gt=now, write_at__isnull=False).delete()
    _expect(meeting, after=_met(now), now=now)
    return True


def _hold() -> None:
    """Until this transaction ends, nobody else says when the next one is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"checkpoints {require_district_id()}"])


def _of(row: Checkpoint) -> Meeting:
    return Meeting(row.weekday, row.minute)


def _expect(meeting: Meeting, *, after: datetime, now: datetime) -> None:
    meets_at = next_meeting(calendar_of(this_district(), now=now), after=after, meeting=meeting)
    row = Checkpoint(meets_at=meets_at, write_at=meets_at - WRITTEN, weekday=meeting.weekday, minute=meeting.minute)
    Checkpoint.objects.bulk_create([row], ignore_conflicts=True)


def next_meeting(calendar: Calendar, *, after: datetime, meeting: Meeting = USUAL) -> datetime:
    """The first such day of a week with school; with none in sight, the next without."""
    day = meeting.on_or_after(calendar.local_date(after))
    if calendar.at_local(day, meeting.minute) <= after:
        day += WEEK
    choices = [day + week * WEEK for week in range(WEEKS_AHEAD)]
    return calendar.at_local(next((one for one in choices if calendar.is_school_day(one)), day), meeting.minute)


def write(district_id: UUID, *, now: datetime) -> int:
    """Those whose time has come are written, and sent to the owners and the leaders. Each once."""
    with district_scope(district_id):
        _hold()
        due = Checkpoint.objects.filter(write_at__lte=now).order_by("write_at").select_for_update(skip_locked=True)
        rows = list(due[:1])
        calendar = calendar_of(this_district(), now=now)
        for row in rows:
            if next_meeting(calendar, after=row.meets_at - WRITTEN, meeting=_of(row)) != row.meets_at:
                _expect(_of(row), after=row.meets_at, now=now)
                row.delete()  # it has become a day without school: nobody meets
                continue
            row.body, row.written_at, row.write_at = gather(since=_since(row), now=now).kept(), now, None
            row.save(update_fields=["body", "written_at", "write_at"])
            _send(row, now=now)
    return len(rows)


def _since(row: Checkpoint) -> datetime:
    """The one before; the first looks back a week."""
    before = Checkpoint.objects.filter(meets_at__lt=row.meets_at, written_at__isnull=False).order_by("-meets_at").first()
    week = row.meets_at - timedelta(days=7)
    return max(before.written_at or before.meets_at, row.meets_at - timedelta(days=35)) if before else week


def note(checkpoint_id: UUID, *, words: str, by: Person, now: datetime) -> bool:
    """What was agreed; the words that stood there are replaced. False: nothing was different. Raises Checkpoint.DoesNotExist."""
    row = Checkpoint.objects.select_for_update(no_key=True).get(id=checkpoint_id)
    said = words.replace("\0", "").strip()[:LONGEST_NOTES]
    if said == row.notes:
        return False
    row.notes, row.noted_by = said, by
    row.save(update_fields=["notes", "noted_by"])
    return True


def people(now: datetime) -> list[Person]:
    """Who meets: the owners of every process, and the leaders."""
    roster = Roster(now)
    roles = [role for process in Process.objects.select_related(*WITH_OWNERS) for role in owners(process)]
    leaders = OwnerRole.objects.filter(slug=LEADERS).first() or OwnerRole(slug=LEADERS, name="")
    return once([*(roster.find(role).owner for role in roles), *roster.find(leaders).people])


def _send(row: Checkpoint, *, now: datetime) -> None:
    body = Body.read(row.body)

    def letter() -> tuple[str, list[str]]:
        subject = _("Checkpoint on %(time)s: %(what)s") % {"time": clock(row.meets_at), "what": headline(body)}
        lines = [f"- {line.name}: {line.said}" for line in body.lines if line.trouble]
        return subject, [headline(body), "\n".join(lines), _("The whole page is here, and prints on a sheet or two:")]

    Post(this_district(), now).send(people(now), letter, key=f"checkpoint:{row.id}", path=path_of(row))


def path_of(row: Checkpoint) -> str:
    return reverse("checkpoint", args=[row.id])


def headline(body: Body) -> str:
    """The finding, in one sentence."""
    trouble = sum(line.trouble for line in body.lines)
    watched = sum(line.expected > 0 for line in body.lines)
    if not watched and not trouble:
        return _("Nothing was expected of any feed since the last checkpoint.")
    kept = body.kept_percent
    if not trouble:
        return _("All %(n)d watched processes run; %(kept)d %% of what was expected came in time.") % {"n": watched, "kept": kept}
    said = ngettext("%(n)d process is in trouble", "%(n)d processes are in trouble", trouble) % {"n": trouble}
    if not watched:
        return _("%(trouble)s; nothing was expected of any feed since the last checkpoint.") % {"trouble": said}
    return _("%(trouble)s; %(kept)d %% of what was expected came in time.") % {"trouble": said, "kept": kept}
