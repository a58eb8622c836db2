"""Overrides: who works around what, by hand, why and until when; what it costs; and the question, each month, whether it goes on.

Whoever answers for the process is asked (of none: the lead of the person's team), a month after it was written down or last looked
at, or on the day after it was to end, whichever comes first. One that nobody ended is late from then on, and is asked about weekly.
"""

import calendar as months
from datetime import date, datetime, time, timedelta
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from districts.access import Actor, Can, may
from districts.models import Membership, Person, Team
from districts.queries import this_district
from districts.scope import district_scope
from ownership.duty.roles import Roster
from ownership.ladders.notices import Letter, Post
from ownership.models import Override, OverrideReview, OverrideUse, Process

ASKED_AT = time(9)  # on the district's clock
AGAIN = timedelta(days=7)
POISONED = timedelta(hours=1)
MOST_MONTHS = 3
MOST_TIMES = 20
BATCH = 100
KEEP = "keep"
log = structlog.get_logger(__name__)


class NotLikeThat(ValueError):
    """It cannot go on like that; the text says why."""


def months_on(day: date, n: int) -> date:
    """The same day `n` months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def is_late(override: Override, today: date) -> bool:
    return override.ended_at is None and override.until < today


def write_down(
    what: str, *, why: str, process: Process | None, minutes: int, until: date, by: Person, now: datetime, person: Person | None = None
) -> Override:  # fmt: skip
    """`person`: who does it; whoever writes it down, where nobody is named. `minutes`: each time.

    The same words about the same process, once more on that day, are the same one, with the minutes and the end that were said last.
    """
    today = this_district().today(now)
    person = person or by
    Person.objects.select_for_update(no_key=True).get(id=person.id)  # one at a time
    same = overrides().filter(what=what, why=why, process=process, person=person, began_on=today, ended_at__isnull=True)
    override = same.order_by("id").first()
    new = override is None
    if override is None:
        override = Override(what=what, why=why, process=process, person=person, team=_team_of(person), began_on=today)
    if (override.minutes, override.until) != (minutes, until):
        override.minutes, override.until = minutes, until
        override.review_at = _next_review(override, today)
        override.save(force_insert=new)
    return override


def did_it(override: Override, *, by: Person, times: int = 1, note: str = "", now: datetime) -> OverrideUse | None:
    """Once more, or several times. None: it is over."""
    if override.ended_at:
        return None
    times = max(1, min(times, MOST_TIMES))
    use = OverrideUse(override=override, at=now, by=by, times=times, minutes=times * override.minutes, note=note[:300])
    use.save(force_insert=True)
    return use


def take_back(use: OverrideUse) -> None:
    """A tap too many."""
    use.delete()


def review(override_id: UUID, *, verdict: str, words: str, until: date | None, by: Person, now: datetime) -> bool:
    """It goes on until a day ("keep"), becomes a system, or ends. False: it is over. Raises NotLikeThat."""
    override = Override.objects.select_for_update(of=("self",)).get(id=override_id)
    if override.ended_at:
        return False
    today = this_district().today(now)
    if verdict == KEEP:
        override.until = _until(until, words, today)
        override.review_at = _next_review(override, today)
    else:
        override.ended_at, override.ended_by, override.end, override.review_at = now, by, Override.End(verdict), None
    override.save(update_fields=["until", "review_at", "ended_at", "ended_by", "end"])
    OverrideReview(
        override=override, at=now, by=by, verdict=verdict, words=words, until=override.until if verdict == KEEP else None
    ).save(force_insert=True)  # fmt: skip
    return True


def _until(until: date | None, words: str, today: date) -> date:
    """Raises NotLikeThat."""
    if until is None or not today < until <= months_on(today, MOST_MONTHS):
        raise NotLikeThat(_("It goes on until a day in the next three months: what stays longer wants a system."))
    if not words.strip():
        raise NotLikeThat(_("Say why it goes on: whoever looks at it next wants to know."))
    return until


def _next_review(override: Override, today: date) -> datetime:
    day = min(months_on(today, 1), override.until + timedelta(days=1))
    return datetime.combine(max(day, today + timedelta(days=1)), ASKED_AT, this_district().zone)


def _team_of(person: Person) -> Team | None:
    row = Membership.objects.filter(person=person, team__isnull=False).select_related("team").order_by("id").first()
    return row.team if row else None


# --- who is asked -------------------------------------------------------------------------------------------------------


def asked_for(override: Override, roster: Roster) -> Person | None:
    """Whoever answers for its process now; of none, the lead of the team of whoever does it."""
    role = override.process.primary if override.process else None
    return roster.find(role, team_id=override.team_id).owner


def may_review(actor: Actor, override: Override, roster: Roster) -> bool:
    """Leads, and whoever is asked."""
    if actor.person is None:
        return False
    return may(actor, Can.LEAD) or asked_for(override, roster) == actor.person


def ask(district_id: UUID, *, now: datetime) -> int:
    """Ask about every override whose review is due; two sweeps at once ask once."""
    done = 0
    while True:
        with district_scope(district_id):
            rows = list(_due(now).select_for_update(of=("self",), skip_locked=True)[:BATCH])
            post, roster = Post(this_district(), now), Roster(now)
            with post.together():
                for override in rows:
                    done += _ask_safely(override, post, roster)
        if len(rows) < BATCH:
            return done


def _due(now: datetime) -> QuerySet[Override]:
    return overrides().filter(review_at__lte=now).order_by("review_at", "id")


def overrides() -> QuerySet[Override]:
    return Override.objects.select_related("process__primary", "process__secondary", "person", "team")


def _ask_safely(override: Override, post: Post, roster: Roster) -> int:
    """One that cannot be asked about is put off for an hour, and stops no other."""
    try:
        with transaction.atomic(), post.unless_it_fails():
            _ask(override, post, roster)
        return 1
    except SoftTimeLimitExceeded:  # this sweep's time is up
        raise
    except Exception:  # whatever is wrong with it
        log.exception("override_not_asked", override=str(override.id))
        Override.objects.filter(id=override.id).update(review_at=post.now + POISONED)
        return 0


def _ask(override: Override, post: Post, roster: Roster) -> None:
    if override.ended_at:
        Override.objects.filter(id=override.id).update(review_at=None)
        return
    person = asked_for(override, roster)
    if person:
        key = f"override:{override.id.hex[-12:]}:{roster.today:%Y%m%d}"
        post.send([person], _letter(override, roster.today), key=key, path=reverse("override", args=[override.id]))
    again = post.now + AGAIN if is_late(override, roster.today) else _next_review(override, roster.today)
    Override.objects.filter(id=override.id).update(review_at=again)


def _letter(override: Override, today: date) -> Letter:
    minutes = spent(override)

    def letter() -> tuple[str, list[str]]:
        until = date_format(override.until, "DATE_FORMAT")
        late = _("It was to end on %(day)s.") if is_late(override, today) else _("It is to end on %(day)s.")
        cost = _("It has cost %(time)s so far.") % {"time": hours(minutes)} if minutes else _("Nobody logged it yet.")
        return _("Does it go on by hand? %(what)s") % {"what": override.what}, [
            _("%(name)s does this by hand: %(why)s") % {"name": override.person.name, "why": override.why},
            f"{late % {'day': until}} {cost}",
            _("Decide: it becomes a system, it goes on until a day within three months, or it ends."),
        ]

    return letter


def spent(override: Override) -> int:
    """Minutes, in all."""
    return sum(OverrideUse.objects.filter(override=override).values_list("minutes", flat=True))


def hours(minutes: int) -> str:
    """Work is not counted in days: "12 h 30 min"."""
    whole, rest = divmod(minutes, 60)
    parts = [_("%(n)d h") % {"n": whole}] if whole else []
    parts += [_("%(n)d min") % {"n": rest}] if rest or not whole else []
    return " ".join(parts)
