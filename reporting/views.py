"""The window leaders look through."""

import csv
import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format

from districts.access import Can, require
from incidents.hunches import deciding
from reporting import metrics, queries
from tickets.models import ChannelKind

HUNCHES = 5  # lines above the figures; all of them are on the page of outages


@login_required
def today(request: HttpRequest) -> HttpResponse:
    """What is open and late and whose, what came by which door, and which promises were kept."""
    require(request.actor, Can.LEAD)  # type: ignore[attr-defined]
    district = request.district  # type: ignore[attr-defined]
    figures = queries.today(now=timezone.now(), zone=district.zone)
    context: dict[str, Any] = {
        "figures": figures,
        "metrics": {metric.name: metric for metric in metrics.ALL},
        "channels": [(ChannelKind(kind).label, count) for kind, count in figures.channels],
        "busiest_channel": ChannelKind(figures.busiest_channel[0]).label if figures.busiest_channel else "",
        "most_of_channel": max((count for _kind, count in figures.channels), default=0) or 1,
        "hunches": deciding.open_hunches(figures.at)[:HUNCHES],
        "flow": {
            "days": [date_format(day, "D j") for day, _opened, _resolved in figures.flow],
            "opened": [opened for _day, opened, _resolved in figures.flow],
            "resolved": [resolved for _day, _opened, resolved in figures.flow],
        },
    }
    return render(request, "reporting/today.html", context)


@login_required
def today_csv(request: HttpRequest) -> HttpResponse:
    """The table by team, as a spreadsheet reads it."""
    require(request.actor, Can.LEAD)  # type: ignore[attr-defined]
    district = request.district  # type: ignore[attr-defined]
    figures = queries.today(now=timezone.now(), zone=district.zone)
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["team", "open", "late", "unassigned", "opened_today", "resolved_today", "promises_kept_7d", "promises_broken_7d"])
    for row in figures.teams:
        name = harmless(row.team.name)
        rows.writerow([name, row.open, row.late, row.unassigned, row.opened, row.resolved, row.met, row.missed])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="today-{district.today(figures.at)}.csv"'
    return response


def harmless(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula is made text (OWASP: CSV injection)."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" else cell
