"""The matrix looks at itself: rows nobody can rely on, said in words, each with the page on which it is mended."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from districts.models import Person
from ownership.duty.roles import Roster, Via
from ownership.holds.words import number
from ownership.models import Feed, Ladder, OwnerRole, Process
from ownership.overview.audit import Finding, Kind, Link, Row, names_a_time, understood
from sla.promise import By, ByForNext, clock_words

COMING = 7  # days ahead in which an absence is told of
TEST_HOLDS = timedelta(days=365)
MANY = 4  # processes of one owner, and more than a third of all
COVERED = (Via.ON_CALL, Via.COVER, Via.HOLDER, Via.DEPUTY)


def findings(rows: Sequence[Row], roster: Roster) -> list[Finding]:
    """All that is wrong with these processes, in their order; then what is wrong with all of them together."""
    found = [finding for row in rows for look in LOOKS for finding in look(row, rows, roster)]
    return [*found, *_everywhere(rows, roster)]


def _found(row: Row, kind: Kind, words: str, link: Link | None = None) -> Finding:
    """Mended where the process is set up, if nothing else is said."""
    return Finding(row.process, kind, words, link or Link(_("Set up the process"), "setup_process", row.process.slug, setup=True))


# --- people -----------------------------------------------------------------------------------------------------------


def _owners(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    process = row.process
    if process.primary is None:
        yield _found(row, Kind.NO_PRIMARY, _("It has no owner."))
    if process.secondary is None:
        yield _found(row, Kind.NO_SECONDARY, _("It has no secondary owner. When the primary is away, nobody is told."))
    elif process.primary and process.primary_id != process.secondary_id and _same_person(process, roster):
        yield _found(row, Kind.SAME_PERSON, _("Primary and secondary owner are the same person today."))


def _same_person(process: Process, roster: Roster) -> bool:
    primary, secondary = roster.find(process.primary).owner, roster.find(process.secondary).owner
    return primary is not None and primary == secondary


def _roles(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    for role in row.roles:
        found, link = roster.find(role), Link(_("Set up the role"), "setup_role", str(role.id), setup=True)
        words = {"role": role.name, "person": found.owner.name if found.owner else ""}
        if not found.owner:
            yield _found(row, Kind.NOBODY, _("Nobody can be found for %(role)s: an alert would pass it by.") % words, link)
        elif found.via is Via.ADMIN and _away(role, roster) is None:
            yield _found(row, Kind.NOBODY, _("Nobody holds the role %(role)s: an administrator is told instead.") % words, link)
        for person in roster.left(role):
            said = _("%(person)s has left and still stands for %(role)s: somebody else is told instead.")
            yield _found(row, Kind.LEFT, said % {"role": role.name, "person": person.name}, link)


def _leave(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    """An owner is away today or within a week, with neither cover nor deputy; another is, and only an administrator is left."""
    owners = {role.id for role in (row.process.primary, row.process.secondary) if role}
    for role in row.roles:
        if role.id in owners:
            missing = _first_gap(role, roster)
        else:
            person = _away(role, roster)
            missing = (person, roster.today) if person and roster.find(role).via is Via.ADMIN else None
        if missing:
            yield _found(row, Kind.ON_LEAVE, _away_words(role, *missing, roster.today), Link(_("Who is away"), "on_call"))


def _away_words(role: OwnerRole, person: Person, day: date, today: date) -> str:
    said = _("%(person)s is away from %(day)s on, and nobody stands in for %(role)s.")
    if day == today:
        said = _("%(person)s is away today, and nobody stands in for %(role)s.")
    return said % {"person": person.name, "role": role.name, "day": date_format(day, _("N j"))}


def _first_gap(role: OwnerRole, roster: Roster) -> tuple[Person, date] | None:
    """Who is away, and the first day on which nobody stands in for them."""
    for then in (roster, *(roster.at(_noon(roster, ahead)) for ahead in range(1, COMING + 1))):
        person = _away(role, then)
        if person and then.find(role).via not in COVERED:
            return person, then.today
    return None


def _noon(roster: Roster, ahead: int) -> datetime:
    """Of a day to come, on the district's clock."""
    return datetime.combine(roster.today + timedelta(days=ahead), time(12), tzinfo=roster.district.zone)


def _away(role: OwnerRole, roster: Roster) -> Person | None:
    """Whoever's turn it is, or without turns the holder, where they are away."""
    plan = roster.staff.by_role.get(role.id)
    duty = plan.on_duty(roster.now) if plan else None
    person = duty.person if duty else role.holder
    return None if person is None or roster.is_here(person) or roster.has_left(person) else person


def _everywhere(rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    """One person is today's owner of more than a third of all. An administrator who is told for want of anybody owns nothing."""
    found = [roster.find(row.process.primary) for row in rows if row.process.primary]
    owned = Counter(one.owner for one in found if one.owner and one.via is not Via.ADMIN)
    for person, n in owned.most_common():
        if n >= MANY and n * 3 > len(rows):
            words = _("%(person)s is the first owner of %(n)d of the %(total)d processes today.")
            yield Finding(None, Kind.EVERYWHERE, words % {"person": person.name, "n": n, "total": len(rows)})


# --- feeds and promises -----------------------------------------------------------------------------------------------


def _feeds(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    if not row.active:
        yield _found(row, Kind.NO_FEED, _("It has no feed: nothing would notice that it stopped."))
    for feed in row.active:
        if understood(feed.terms) is None:
            words = _("The terms of “%(feed)s” are not understood: %(terms)s")
            yield _found(row, Kind.TERMS, words % {"feed": feed.name, "terms": feed.terms})


def _measured(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    if row.active and all(feed.state == Feed.State.NEW for feed in row.active):
        yield _found(row, Kind.NEVER_MEASURED, _("Its feeds were never seen: nobody knows if the promise is kept."))
    elif not row.process.baseline and all(feed.last_ping_at is None for feed in row.feeds):
        words = _("No feed of it was ever seen, and nobody wrote down how long it takes today.")
        yield _found(row, Kind.NEVER_MEASURED, words)


def _silent(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    """Feeds that only answer to an event, where none beside them names a time."""
    if any(names_a_time(feed.terms) for feed in row.active):
        return
    for feed in row.active:
        if understood(feed.terms):
            words = _("“%(feed)s” is expected when something happens, at no time of its own (%(terms)s): its silence alarms nobody.")
            yield _found(row, Kind.SILENT, words % {"feed": feed.name, "terms": feed.terms})


def _lists(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    """Names are for those who may see them: the link leads to the page with counts, and from there to the list."""
    for one in row.beyond:
        said = _("%(left)s %% of the records differ in %(system)s and are not seen to; “%(feed)s” may differ by %(allowed)s %%.")
        if not one.standing.system:
            said = _("%(left)s %% of the records differ on two lists and are not seen to; “%(feed)s” may differ by %(allowed)s %%.")
        words = said % {
            "left": number(one.standing.left), "system": one.standing.system, "feed": one.feed.name, "allowed": number(one.allowed),
        }  # fmt: skip
        day = date_format(one.standing.row.at.astimezone(roster.district.zone), "DATE_FORMAT")
        compared = _("Compared on %(day)s.") % {"day": day}
        yield _found(row, Kind.LISTS, f"{words} {compared}", Link(_("Changes on their way"), "changes", row.process.slug))


def _promise(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    process = row.process
    if not (process.promise or process.promise_text) or understood(process.terms):
        return
    words = _("Something is promised, but no terms are given that a clock could hold against it.")
    if process.terms:
        words = _("The terms of its promise are not understood: %(terms)s") % {"terms": process.terms}
    yield _found(row, Kind.UNREAD_PROMISE, words)


def _cut_offs(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    """A promise that comes later in the day than the cut-off of a process it feeds."""
    mine = _latest(row.process)
    if mine is None:
        return
    for other in rows:
        source = other.process.source
        if source is None or other is row or source.slug not in row.process.targets:
            continue
        theirs = _latest(other.process)
        if theirs is not None and mine > theirs:
            words = _("It is promised by %(late)s, but “%(other)s” needs %(system)s by %(early)s.") % {
                "late": clock_words(mine), "other": other.process.name, "system": source.name, "early": clock_words(theirs),
            }  # fmt: skip
            yield _found(row, Kind.CUT_OFF, words)


def _latest(process: Process) -> int | None:
    """Minute of the day by which it is promised, where it is promised by a time of day."""
    known = understood(process.terms)
    times: list[int] = []
    for clause in known.clauses if known else ():
        match clause.term:
            case By(checks=False, times=by):
                times.extend(by)
            case ByForNext(cutoff):
                times.append(cutoff)
    return max(times, default=None)


# --- ladders ----------------------------------------------------------------------------------------------------------


def _ladder(row: Row, rows: Sequence[Row], roster: Roster) -> Iterator[Finding]:
    ladder = row.process.ladder
    if ladder is None:
        yield _found(row, Kind.NO_LADDER, _("It has no ladder of its own: the district's common one is climbed."))
    elif not row.has_rungs:
        link = Link(_("Set up the ladder"), "setup_ladder", ladder.slug, setup=True)
        yield _found(row, Kind.NO_LADDER, _("Its ladder has no rung: the district's common one is climbed."), link)
    elif ladder.tested_at is None:
        yield _found(row, Kind.UNTESTED, _("Its ladder was never tested."), _test(row.process, ladder))
    elif roster.now - ladder.tested_at > TEST_HOLDS:
        words = _("Its ladder was last tested on %(day)s.") % {"day": date_format(ladder.tested_at, "DATE_FORMAT")}
        yield _found(row, Kind.TEST_OLD, words, _test(row.process, ladder))


def _test(process: Process, ladder: Ladder) -> Link:
    return Link(_("Preview and test"), "ladder", ladder.slug, query=f"?process={process.slug}")


LOOKS: tuple[Callable[[Row, Sequence[Row], Roster], Iterator[Finding]], ...] = (
    _owners, _roles, _leave, _promise, _feeds, _silent, _measured, _ladder, _cut_offs, _lists,
)  # fmt: skip
