"""A change left its source; a target has it; somebody typed it in by hand, or says that it need not arrive.

Everything is told in bulk and may be told again: a change counts once by its key, a confirmation once for each target. What a target
confirms before its source told of it is not written down but named as unknown: whoever told it tells it again a little later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from districts.calendar import Calendar
from districts.models import Person
from districts.queries import calendar_of, this_district
from ownership.changes.ending import end_if_nothing_is_missing
from ownership.changes.missing import MISSING
from ownership.models import Change, Confirmation, Process
from ownership.proofs import NotNow, plain
from sla import clock, terms

CLOCKS_DIFFER = timedelta(minutes=5)  # a target's clock may be this much behind its source's
LONGEST_LAG = 2**31 - 1  # seconds a column holds


@dataclass(frozen=True)
class Left:
    """A record that changed at the source. `key`: what the source calls this change; `record`: the number of the record itself."""

    key: str
    at: datetime
    record: str = ""
    name: str = ""
    what: str = ""


@dataclass(frozen=True)
class Arrived:
    """A target has it: the change of this key, or whatever of this record had left by then."""

    at: datetime
    key: str = ""
    record: str = ""


@dataclass(frozen=True)
class Taken:
    """What came of a bulk. `unknown`: keys or records of no change that is known yet; `unexpected`: not meant for this target."""

    new: int = 0
    before: int = 0
    unknown: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()


# --- it left ----------------------------------------------------------------------------------------------------------


def left(process: Process, changes: Sequence[Left], *, now: datetime) -> Taken:
    """Write down changes that left the source, each key once. Two statements, however many there are."""
    firsts = {change.key: change for change in reversed(changes)}
    due = _promise(process, calendar_of(this_district(), now=now))
    rows = [_row(process, change, due(change.at)) for change in reversed(firsts.values())]
    Change.objects.bulk_create(rows, ignore_conflicts=True)
    kept = set(Change.objects.filter(process=process, key__in=list(firsts)).values_list("id", flat=True))
    new = sum(row.id in kept for row in rows)
    return Taken(new=new, before=len(changes) - new)


def _row(process: Process, change: Left, due_at: datetime | None) -> Change:
    return Change(
        process=process, key=change.key, record=change.record, name=change.name, what=change.what, left_at=change.at,
        targets=list(process.targets), due_at=due_at, check_at=due_at,
    )  # fmt: skip


class _Promise:
    """When what left at a moment is due by the terms of a process; None where they promise nothing of a single change."""

    def __init__(self, promised: terms.Terms | None, calendar: Calendar) -> None:
        self._due = cache(lambda at: clock.due_at(promised, at, calendar) if promised else None)

    def __call__(self, at: datetime) -> datetime | None:
        due: datetime | None = self._due(at)
        return due if due and due > at else None


def _promise(process: Process, calendar: Calendar) -> _Promise:
    return _Promise(promised_by(process), calendar)


def promised_by(process: Process) -> terms.Terms | None:
    """None without terms, and with terms that nobody can read (the matrix's own audit says so)."""
    try:
        return terms.parse(process.terms) if process.terms.strip() else None
    except terms.NotUnderstood:
        return None


# --- it arrived -------------------------------------------------------------------------------------------------------


@transaction.atomic
def confirmed(process: Process, target: str, arrivals: Sequence[Arrived], *, by: Person | None = None, now: datetime) -> Taken:
    """A target (slug of the system) has them. A change that its last target confirmed is done, and calls nobody any more.

    Five statements, however many there are; two more where that ends a ladder.
    """
    found = _Found(_held(process, arrivals))
    rows, unknown, unexpected = dict[UUID, Confirmation](), list[str](), list[str]()
    for arrival in arrivals:
        changes = found.of(arrival)
        meant = [change for change in changes if target in change.targets]
        if not meant:
            (unexpected if changes else unknown).append(arrival.key or arrival.record)
        for change in meant:
            rows.setdefault(change.id, _confirmation(change, target, arrival.at, by))
    new = _write(list(rows.values()), target)
    if new:
        _settle(process, list(rows), now=now)
    return Taken(new, len(rows) - new, tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(unexpected)))


def confirm_by_hand(change_id: UUID, target: str, *, by: Person, now: datetime) -> bool:
    """Somebody typed it in. False: it was there before. Raises Change.DoesNotExist, NotNow."""
    change = Change.objects.select_related("process").get(id=change_id)
    if target not in change.targets:
        raise NotNow(_("It was not to arrive there."))
    return bool(confirmed(change.process, target, [Arrived(key=change.key, at=now)], by=by, now=now).new)


@transaction.atomic
def waive(change_id: UUID, *, by: Person, why: str, now: datetime) -> bool:
    """It need not arrive. False: it has, or somebody said so before. Raises Change.DoesNotExist, NotNow without a reason."""
    reason = plain(why)
    if not reason:
        raise NotNow(_("Say why it need not arrive: whoever looks at it later wants to know."))
    change = Change.objects.select_related("process").select_for_update(of=("self",), no_key=True).get(id=change_id)
    was_called = change.check_at is None
    if not Change.objects.filter(MISSING, id=change.id).update(waived_at=now, waived_by=by, why=reason, check_at=None):
        return False
    if was_called:
        end_if_nothing_is_missing(change.process, now=now)
    return True


def _held(process: Process, arrivals: Iterable[Arrived]) -> list[Change]:
    """The changes that are spoken of, their rows held: of two targets that confirm at once, the second sees the first."""
    keys = {arrival.key for arrival in arrivals if arrival.key}
    records = {arrival.record for arrival in arrivals if not arrival.key}
    if not keys and not records:
        return []
    rows: QuerySet[Change] = Change.objects.filter(process=process)
    wanted = Q(key__in=keys) if keys else Q()
    wanted |= Q(record__in=records) & ~Q(record="") if records else Q()
    ids = rows.filter(wanted).values_list("id", flat=True)
    held = Change.objects.filter(id__in=list(ids)).select_for_update(no_key=True).order_by("id")
    return list(held.only("id", "district_id", "process_id", "key", "record", "left_at", "targets"))


class _Found:
    def __init__(self, changes: Iterable[Change]) -> None:
        self._by_key = dict[str, Change]()
        self._by_record = dict[str, list[Change]]()
        for change in changes:
            self._by_key[change.key] = change
            self._by_record.setdefault(change.record, []).append(change)

    def of(self, arrival: Arrived) -> list[Change]:
        if arrival.key:
            return [self._by_key[arrival.key]] if arrival.key in self._by_key else []
        alike = self._by_record.get(arrival.record, [])
        return [change for change in alike if change.left_at <= arrival.at + CLOCKS_DIFFER]


def _confirmation(change: Change, target: str, at: datetime, by: Person | None) -> Confirmation:
    lag = int((at - change.left_at).total_seconds())
    return Confirmation(
        change=change, process_id=change.process_id, target=target, at=at, by=by, lag_seconds=max(-LONGEST_LAG, min(LONGEST_LAG, lag))
    )  # fmt: skip


def _write(rows: Sequence[Confirmation], target: str) -> int:
    """How many of them were new. The changes are held: nobody else confirms them meanwhile."""
    before = set(
        Confirmation.objects.filter(change__in=[row.change_id for row in rows], target=target).values_list("change_id", flat=True)
    ) if rows else set()  # fmt: skip
    new = [row for row in rows if row.change_id not in before]
    Confirmation.objects.bulk_create(new)
    return len(new)


def _settle(process: Process, ids: Sequence[UUID], *, now: datetime) -> None:
    """Those that every target has are done; where somebody was called for one of them, the ladder may be over."""
    statement = (
        f"UPDATE {Change._meta.db_table} c SET done_at = f.last, check_at = NULL FROM {Change._meta.db_table} was,"
        f" (SELECT change_id, max(at) AS last, array_agg(target) AS targets FROM {Confirmation._meta.db_table}"
        " WHERE district_id = %s AND change_id = ANY(%s) GROUP BY change_id) f"
        " WHERE c.district_id = %s AND c.id = f.change_id AND was.district_id = c.district_id AND was.id = c.id AND c.done_at IS NULL"
        " AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(c.targets) t(target) WHERE t.target <> ALL(f.targets))"
        " RETURNING was.check_at IS NULL AND was.due_at IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [process.district_id, list(ids), process.district_id])
        called = any(row[0] for row in cursor.fetchall())
    if called:
        end_if_nothing_is_missing(process, now=now)


__all__ = ["Arrived", "Left", "NotNow", "Taken", "confirm_by_hand", "confirmed", "left", "promised_by", "waive"]
