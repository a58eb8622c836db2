"""A hold is decided: released or rejected, with a reason, by whoever may; asked about; and, left lying, handed to the ladder."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from districts.models import Person
from districts.queries import this_district
from districts.scope import district_scope
from ownership.duty.duties import staff
from ownership.duty.roles import Roster, once
from ownership.feeds.pings import IN_TROUBLE, Told, hear, settle
from ownership.holds.holding import downstream, path_of, record
from ownership.holds.rules import Kind
from ownership.ladders.climbing import Climber, escalations
from ownership.ladders.notices import Post, clock
from ownership.models import Feed, FeedRun, Hold, HoldEntry
from ownership.triggers.firing import fire

LONGEST = 2_000
BATCH = 100
State, Outcome = Hold.State, FeedRun.Outcome


class WordMissing(ValueError):
    """Whoever decides says why; the text says so."""


def release(hold_id: UUID, *, by: Person, why: str, now: datetime) -> bool:
    """It goes through, as if it had just come. False: it was decided before. Raises WordMissing, Hold.DoesNotExist."""
    return _decide(hold_id, State.RELEASED, by=by, why=why, now=now)


def reject(hold_id: UUID, *, by: Person, why: str, now: datetime) -> bool:
    """It is not used: the feed has failed, and its owners bring the data over by hand. In a freeze nothing was to change, and nothing
    has failed. False: it was decided before. Raises WordMissing, Hold.DoesNotExist."""
    return _decide(hold_id, State.REJECTED, by=by, why=why, now=now)


def ask(hold_id: UUID, *, of: Person, by: Person, question: str, now: datetime) -> bool:
    """Somebody who may know is asked; the hold waits on. False: it was decided. Raises WordMissing, Hold.DoesNotExist."""
    row, said = _locked(hold_id), _words(question)
    if row.state != State.WAITING:
        return False
    record(row, "asked", by=by, of=of, to=[of], words=said, now=now)

    def letter() -> tuple[str, list[str]]:
        asks = _("%(name)s asks you about “%(feed)s”, which is on hold:") % {"name": by.name, "feed": row.feed.name}
        return _("A question: %(feed)s") % {"feed": row.feed.name}, [asks, said, _("Answer on its page.")]

    Post(this_district(), now).send([of], letter, key=f"hold:{row.id}:ask{now:%d%H%M%S%f}", path=path_of(row))
    return True


def answer(hold_id: UUID, *, by: Person, words: str, now: datetime) -> bool:
    """What somebody knows about it; whoever asked, and the named person, hear it. False: it was decided."""
    row, said = _locked(hold_id), _words(words)
    if row.state != State.WAITING:
        return False
    asked = HoldEntry.objects.filter(hold=row, act="asked").select_related("by")
    people = [one for one in once([row.person, *(entry.by for entry in asked)]) if one != by]
    record(row, "answered", by=by, to=people, words=said, now=now)

    def letter() -> tuple[str, list[str]]:
        return _("Answered: %(feed)s") % {"feed": row.feed.name}, [_("%(name)s says:") % {"name": by.name}, said]

    Post(this_district(), now).send(people, letter, key=f"hold:{row.id}:answer{now:%d%H%M%S%f}", path=path_of(row))
    return True


def left_lying(district_id: UUID, *, now: datetime) -> int:
    """Holds that nobody decided in time: the ladder of the process is climbed for them. Each once."""
    done = 0
    while True:
        with district_scope(district_id):
            due = Hold.objects.filter(due_at__lte=now).order_by("due_at").select_for_update(skip_locked=True)
            rows = list(due[:BATCH])
            Hold.objects.filter(id__in=[row.id for row in rows]).update(due_at=None)
            waiting = [row for row in rows if row.state == State.WAITING]
            FeedRun.objects.filter(id__in=[row.run_id for row in waiting]).update(handled_at=None)
            for row in waiting:
                record(row, "climbed", now=now)
        done += len(rows)
        if len(rows) < BATCH:
            return done


def _decide(hold_id: UUID, state: Hold.State, *, by: Person, why: str, now: datetime) -> bool:
    feed_id = Hold.objects.values_list("feed_id", flat=True).get(id=hold_id)
    feed = Feed.objects.select_for_update(no_key=True).get(id=feed_id)  # first, as every run of it does
    row, said = _locked(hold_id), _words(why)
    if row.state != State.WAITING:
        return False
    row.state, row.decided_at, row.decided_by, row.why, row.due_at = state, now, by, said, None
    row.save(update_fields=["state", "decided_at", "decided_by", "why", "due_at"])
    _needs_no_ladder(row.run_id, now=now)
    _carry_on(row, feed, by=by, now=now)
    roster = Roster(now)
    owners = [roster.find(one).owner for one in (row.feed.process.primary, row.feed.process.secondary) if one]
    asked = staff().filter(id__in=HoldEntry.objects.filter(hold=row, act="asked").values("of"))
    people = [one for one in once([row.person, *owners, *downstream(row.feed, roster), *asked]) if one != by]
    record(row, str(state), by=by, to=people, words=said, now=now)
    if feed.releases:
        fire(f"hold.{state}", payload={"counts": row.run.counts, "why": said, "by": by.name}, key=f"hold:{row.id}", feed=feed, now=now)
    Post(roster.district, now).send(people, lambda: _decided(row), key=f"hold:{row.id}:{state}", path=path_of(row))
    return True


def _needs_no_ladder(run_id: UUID, *, now: datetime) -> None:
    """If none began for it. A sweep that has the run in hand waits for the feed that we have: then it is left to it."""
    free = FeedRun.objects.filter(id=run_id, handled_at__isnull=True).select_for_update(skip_locked=True, no_key=True)
    FeedRun.objects.filter(id__in=list(free.values_list("id", flat=True))).update(handled_at=now)


def _carry_on(row: Hold, feed: Feed, *, by: Person, now: datetime) -> None:
    """What the feed would have told, had it not been stopped; or that it was stopped for good."""
    run = row.run
    asked = run.evidence.get("told", Outcome.OK)
    with Climber(now).words():
        heads = {State.RELEASED: _("Released by %(name)s: %(why)s"), State.REJECTED: _("Rejected by %(name)s: %(why)s")}
        note = heads[State(row.state)] % {"name": by.name, "why": row.why}
    told = Told(counts=run.counts, note=note, way=run.way, evidence={"hold": str(row.id)}, by=by)
    if row.state == State.RELEASED:
        if asked == Outcome.STARTED:
            settle(feed)
        hear(feed, Told(outcome=asked, counts=told.counts, note=note, way=run.way, evidence=told.evidence, by=by), now=now, judged=True)
    elif only_frozen(row):
        settle(feed)
    else:
        hear(feed, Told(Outcome.FAILED, told.counts, note, run.way, evidence=told.evidence, by=by), now=now, judged=True)
    if feed.state not in (*IN_TROUBLE, Feed.State.HELD):
        _end_ladders(feed, why=note, now=now)


def _end_ladders(feed: Feed, *, why: str, now: datetime) -> None:
    """Nothing is the matter with it any more."""
    climber = Climber(now)
    for escalation in escalations().filter(feed_run__feed=feed, ended_at__isnull=True).select_for_update(of=("self",)):
        climber.end(escalation, why=why)


def only_frozen(row: Hold) -> bool:
    return all(reason.get("rule", {}).get("kind") == Kind.FREEZE for reason in row.reasons)


def _decided(row: Hold) -> tuple[str, list[str]]:
    released = row.state == State.RELEASED
    head = _("Released: %(feed)s") if released else _("Rejected: %(feed)s")
    by = {"name": row.decided_by.name if row.decided_by else "", "time": clock(row.decided_at)}
    said = _("%(name)s released it at %(time)s.") if released else _("%(name)s rejected it at %(time)s.")
    after = _("What it brings goes through now.") if released else _("What it would have brought does not come: work by hand.")
    if not released and only_frozen(row):
        after = _("Nothing was to change at this time.")
    return head % {"feed": row.feed.name}, [f"{said % by} {row.why}", after]


def _locked(hold_id: UUID) -> Hold:
    """Held until commit. Raises Hold.DoesNotExist."""
    people = ("run", "feed__process__primary", "feed__process__secondary", "person", "role")
    row: Hold = Hold.objects.select_related(*people).select_for_update(of=("self",), no_key=True).get(id=hold_id)
    return row


def _words(given: str) -> str:
    """Raises WordMissing."""
    said = given.replace("\0", "").strip()[:LONGEST]
    if not said:
        raise WordMissing(_("Say it in a few words: whoever looks at it later wants to know."))
    return said
