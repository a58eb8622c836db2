"""Overrides as their pages show them: what each cost this month and in all; those that should be over on top."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum
from django.http import Http404
from django.utils.translation import gettext as _

from districts.access import Actor, Can, may
from districts.queries import this_district
from ownership.changes.spreadsheets import harmless
from ownership.covering.overrides import hours, is_late, overrides
from ownership.models import Override, OverrideUse

MOST_ENDED = 50


@dataclass(frozen=True)
class Row:
    override: Override
    late: bool
    month: int  # minutes
    total: int  # minutes
    times: int
    last: datetime | None

    @property
    def month_hours(self) -> str:
        return hours(self.month)

    @property
    def total_hours(self) -> str:
        return hours(self.total)


@dataclass(frozen=True)
class Listed:
    open: Sequence[Row]
    ended: Sequence[Row]

    @property
    def late(self) -> int:
        return sum(row.late for row in self.open)

    @property
    def month_hours(self) -> str:
        return hours(sum(row.month for row in [*self.open, *self.ended]))

    @property
    def total_hours(self) -> str:
        return hours(sum(row.total for row in [*self.open, *self.ended]))


def listed(actor: Actor, *, now: datetime) -> Listed:
    """Leads see all; others their own and those of their teams."""
    rows = overrides()
    if not may(actor, Can.LEAD):
        rows = rows.filter(Q(person=actor.person) | Q(team__in=list(actor.teams)))
    running = sorted(_rows(rows.filter(ended_at__isnull=True), now=now), key=lambda row: (not row.late, -row.month, -row.total))
    ended = _rows(rows.filter(ended_at__isnull=False).order_by("-ended_at")[:MOST_ENDED], now=now)
    return Listed(running, ended)


def one(actor: Actor, override_id: UUID, *, now: datetime) -> Row:
    """Any that somebody who works here asks for. Raises Http404."""
    found = _rows(overrides().filter(id=override_id), now=now)
    if not found:
        raise Http404
    return found[0]


def _rows(rows: QuerySet[Override], *, now: datetime) -> list[Row]:
    district = this_district()
    today = district.today(now)
    since = datetime.combine(today.replace(day=1), time(), district.zone)
    found = list(rows)
    uses = OverrideUse.objects.filter(override__in=[row.id for row in found]).values("override").order_by()
    counted = uses.annotate(
        month=Sum("minutes", filter=Q(at__gte=since), default=0), total=Sum("minutes"), all=Sum("times"), last=Max("at")
    )
    of = {one["override"]: (one["month"], one["total"], one["all"], one["last"]) for one in counted}
    return [Row(row, is_late(row, today), *of.get(row.id, (0, 0, 0, None))) for row in found]


def as_csv(listed: Listed) -> bytes:
    """UTF-8 with a mark, for spreadsheets; nothing in it is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([
        _("What"), _("Why"), _("Process"), _("Who"), _("Team"), _("Minutes each time"), _("Since"), _("Until"), _("State"),
        _("Minutes this month"), _("Minutes in all"), _("Times"),
    ])  # fmt: skip
    for row in [*listed.open, *listed.ended]:
        one, state = row.override, _("overdue") if row.late else _("open")
        writer.writerow([
            plain(one.what), plain(one.why), plain(one.process.name if one.process else ""), plain(one.person.name),
            plain(one.team.name if one.team else ""), one.minutes, one.began_on.isoformat(), one.until.isoformat(),
            one.get_end_display() if one.ended_at else state, row.month, row.total, row.times,
        ])  # fmt: skip
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def plain(text: str) -> str:
    return harmless(text)
