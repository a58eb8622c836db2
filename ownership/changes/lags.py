"""How long changes take from their source to each target: the distribution of the last 30 days, reckoned by the database.

Lags are wall-clock time: nights and weekends count. Whether one was kept is judged by the promise, which knows the school calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ownership.models import Change, Confirmation, Process, System
from sla import words

DAYS = 30
ENOUGH = 20  # changes, before a promise can be chosen
HOUR = 3600
BINS = (
    (gettext_lazy("under 1 hour"), HOUR),
    (gettext_lazy("1–4 hours"), 4 * HOUR),
    (gettext_lazy("4–24 hours"), 24 * HOUR),
    (gettext_lazy("1–3 days"), 72 * HOUR),
    (gettext_lazy("longer"), None),
)  # fmt: skip  what it is called, and the seconds it ends before


@dataclass(frozen=True)
class Bin:
    label: str
    count: int
    percent: str  # of all that arrived, in words
    height: int  # of 100, the tallest


@dataclass(frozen=True)
class Pair:
    """A process's source and one of its targets. Lags in seconds; `overdue`: missing there beyond their time, or for want of one 0."""

    slug: str
    name: str
    arrived: int = 0
    by_hand: int = 0
    median: float = 0
    nine_of_ten: float = 0
    p95: float = 0
    longest: float = 0
    promised: int = 0
    kept: int = 0
    overdue: int = 0
    missing: int = 0
    counts: tuple[int, ...] = (0,) * len(BINS)

    @property
    def finding(self) -> str:
        """ "9 of 10 arrive in RouteWise within 3 h 40 min"."""
        if not self.arrived:
            return _("Nothing has arrived in %(system)s in the last 30 days") % {"system": self.name}
        if self.arrived < 10:
            return _("The slowest of %(n)d took %(time)s to %(system)s") % {
                "n": self.arrived, "time": said(self.longest), "system": self.name,
            }  # fmt: skip
        return _("9 of 10 arrive in %(system)s within %(time)s") % {"system": self.name, "time": said(self.nine_of_ten)}

    @property
    def bins(self) -> list[Bin]:
        most = max(self.counts) or 1
        return [
            Bin(str(label), n, _percent(n, self.arrived), round(100 * n / most))
            for (label, _end), n in zip(BINS, self.counts, strict=True)
        ]

    @property
    def share_kept(self) -> int | None:
        """Percent; what is missing beyond its time was not kept. None where nothing was promised."""
        of = self.promised + self.overdue
        return int(100 * self.kept / of) if of else None

    @property
    def figures(self) -> list[tuple[str, str]]:
        """(what, how long) for the page."""
        return [
            (_("Half within"), said(self.median)), (_("90 % within"), said(self.nine_of_ten)),
            (_("95 % within"), said(self.p95)), (_("The longest"), said(self.longest)),
        ]  # fmt: skip


def _percent(n: int, of: int) -> str:
    """Some are never "0 %", and not all never "100 %"."""
    if 0 < n < of:
        return _("under 1 %") if 100 * n < of else f"{min(99, round(100 * n / of))} %"
    return "100 %" if n else "0 %"


def said(seconds: float) -> str:
    """A lag in words; less than nothing is where two clocks disagree."""
    return words.left(timedelta(seconds=max(0, seconds)))


def pairs(process: Process, *, now: datetime) -> list[Pair]:
    """For each target, those it has lost since too where something arrived in the last 30 days. Three queries."""
    arrived = {str(row[0]): row for row in _arrived(process, now - timedelta(days=DAYS))}
    lacking = {str(target): (overdue, missing) for target, overdue, missing in _missing(process, now)}
    slugs = list(dict.fromkeys([*process.targets, *sorted({*arrived, *lacking})]))
    names = dict(System.objects.filter(slug__in=slugs).values_list("slug", "name"))
    return [_pair(slug, names.get(slug, slug), arrived.get(slug), lacking.get(slug, (0, 0))) for slug in slugs]


def _pair(slug: str, name: str, row: Sequence[Any] | None, lacking: tuple[int, int]) -> Pair:
    overdue, missing = lacking
    if row is None:
        return Pair(slug, name, overdue=overdue, missing=missing)
    _target, arrived, by_hand, (median, nine, p95), longest, promised, kept, *counts = row
    return Pair(slug, name, arrived, by_hand, median, nine, p95, longest, promised, kept, overdue, missing, tuple(counts))


def _arrived(process: Process, since: datetime) -> list[Sequence[Any]]:
    ends, lag = [0, *(end for _label, end in BINS[:-1] if end)], "f.lag_seconds"
    first = f"count(*) FILTER (WHERE {lag} < {ends[1]})"
    middle = [f"count(*) FILTER (WHERE {lag} >= {a} AND {lag} < {b})" for a, b in pairwise(ends[1:])]
    last = f"count(*) FILTER (WHERE {lag} >= {ends[-1]})"
    statement = (
        "SELECT f.target, count(*), count(f.by_id),"
        f" percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY {lag}), max({lag}),"
        " count(c.due_at), count(*) FILTER (WHERE f.at <= c.due_at),"
        f" {', '.join([first, *middle, last])}"
        f" FROM {Confirmation._meta.db_table} f JOIN {Change._meta.db_table} c"
        " ON c.district_id = f.district_id AND c.id = f.change_id"
        " WHERE f.district_id = %s AND f.process_id = %s AND f.at >= %s GROUP BY f.target"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [process.district_id, process.id, since])
        return list(cursor.fetchall())


def _missing(process: Process, now: datetime) -> list[tuple[str, int, int]]:
    """(target, missing beyond their time, missing)."""
    statement = (
        "SELECT t.target, count(*) FILTER (WHERE c.due_at <= %s), count(*)"
        f" FROM {Change._meta.db_table} c, jsonb_array_elements_text(c.targets) t(target)"
        " WHERE c.district_id = %s AND c.process_id = %s AND c.done_at IS NULL AND c.waived_at IS NULL"
        f" AND NOT EXISTS (SELECT FROM {Confirmation._meta.db_table} f"
        " WHERE f.district_id = c.district_id AND f.change_id = c.id AND f.target = t.target)"
        " GROUP BY t.target"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [now, process.district_id, process.id])
        return list(cursor.fetchall())
