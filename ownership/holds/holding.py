"""A run is held: who is named to decide, who hears of it, and what becomes of a hold that another run overtakes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from districts.models import Person
from ownership.duty.roles import Roster, once
from ownership.holds import words
from ownership.holds.rules import Reason
from ownership.ladders.notices import Post, clock
from ownership.models import Feed, FeedRun, Hold, HoldEntry, OwnerRole, Stage

State = Hold.State
OVERTAKEN = "overtaken"  # kept as rejected, by nobody


def hold(feed: Feed, run: FeedRun, reasons: Sequence[Reason], *, now: datetime) -> Hold:
    """The run waits for a named person, who is told; so are the owners of the process, and who waits for it downstream. What waited
    before waits no more, unless this one only lacks what it would be judged by: then what was seen before is still to be decided."""
    if not all(reason.missing for reason in reasons):
        overtake(feed, by=run, now=now)
    role = _role(feed, reasons)
    roster = Roster(now)
    person = roster.find(role).owner
    minutes = min(reason.rule.minutes for reason in reasons)
    row = Hold(
        run=run, feed=feed, reasons=[reason.kept() for reason in reasons], role=role, person=person, at=now,
        due_at=now + timedelta(minutes=minutes),
    )  # fmt: skip
    row.save(force_insert=True)
    people = once([person, *(roster.find(one).owner for one in (feed.process.primary, feed.process.secondary) if one)])
    others = [one for one in downstream(feed, roster) if one not in people]
    record(row, "held", to=[*people, *others], now=now)
    post = Post(roster.district, now)
    post.send(people, lambda: _held(row), key=f"hold:{row.id}:held", path=path_of(row), wakes=False)
    post.send(others, lambda: _waits(row), key=f"hold:{row.id}:waits", path=path_of(row))
    return row


def released(feed: Feed, key: str) -> bool:
    """Somebody released a run of this name already: what was asked at its start is not asked again at its end."""
    return bool(key) and Hold.objects.filter(feed=feed, run__key=key, state=State.RELEASED).exists()


def standing(run: FeedRun) -> str:
    """Of a run that was held: "waiting", "rejected", "released" or OVERTAKEN; empty where it never was."""
    if run.outcome != FeedRun.Outcome.HELD:
        return ""
    return _state(Hold.objects.filter(run=run).first())


def last_of(feed: Feed, *, key: str = "") -> str:
    """The state of what was last held: of the run of this name, else of the feed; empty where nothing was."""
    rows = Hold.objects.filter(feed=feed, run__key=key) if key else Hold.objects.filter(feed=feed)
    return _state(rows.order_by("-at", "-id").first())


def _state(row: Hold | None) -> str:
    if row is None:
        return ""
    return OVERTAKEN if row.state == State.REJECTED and row.decided_by_id is None else str(row.state)


def overtake(feed: Feed, *, by: FeedRun, now: datetime) -> None:
    """A later run came: whatever still waited for a word on an earlier one waits no more."""
    waiting = Hold.objects.filter(feed=feed, state=State.WAITING).select_for_update()
    for row in waiting:
        row.state, row.decided_at, row.due_at = State.REJECTED, now, None
        row.save(update_fields=["state", "decided_at", "due_at"])
        record(row, OVERTAKEN, now=now, words=str(by.id))
        if by.outcome in (FeedRun.Outcome.OK, FeedRun.Outcome.PARTIAL):
            _tell_overtaken(row, feed, now=now)


def _tell_overtaken(row: Hold, feed: Feed, *, now: datetime) -> None:
    """Whoever was told of the hold hears what became of it."""
    roster = Roster(now)
    owners = [roster.find(one).owner for one in (feed.process.primary, feed.process.secondary) if one]

    def letter() -> tuple[str, list[str]]:
        said = _("A later run of “%(feed)s” went through at %(time)s.") % {"feed": feed.name, "time": clock(now)}
        return _("No longer held: %(feed)s") % {"feed": feed.name}, [said, _("Nothing is to be done.")]

    people = once([row.person, *owners, *downstream(feed, roster)])
    Post(roster.district, now).send(people, letter, key=f"hold:{row.id}:over", path=path_of(row))


def record(
    hold: Hold, act: str, *, now: datetime, by: Person | None = None, of: Person | None = None, to: Sequence[Person] = (),
    words: str = "",
) -> None:  # fmt: skip
    """`of`: who was asked, and so may answer; `to`: who hears of it, kept by their names of today."""
    HoldEntry(hold=hold, at=now, act=act, by=by, of=of, to=[person.name for person in to], words=words).save(force_insert=True)


def downstream(feed: Feed, roster: Roster) -> list[Person]:
    """Who owns a stage of the process, and so waits for what it brings."""
    stages = Stage.objects.filter(process=feed.process_id).select_related("role__holder", "role__deputy").order_by("order")
    return once(roster.find(stage.role).owner for stage in stages if stage.role)


def path_of(hold: Hold) -> str:
    return reverse("hold", args=[hold.id])


def _role(feed: Feed, reasons: Sequence[Reason]) -> OwnerRole | None:
    named = next((reason.rule.role for reason in reasons if reason.rule.role), "")
    found: OwnerRole | None = OwnerRole.objects.select_related("holder", "deputy").filter(slug=named).first() if named else None
    return found or feed.process.primary


def _held(hold: Hold) -> tuple[str, list[str]]:
    who = hold.person.name if hold.person else ""
    waits = _("It waits for %(name)s. Release it, reject it, or ask somebody, by %(time)s: then the ladder is climbed.") % {
        "name": who, "time": clock(hold.due_at),
    }  # fmt: skip
    return _("Held: %(feed)s") % {"feed": hold.feed.name}, [_what(hold), "\n".join(words.reasons(hold.reasons)), waits]


def _waits(hold: Hold) -> tuple[str, list[str]]:
    who = hold.person.name if hold.person else ""
    nothing = _("Nothing is to be done by you: do not count on what it would have brought until you hear that it was released.")
    waits = _("It waits for a word from %(name)s.") % {"name": who}
    return _("On hold: %(process)s") % {"process": hold.feed.process.name}, [_what(hold), waits, nothing]


def _what(hold: Hold) -> str:
    by_hand = hold.feed.process.fallback
    said = _("“%(feed)s” was stopped at %(time)s, before it does harm.") % {"feed": hold.feed.name, "time": clock(hold.at)}
    return f"{said}\n{_('By hand meanwhile: %(how)s') % {'how': by_hand}}" if by_hand else said
