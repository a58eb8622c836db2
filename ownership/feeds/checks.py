"""Checks: somebody looks at 10 AM and 3 PM, and signs that it is in order. Asked by mail, and signed there with one tap on one page.

The link is feed, person and the time asked for, signed for its district. It is good until the next time, a day at most; whoever has
left the district signs nothing. What is signed is a run of the feed like any other: in order, or failed with a word on what is wrong.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.core import signing
from django.db.models import F
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from districts.models import Person
from districts.queries import calendar_of, this_district
from districts.scope import district_scope, require_district_id
from ownership.duty.roles import Roster, works_here
from ownership.feeds.pings import Told, hear, meets, next_time
from ownership.holds.words import counted
from ownership.ladders.notices import Post, clock
from ownership.models import Change, Feed, FeedRun, Hold, Process

BATCH = 100
GOOD_FOR = timedelta(hours=24)
LONGEST_NOTE = 500
Outcome = FeedRun.Outcome


class WordMissing(ValueError):
    """Whoever says that something is wrong says what; the text says so."""


@dataclass(frozen=True)
class Asked:
    """A time at which somebody is to look."""

    feed: Feed
    person: Person
    due: datetime

    @property
    def signed(self) -> FeedRun | None:
        """By whomever, for this time."""
        runs = FeedRun.objects.filter(feed=self.feed, expected_at=self.due, way=FeedRun.Way.SIGNED).select_related("by")
        found: FeedRun | None = runs.order_by("-at", "-id").first()
        return found


@dataclass(frozen=True)
class Evidence:
    """What there is to look at: a line for each feed of the process, and what waits."""

    feeds: Sequence[tuple[Feed, FeedRun | None]]
    holds: int
    missing: int

    @property
    def lines(self) -> list[str]:
        return [_line(feed, run) for feed, run in self.feeds]


def ask(district_id: UUID, *, now: datetime) -> int:
    """Whoever answers for the process is asked to look, once for each time that has come."""
    done = 0
    while True:
        with district_scope(district_id):
            due = Feed.objects.filter(ask_at__lte=now).select_related("process__primary", "process__secondary")
            feeds = list(due.order_by("ask_at").select_for_update(of=("self",), skip_locked=True)[:BATCH])
            watched = F("expected_at") + F("grace_minutes") * timedelta(minutes=1)
            asked = Feed.objects.filter(id__in=[feed.id for feed in feeds])
            asked.update(ask_at=None, alert_at=Coalesce("alert_at", watched))  # from the first question on, silence is trouble
            roster = Roster(now)
            post = Post(roster.district, now)
            with post.together():
                for feed in feeds:
                    _ask(feed, roster, post)
        done += len(feeds)
        if len(feeds) < BATCH:
            return done


def _ask(feed: Feed, roster: Roster, post: Post) -> None:
    person, due = roster.find(feed.process.primary).owner, feed.ask_at
    if person is None or due is None or not feed.active:
        return
    seen = evidence(feed.process, but=feed)

    def letter() -> tuple[str, list[str]]:
        by = _("Please look, and sign by %(time)s: then the ladder is climbed.") % {
            "time": clock(due + timedelta(minutes=feed.grace_minutes))
        }  # fmt: skip
        return _("Look and sign: %(feed)s") % {"feed": feed.name}, [by, "\n".join(seen.lines), _waits(seen)]

    post.send([person], letter, key=f"check:{feed.id}:{due:%Y%m%d%H%M}", path=path_of(Asked(feed, person, due)))


def evidence(process: Process, *, but: Feed | None = None) -> Evidence:
    feeds = [feed for feed in process.feeds.filter(active=True).order_by("name") if but is None or feed.id != but.id]
    last = [(feed, FeedRun.objects.filter(feed=feed).exclude(outcome=Outcome.STARTED).order_by("-at", "-id").first()) for feed in feeds]
    waiting = Hold.objects.filter(feed__process=process, state=Hold.State.WAITING).count()
    missing = Change.objects.filter(process=process, done_at__isnull=True, waived_at__isnull=True).count()
    return Evidence(last, waiting, missing)


def sign(asked: Asked, *, fine: bool, note: str, now: datetime) -> FeedRun:
    """It is in order, or it is not and `note` says what. Signed once for each time: later, the row of the first. Raises WordMissing."""
    said = " ".join(note.replace("\0", "").split())[:LONGEST_NOTE]
    if not fine and not said:
        raise WordMissing(_("Say in a few words what is wrong, so that others can act on it."))
    feed = Feed.objects.select_for_update(of=("self",), no_key=True).select_related("process").get(id=asked.feed.id)
    if before := asked.signed:
        return before
    outcome = Outcome.OK if fine else Outcome.FAILED
    return hear(feed, Told(outcome, note=said, way=FeedRun.Way.SIGNED, by=asked.person, due=asked.due), now=now)


# --- the link ---------------------------------------------------------------------------------------------------------


def path_of(asked: Asked) -> str:
    value = [asked.feed.id.hex, asked.person.id.hex, int(asked.due.timestamp())]
    return reverse("sign_check", args=[signing.dumps(value, salt=_salt(), compress=True)])


def by_token(token: str, *, now: datetime) -> Asked | None:
    """None where it is not ours, another district's, too old, or of somebody who has left."""
    try:
        feed_id, person_id, stamp = signing.loads(token, salt=_salt())
        due = datetime.fromtimestamp(int(stamp), UTC)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    feed = Feed.objects.select_related("process").filter(id=feed_id).first()
    person = Person.objects.filter(id=person_id).first()
    if feed is None or person is None or now > good_until(feed, due) or not works_here(person):
        return None
    return Asked(feed, person, due)


def good_until(feed: Feed, due: datetime) -> datetime:
    following = next_time(feed, calendar_of(this_district(), now=due), after=due)
    return min(following, due + GOOD_FOR) if following else due + GOOD_FOR


def may_sign(person: Person | None, process: Process) -> bool:
    """The owners of the process, holder or deputy."""
    named = {who for role in (process.primary, process.secondary) if role for who in (role.holder_id, role.deputy_id)}
    return person is not None and person.id in named


def now_due(feed: Feed, person: Person, *, now: datetime) -> Asked | None:
    """For somebody who signs in: the time that is to be signed now. None: nothing is, yet."""
    due = _due(feed, now=now)
    return Asked(feed, person, due.replace(microsecond=0)) if due else None


def to_sign(feeds: Iterable[Feed], *, now: datetime) -> set[UUID]:
    """Ids of the checks of which a time is to be signed now."""
    return {feed.id for feed in feeds if feed.kind == Feed.Kind.CHECK and feed.active and _due(feed, now=now)}


def _due(feed: Feed, *, now: datetime) -> datetime | None:
    calendar = calendar_of(this_district(), now=now)
    due = _missed(feed) or feed.expected_at or next_time(feed, calendar, after=now)
    return due if due and (due <= now or meets(feed, calendar, due, now)) else None


def _missed(feed: Feed) -> datetime | None:
    """The time that nobody signed for, while that is what is the matter with the feed."""
    if feed.state != Feed.State.LATE:
        return None
    missed = FeedRun.objects.filter(feed=feed, outcome=Outcome.MISSED, expected_at__isnull=False)
    return missed.order_by("-at", "-id").values_list("expected_at", flat=True).first()


def _salt() -> str:
    return f"ownership.check:{require_district_id()}"


# --- words --------------------------------------------------------------------------------------------------------------


def _line(feed: Feed, run: FeedRun | None) -> str:
    if run is None:
        return _("“%(feed)s” has never been heard of.") % {"feed": feed.name}
    said = {"feed": feed.name, "what": run.get_outcome_display(), "time": clock(run.at)}
    line = _("“%(feed)s”: %(what)s, %(time)s.") % said
    return f"{line} {counted(run.counts)}".strip()


def _waits(seen: Evidence) -> str:
    held = _("Runs on hold: %(n)d.") % {"n": seen.holds} if seen.holds else ""
    missing = _("Changes that have not arrived everywhere: %(n)d.") % {"n": seen.missing} if seen.missing else ""
    return " ".join(filter(None, [held, missing]))
