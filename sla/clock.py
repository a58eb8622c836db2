"""Deadlines, purely: terms applied to facts on a calendar. Knows no database and no "now" but the one it is given.

What the facts of a ticket make of them is told in `sla.story`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from districts.calendar import HORIZON, NO_TIME, ONE_DAY, Calendar, DayKind, NeverOpen, Span, days_from
from sla.promise import (
    AT_ONCE,
    RECURRING,
    Acknowledge,
    Amount,
    AtOnce,
    BeforeNext,
    By,
    ByForNext,
    Cadence,
    Clause,
    Counts,
    Every,
    Notice,
    OnTheDay,
    Period,
    Reach,
    SameDay,
    Term,
    Terms,
    Tolerance,
    Unit,
    Within,
)

WARN_AT = 0.75  # of the promised time
LOOK_AHEAD = 14  # days from a weekend or holiday to the day that tells which clause holds
NO_SCHOOL = frozenset({DayKind.WEEKEND, DayKind.HOLIDAY, DayKind.STAFF, DayKind.CLOSURE})


# --- when is it due? --------------------------------------------------------------------------------------------------


def due_at(terms: Terms, start: datetime, calendar: Calendar, paused: Iterable[Span] = ()) -> datetime:
    """When what began at `start` is due. For a notice or a freeze `start` is the start of what it is about.

    Time inside `paused` spans does not count. Where the kind of day decides the clause, a clause that begins to hold before
    the promise is due may only make it earlier. On a calendar that never opens, hours count day and night.
    """
    pauses = _from(start, paused)
    clauses = _holding(terms, calendar, calendar.local_date(start)) if terms.by_day else _promising(terms.clauses)
    due = min(_due(clause.term, start, calendar, pauses) for clause in clauses)
    return _cut_short(terms, start, due, calendar, pauses) if terms.by_day else due


def due_after(duration: timedelta, start: datetime, calendar: Calendar, paused: Iterable[Span] = ()) -> datetime:
    """When `duration` of open time, the pauses left out, has passed since `start`. Raises NeverOpen."""
    return _walk(start, duration, _from(start, paused), calendar.add_open, calendar.open_between)


def used(start: datetime, end: datetime, calendar: Calendar, paused: Iterable[Span] = ()) -> timedelta:
    """Open time from `start` to `end`, the pauses left out."""
    return _running(start, end, _from(start, paused), calendar.open_between)


def next_expected(terms: Terms, calendar: Calendar, *, after: datetime) -> datetime | None:
    """The next time something is expected by itself, after `after`; None for terms that only answer to an event."""
    times = [_next(clause, calendar, after) for clause in terms.recurring]
    return min((at for at in times if at is not None), default=None)


def warn_at(terms: Terms, start: datetime, due: datetime, calendar: Calendar, paused: Iterable[Span] = ()) -> datetime:
    """When WARN_AT of the promised time is used up: of its open time where there is some, else of the time itself."""
    pauses = _from(start, paused)
    by_hours = any(isinstance(c.term, Within) and c.term.amount.counts is Counts.ELAPSED for c in terms.clauses)
    total = NO_TIME if by_hours else _running(start, due, pauses, calendar.open_between)
    if total:
        return min(due, _walk(start, total * WARN_AT, pauses, calendar.add_open, calendar.open_between))
    return min(due, _walk(start, _running(start, due, pauses, _between) * WARN_AT, pauses, _add, _between))


def _due(term: Term, start: datetime, calendar: Calendar, pauses: Sequence[Span]) -> datetime:
    try:
        return _due_on(term, start, calendar, pauses)
    except NeverOpen:
        amount = term.amount if isinstance(term, Within | Reach | Acknowledge) else Amount(1, Unit.DAY)
        days = amount.number * ONE_DAY if amount.unit is Unit.DAY else amount.delta
        return _walk(start, days, pauses, _add, _between)


def _due_on(term: Term, start: datetime, calendar: Calendar, pauses: Sequence[Span]) -> datetime:
    match term:
        case Within(amount) | Reach(amount=amount) | Acknowledge(amount):
            return _within(amount, start, calendar, pauses)
        case AtOnce():
            return _walk(start, AT_ONCE, pauses, _add, _between)
        case Notice(amount):
            return _back(amount, start, calendar)
        case Every(amount):
            return _within(amount, start, calendar, pauses)
        case SameDay():
            return _moved(start, pauses, calendar.next_school_end)
        case By():
            return _moved(start, pauses, lambda at: _next_time(term, calendar, at))
        case ByForNext(cutoff):
            return _moved(start, pauses, lambda at: _in_place(cutoff, at, calendar))
        case BeforeNext(_event, times):
            return _moved(start, pauses, lambda at: _next_time(By(times), calendar, at))
        case Cadence(period):
            return _moved(start, pauses, lambda at: _period_ends(period, calendar, at))
        case OnTheDay(minute):
            return calendar.at_local(calendar.local_date(start), minute)
        case Tolerance():
            return start  # held against a figure, as soon as it is known


def _within(amount: Amount, start: datetime, calendar: Calendar, pauses: Sequence[Span]) -> datetime:
    if amount.unit is Unit.DAY:
        return _days_on(amount, start, calendar, pauses)
    if amount.counts is Counts.BUSINESS:
        return _walk(start, amount.delta, pauses, calendar.add_open, calendar.open_between)
    return _walk(start, amount.delta, pauses, _add, _between)


def _walk(
    start: datetime,
    duration: timedelta,
    pauses: Sequence[Span],
    add: Callable[[datetime, timedelta], datetime],
    between: Callable[[datetime, datetime], timedelta],
) -> datetime:
    """`duration` from `start`, leaving out the pauses. No time at all ends where it begins, unless that is paused."""
    for begin, end in pauses:
        passed = between(start, begin)
        if passed >= duration and (duration or add(start, duration) < begin):
            break
        start, duration = end, duration - passed
    return add(start, duration)


def _running(start: datetime, end: datetime, pauses: Sequence[Span], between: Callable[[datetime, datetime], timedelta]) -> timedelta:
    """Time from `start` to `end` that is not paused."""
    total = between(start, end)
    for begin, finish in pauses:
        total -= between(begin, min(finish, end))
    return total


def _add(start: datetime, duration: timedelta) -> datetime:
    return start + duration


def _between(start: datetime, end: datetime) -> timedelta:
    return max(end - start, NO_TIME)


def _days_on(amount: Amount, start: datetime, calendar: Calendar, pauses: Sequence[Span]) -> datetime:
    """Days later at the same local time, later again by the (open) time of each pause that begins before."""
    elapsed = amount.counts is Counts.ELAPSED
    if elapsed:
        local = start.astimezone(calendar.zone)
        due = (local + amount.number * ONE_DAY).astimezone(UTC)
    else:
        due = calendar.add_days(start, amount.number, school=amount.counts is Counts.SCHOOL)
    for begin, end in pauses:
        lost = _between(begin, end) if elapsed else calendar.open_between(begin, end)
        if begin < due and lost:
            due = due + lost if elapsed else calendar.add_open(due, lost)
    return due


def _back(amount: Amount, event: datetime, calendar: Calendar) -> datetime:
    if amount.counts is Counts.ELAPSED:
        if amount.unit is Unit.DAY:
            return (event.astimezone(calendar.zone) - amount.number * ONE_DAY).astimezone(UTC)
        return event - amount.delta
    if amount.unit is Unit.DAY:
        return calendar.sub_days(event, amount.number, school=amount.counts is Counts.SCHOOL)
    return calendar.sub_open(event, amount.delta)


def _moved(start: datetime, pauses: Sequence[Span], due_from: Callable[[datetime], datetime]) -> datetime:
    """For terms that name a time of day: each pause that begins before the due time moves the start on by its length."""
    due = due_from(start)
    for begin, end in pauses:
        if begin < due:
            start += end - begin
            due = due_from(start)
    return due


def _next_time(term: By, calendar: Calendar, after: datetime) -> datetime:
    """The first of the times after `after`. Raises NeverOpen."""
    for day in days_from(calendar.local_date(after)):
        if _on_day(term, day, calendar):
            for minute in term.times:
                at = calendar.at_local(day, minute)
                if at > after:
                    return at
    raise NeverOpen("no such day in sight")


def _on_day(term: By, day: date, calendar: Calendar) -> bool:
    if term.weekday is not None and day.weekday() != term.weekday:
        return False
    return term.every_day or calendar.is_school_day(day)


def _in_place(cutoff: int, at: datetime, calendar: Calendar) -> datetime:
    """What is in before the cut-off of a school day has to be in place when the next school day opens."""
    day = calendar.local_date(at)
    if not calendar.is_school_day(day) or at >= calendar.at_local(day, cutoff):
        day = calendar.next_school_day(day)
    service = calendar.next_school_day(day)
    spans = calendar.windows(service)
    return spans[0][0] if spans else calendar.at_local(service, 0)


def _period_ends(period: Period, calendar: Calendar, at: datetime) -> datetime:
    """The last closing of the week, month, quarter or year of `at`; once that is over, of the next. Raises NeverOpen."""
    day = calendar.local_date(at)
    for _ in range(HORIZON):
        first = _first_of_next(period, day)
        closes = calendar.last_open(calendar.at_local(first, 0))
        if closes > at:
            return closes
        day = first
    raise NeverOpen("no opening in sight")


def _first_of_next(period: Period, day: date) -> date:
    """Weeks begin on Monday, quarters in January, April, July and October."""
    if period is Period.WEEK:
        return day + (7 - day.weekday()) * ONE_DAY
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period]
    begun = (day.month - 1) // months * months  # months of the year before this period, from 0
    year, month = divmod(day.year * 12 + begun + months, 12)
    return date(year, month + 1, 1)


def _next(clause: Clause, calendar: Calendar, after: datetime) -> datetime | None:
    try:
        return _next_on(clause, calendar, after)
    except NeverOpen:
        return None


def _next_on(clause: Clause, calendar: Calendar, after: datetime) -> datetime:
    """Skips days on which the clause does not hold; "every" begins again with the day. Raises NeverOpen."""
    term = clause.term
    at = after
    for _ in range(400):
        match term:
            case ByForNext(cutoff):
                at = _next_time(By((cutoff,)), calendar, at)
            case By():
                at = _next_time(term, calendar, at)
            case _:
                at = _due_on(term, at, calendar, ())
        if not clause.on or clause.holds_on(calendar.day_kind(calendar.local_date(at))):
            return at
        if isinstance(term, Every):
            at = calendar.at_local(_first_day_of(clause, calendar, calendar.local_date(at)), 0)
    raise NeverOpen("no such day in sight")


def _first_day_of(clause: Clause, calendar: Calendar, after: date) -> date:
    for day in days_from(after + ONE_DAY):
        if clause.holds_on(calendar.day_kind(day)):
            return day
    raise NeverOpen("no such day in sight")


# --- which clause holds -----------------------------------------------------------------------------------------------


def _promising(clauses: Sequence[Clause]) -> Sequence[Clause]:
    """Those that answer to an event; where there are none, those ahead of one; else those that come round, or are confirmed.

    A clause for a case of its own ("if immediate") holds only where it is asked for (Terms.given).
    """
    if len(clauses) == 1:
        return clauses
    clauses = [c for c in clauses if not c.condition] or clauses
    first = min(_rank(c.term) for c in clauses)
    return [c for c in clauses if _rank(c.term) == first]


def _rank(term: Term) -> int:
    if isinstance(term, Notice | OnTheDay):
        return 1
    if isinstance(term, RECURRING):
        return 2
    return 3 if isinstance(term, Acknowledge) else 4 if isinstance(term, Tolerance) else 0


def _holding(terms: Terms, calendar: Calendar, day: date) -> Sequence[Clause]:
    """Clauses for `day`. A weekend, holiday or other day that no clause names belongs to the day that follows it."""
    always = [c for c in terms.clauses if not c.on]
    for later in [day + n * ONE_DAY for n in range(LOOK_AHEAD)]:
        kind = calendar.day_kind(later)
        held = [c for c in terms.clauses if c.holds_on(kind)]
        if held:
            return _promising([*held, *always])
        if kind not in NO_SCHOOL:
            break
    return _promising(always or terms.clauses)


def _cut_short(terms: Terms, start: datetime, due: datetime, calendar: Calendar, pauses: Sequence[Span]) -> datetime:
    """A break that begins meanwhile brings its own clause: due at the earlier of the two."""
    day = calendar.local_date(start)
    before = _holding(terms, calendar, day)
    while (day := day + ONE_DAY) <= calendar.local_date(due):
        now = _holding(terms, calendar, day)
        if now != before:
            begins = calendar.at_local(day, 0)
            due = min(due, *(_due(c.term, begins, calendar, _from(begins, pauses)) for c in now))
        before = now
    return due


def _from(start: datetime, paused: Iterable[Span]) -> Sequence[Span]:
    """Pauses after `start`, in order, overlaps joined."""
    out: list[Span] = []
    for begin, end in sorted(paused):
        begin = max(begin, start)
        if begin >= end:
            continue
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((begin, end))
    return out
